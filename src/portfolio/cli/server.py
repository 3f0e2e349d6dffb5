"""Serve."""

import asyncio
import os
import signal
import socket
import sys

from portfolio.cli.loading import load
from portfolio.cli.serving import metrics
from portfolio.cli.serving.supervisor import Supervisor
from portfolio.cli.serving.worker import end_quietly
from portfolio.core import environment, logs
from portfolio.core.config import Settings
from portfolio.core.environment import SettingsError


def serve() -> None:
    """Start the server."""
    end_quietly()
    for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU):
        # There are no workers yet whom these could be about.
        signal.signal(number, signal.SIG_IGN)
    chosen = environment.load()
    logs.configure(chosen.logging)
    with _listener(chosen.server.host, chosen.server.port) as listener:
        if chosen.server.workers == 1:
            _alone(chosen, listener)
        else:
            _together(chosen, listener)


def _alone(chosen: Settings, listener: socket.socket) -> None:
    app = load("portfolio.main").create_app(chosen, prepared=True)
    services = app.state.services
    preparation = load("portfolio.wiring.preparation")
    draining = load("portfolio.cli.serving.draining")

    async def prepare() -> None:
        try:
            _announce(chosen, await preparation.prepare_to_serve(services))
        except BaseException:
            await services.close()
            raise

    # There is nobody to go on in the meantime; without this it would be cut off.
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGTERM))
    draining.DrainingServer(app).begin(listener, prepare())


def _together(chosen: Settings, listener: socket.socket) -> None:
    metrics.share(chosen.storage.data_dir)
    with Supervisor(listener, chosen.server.workers) as supervisor:
        wiring, preparation = load("portfolio.wiring"), load("portfolio.wiring.preparation")

        async def prepare() -> None:
            async with wiring.build_services(chosen) as services:
                _announce(chosen, await preparation.prepare_to_serve(services))

        asyncio.run(prepare())
        metrics.forget(os.getpid())
        supervisor.run()


def _listener(host: str, port: int) -> socket.socket:
    """Raises SettingsError now, rather than after the set-up link was renewed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # As everybody expects of `localhost`.
        family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise SettingsError(
            [f"HOST and PORT: cannot listen on {host}:{port}: {error.strerror}"]
        ) from error
    return listener


def _announce(chosen: Settings, link: str | None) -> None:
    address = chosen.server.address
    lines = [("API", f"{address}/api/v1")]
    if chosen.server.serves_docs:
        lines.append(("Docs", f"{address}/docs"))
    if link:
        lines.append(("First admin", f"{link}  (once, within 24 hours)"))
    for name, value in lines:
        sys.stdout.write(f"{name + ':':<13}{value}\n")
    sys.stdout.flush()
