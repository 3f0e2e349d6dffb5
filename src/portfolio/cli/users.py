"""Accounts, from the machine that the server runs on."""

import asyncio
import sys
from typing import Annotated

import typer

from portfolio.core import environment
from portfolio.main import prepare
from portfolio.models.users import Role, User
from portfolio.schemas.users import UserCreate
from portfolio.services.users import account
from portfolio.wiring import build_services

app = typer.Typer(help="Accounts.", no_args_is_help=True)


@app.callback()
def accounts() -> None:
    """Keeps `create` a word of its own while it is the only one."""


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="E-mail address")],
    username: Annotated[str, typer.Option(help="Made from the address if left out")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="With all rights")] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input")
    ] = False,
) -> None:
    """Create an account; asks for its password."""
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    data = account(email, password, username or None)
    user = asyncio.run(_create(data, Role.ADMIN if admin else Role.USER))
    typer.echo(f"Created {user.role} {user.username} <{user.email}>")


async def _create(data: UserCreate, role: Role) -> User:
    services = build_services(environment.load())
    try:
        await prepare(services)
        async with services.database.transaction() as db:
            return await services.users.create(db, data, role)
    finally:
        await services.close()
