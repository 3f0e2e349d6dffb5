"""Serve, and show what is set."""

import asyncio
import signal
import socket
import sys

import typer
import uvicorn
from rich.console import Console
from rich.table import Table

from portfolio.core import environment, logs
from portfolio.core.config import Settings
from portfolio.core.environment import SettingsError
from portfolio.main import create_app, prepare
from portfolio.wiring import build_services

DRAIN_SECONDS = 25


def add_to(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(settings)


def serve() -> None:
    """Start the server."""
    chosen = environment.load()
    logs.configure(chosen.logging)
    _require_free(chosen.server.host, chosen.server.port)
    link = asyncio.run(_prepared(chosen))
    _announce(chosen, link)
    # uvicorn raises the signal again once it has drained: an orderly stop is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    single = chosen.server.workers == 1
    uvicorn.run(
        create_app(chosen) if single else "portfolio.main:create_app",
        factory=not single,
        workers=chosen.server.workers,
        host=chosen.server.host,
        port=chosen.server.port,
        # Our own middleware knows the proxies, writes the log and sets the headers.
        proxy_headers=False,
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _require_free(host: str, port: int) -> None:
    """Raises SettingsError now, rather than after the set-up link was renewed."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsError(
            [f"HOST and PORT: cannot listen on {host}:{port}: {error.strerror}"]
        ) from error


async def _prepared(chosen: Settings) -> str | None:
    async with build_services(chosen) as services:
        await prepare(services)
        async with services.database.transaction() as db:
            return await services.setup.link(db)


def _announce(chosen: Settings, link: str | None) -> None:
    address = chosen.server.address
    lines = [("API", f"{address}/api/v1")]
    if chosen.server.serves_docs:
        lines.append(("Docs", f"{address}/docs"))
    if link:
        lines.append(("First admin", f"{link}  (once, within 24 hours)"))
    for name, value in lines:
        typer.echo(f"{name + ':':<13}{value}")


def settings() -> None:
    """Print the effective settings, secrets masked."""
    chosen = environment.load()
    table = Table("variable", "value", "what for", box=None)
    for name, (group, field) in environment.variables().items():
        value = getattr(getattr(chosen, group), field)
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        # The address of a database has a password in it.
        text = "" if shown is None else str(logs.masked(str(shown)))
        table.add_row(name, text, environment.description(group, field))
    Console().print(table)
