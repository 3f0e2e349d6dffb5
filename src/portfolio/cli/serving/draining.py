"""uvicorn's server, with an end that refuses nobody."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

import uvicorn

from portfolio.cli.serving.worker import LAST

DRAIN = 25.0  # seconds that requests in flight have
MAX_MESSAGE = 65_536  # bytes of one over a WebSocket
PING = 20.0  # seconds between two, each to be answered within as many
_LINGER = 1.0  # seconds that an open connection has to speak, where others listen on
_STEP = 0.05
_TICKS = 10  # of uvicorn in a second


class DrainingServer(uvicorn.Server):
    """Asked to end, it tells so at /health/ready and on every connection, then lets all end.

    The listener stays open for as long as requests that were there before take; asked to
    retire(), while others listen on the same socket, it is closed at once. Whatever hangs, the
    process has ended LAST seconds after it was asked.
    """

    def __init__(self, app: Any, beat: Callable[[], None] = lambda: None) -> None:
        """`beat` is called once a second, from the event loop, while it serves."""
        super().__init__(
            uvicorn.Config(
                app,
                # Our own middleware knows the proxies, writes the log and sets the headers.
                proxy_headers=False,
                access_log=False,
                server_header=False,
                log_config=None,
                ws="websockets-sansio",
                ws_max_size=MAX_MESSAGE,
                ws_ping_interval=PING,
                # What comes is short, and what goes is the same for many: memory costs more.
                ws_per_message_deflate=False,
            )
        )
        self._beat = beat
        self._retiring = False

    def begin(self, listener: socket.socket, first: Coroutine[Any, Any, object]) -> None:
        """Do what comes first, then serve until a signal ends it."""

        async def serve() -> None:
            await first
            await self.serve(sockets=[listener])

        with asyncio.Runner(loop_factory=self.config.get_loop_factory()) as runner:
            runner.run(serve())

    def retire(self) -> None:
        """Leave the work to others; from any thread."""
        self._retiring = self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.lifespan.state["cut"] = self._cut

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS == 0:
            self._beat()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        until = monotonic() + DRAIN
        last = threading.Timer(LAST, os._exit, [0])
        last.daemon = True
        last.start()
        if "end_live" in self.lifespan.state:
            await self.lifespan.state["end_live"]()
        state = self.server_state
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        if self._retiring:
            self._stop_listening()
            await _until(self._nobody_waits, min(until, monotonic() + _LINGER))
        else:
            self.lifespan.state["draining"] = True
            cycles = [cycle for cycle in self._cycles() if _is_busy(cycle)]
            await _until(lambda: not any(map(_is_busy, cycles)) or self.force_exit, until)
            self._stop_listening()
        # Whole seconds; None would be for ever.
        self.config.timeout_graceful_shutdown = max(1, int(until - monotonic()))
        await super().shutdown(sockets)

    def _cut(self, state: dict[str, Any]) -> None:
        """Break the connection whose scope has this state."""
        for connection in [*self.server_state.connections]:
            scope = getattr(connection, "scope", None)
            if scope is not None and scope["state"] is state:
                connection.transport.abort()

    def _stop_listening(self) -> None:
        for server in self.servers:
            server.close()

    def _cycles(self) -> list[Any]:
        """The latest request of each HTTP connection; None for one that has not spoken yet."""
        connections = list(self.server_state.connections)
        return [each.cycle for each in connections if hasattr(each, "cycle")]

    def _nobody_waits(self) -> bool:
        return all(map(_is_busy, self._cycles()))


def _is_busy(cycle: Any) -> bool:
    return cycle is not None and not (cycle.response_complete or cycle.disconnected)


async def _until(done: Callable[[], bool], deadline: float) -> None:
    # uvicorn's own way to wait for its connections; nothing tells when one ends.
    await asyncio.sleep(0)
    while not done() and monotonic() < deadline:  # noqa: ASYNC110 - same
        await asyncio.sleep(_STEP)
