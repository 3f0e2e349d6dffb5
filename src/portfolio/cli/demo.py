"""A sample portfolio to look around in."""

import asyncio
import json
import secrets
from pathlib import Path

import typer
from pydantic import TypeAdapter

from portfolio.cli.content import run
from portfolio.cli.server import serve
from portfolio.core import environment, logs
from portfolio.core.config import Settings
from portfolio.core.errors import ConflictException
from portfolio.db import migrate
from portfolio.importers.plan import Options
from portfolio.importers.report import Report
from portfolio.models.users import Role
from portfolio.schemas.resume import Resume
from portfolio.services.users import account
from portfolio.wiring import Services, build_services

SAMPLE = Path(__file__).parents[1] / "demo"
OWNER, EMAIL = "demo", "demo@example.com"  # nobody's: RFC 2606


def demo() -> None:
    """Fill an empty database with a sample portfolio, and serve it."""
    settings = environment.load()
    logs.configure(settings.logging)
    asyncio.run(_fill(settings))
    serve()


async def _fill(settings: Settings) -> None:
    async with build_services(settings) as services:
        await migrate.upgrade(services.database.engines.write)
        password = await _owner(services)
        if password:
            typer.echo(f"{'Sign in:':<13}{OWNER}, password {password}  (shown only now)")
        await run(services, Options(), Report(SAMPLE / "content"))


async def _owner(services: Services) -> str | None:
    """The password of the new owner; None when the sample, or a part of it, was there before.

    Raises ConflictException for a database that somebody uses.
    """
    async with services.database.reading() as db:
        known = await services.users.emails(db, 2)
    if known not in ([], [EMAIL]):
        raise ConflictException("This database is in use; for a demo choose another DATA_DIR")
    if known:
        return None
    password = secrets.token_urlsafe(12)
    resume = TypeAdapter(Resume).validate_python(json.loads((SAMPLE / "resume.json").read_text()))
    data = account(EMAIL, password, OWNER, resume["basics"]["name"])
    async with services.database.transaction() as db:
        owner = await services.users.create(db, data, Role.ADMIN)
        await services.resume.replace(db, resume, owner)
    return password
