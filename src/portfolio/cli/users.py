"""Accounts, from the machine that the server runs on."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.cli.terminal import printable
from portfolio.core import environment, logs
from portfolio.core.context import RequestContext, enter
from portfolio.core.pagination import MAX_LIMIT, PageRequest
from portfolio.models.users import Role, User
from portfolio.schemas.users import UserCreate, UserUpdate
from portfolio.services.administration import UserView
from portfolio.services.users import account
from portfolio.wiring import Services, build_services
from portfolio.wiring.preparation import prepare

T = TypeVar("T")
# In the audit trail no account did it, and it came from this machine.
OPERATOR = RequestContext(request_id="cli", client="operator")
Who = Annotated[str, typer.Argument(help="E-mail address or user name")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input")
]
app = typer.Typer(help="Accounts.", no_args_is_help=True)


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="E-mail address")],
    username: Annotated[str, typer.Option(help="Made from the address if left out")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="With all rights")] = False,
    password_stdin: PasswordStdin = False,
) -> None:
    """Create an account; asks for its password."""
    data = account(email, _password(from_stdin=password_stdin), username or None)
    user = _run(lambda services, db: _create(services, db, data, admin=admin))
    typer.echo(f"Created {user.role} {user.username} <{user.email}>")


@app.command("list")
def list_() -> None:
    """List all accounts, one line each."""
    for user in _run(_all):
        typer.echo(printable(_line(user)))


@app.command()
def promote(who: Who) -> None:
    """Make an account an admin."""
    _change(who, UserUpdate(role=Role.ADMIN), "is an admin now")


@app.command()
def demote(who: Who) -> None:
    """Take an admin's rights away; one active admin remains."""
    _change(who, UserUpdate(role=Role.USER), "is no admin any more")


@app.command()
def deactivate(who: Who) -> None:
    """Close an account and sign it out everywhere; nothing of it is lost."""
    _change(who, UserUpdate(is_active=False), "is deactivated, and signed out everywhere")


@app.command()
def activate(who: Who) -> None:
    """Open an account again."""
    _change(who, UserUpdate(is_active=True), "is active")


@app.command()
def unlock(who: Who) -> None:
    """Let an account sign in again after too many failed attempts."""
    _about(who, lambda services, db, user: services.administration.unlock(db, user.id))
    typer.echo(f"{who} can sign in again")


@app.command()
def end_sessions(who: Who) -> None:
    """Sign an account out everywhere; its API tokens stay."""
    ended = _about(
        who, lambda services, db, user: services.administration.end_sessions(db, user.id)
    )
    typer.echo(f"{who} is signed out of {ended} {'session' if ended == 1 else 'sessions'}")


@app.command("reset-2fa")
def reset_two_factor(who: Who) -> None:
    """Take all second factors off an account whose owner has lost them."""
    _about(who, lambda services, db, user: services.administration.reset_two_factor(db, user.id))
    typer.echo(f"{who} signs in with the password alone, and is signed out everywhere")


@app.command()
def set_password(who: Who, password_stdin: PasswordStdin = False) -> None:
    """Give an account a new password and sign it out everywhere; asks for the password."""
    password = _password(from_stdin=password_stdin)
    _about(
        who,
        lambda services, db, user: services.passwords.impose(db, user.id, password),
    )
    typer.echo(f"{who} has a new password, and is signed out everywhere")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _change(who: str, changes: UserUpdate, said: str) -> None:
    _about(who, lambda services, db, user: services.administration.update(db, user.id, changes))
    typer.echo(f"{who} {said}")


def _about(who: str, work: Callable[[Services, AsyncSession, UserView], Awaitable[T]]) -> T:
    """Do something with one account. Raises NotFoundException."""

    async def found(services: Services, db: AsyncSession) -> T:
        return await work(services, db, await services.administration.find(db, who))

    return _run(found)


def _run(work: Callable[[Services, AsyncSession], Awaitable[T]]) -> T:
    """As the operator, in one transaction."""
    settings = environment.load()
    # What is done here the audit trail tells, and one line of our own.
    logs.configure(settings.logging.model_copy(update={"level": "warning"}))

    async def run() -> T:
        async with build_services(settings) as services:
            await prepare(services)
            enter(OPERATOR)
            async with services.database.transaction() as db:
                return await work(services, db)

    return asyncio.run(run())


async def _create(services: Services, db: AsyncSession, data: UserCreate, *, admin: bool) -> User:
    return await services.users.create(db, data, Role.ADMIN if admin else Role.USER)


async def _all(services: Services, db: AsyncSession) -> list[UserView]:
    page = await services.administration.page(db, PageRequest(MAX_LIMIT), {})
    found = page.items
    while page.next_cursor:
        request = PageRequest(MAX_LIMIT, cursor=page.next_cursor)
        page = await services.administration.page(db, request, {})
        found += page.items
    return found


def _line(user: UserView) -> str:
    marks = [
        *([] if user.is_active else ["deactivated"]),
        *([] if user.email_verified_at else ["unverified"]),
        *(["locked"] if user.locked else []),
        *user.two_factor,
    ]
    seen = f"{user.last_login_at:%Y-%m-%d}" if user.last_login_at else "never"
    columns = f"{user.id:>4}  {user.role:<5}  {user.username:<20}  {user.email:<30}  {seen:<10}"
    return f"{columns}  {' '.join(marks)}".rstrip()
