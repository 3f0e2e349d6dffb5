"""Somebody who listens over one connection, and what is yet to be sent to them."""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from portfolio.services.live.access import Listener
from portfolio.services.live.messages import Message

MOST_WAITING = 256


@dataclass(frozen=True, slots=True)
class End:
    """Why a connection is over: a close code of WebSockets (RFC 6455, 7.4) and a sentence."""

    code: int
    reason: str


RESTART: Final = End(1012, "The server restarts")
TOO_SLOW: Final = End(1013, "Too slow")
SIGNED_OUT: Final = End(4401, "The session has ended, or the token has expired")
ROLE_LOST: Final = End(4403, "The rights of the account were taken away")


class Subscriber:
    """A queue of 256 texts at most: who lets more wait is cut off.

    `write` makes the text of a message, the same object for all who want the same. `cut` breaks
    the connection whatever waits there.
    """

    def __init__(self, write: Callable[[Message], str], cut: Callable[[], None]) -> None:
        self.who: Listener | None = None
        self.topics: dict[str, str] = {}  # as in events, by the names that the client uses
        self.end: End | None = None
        self._write = write
        self._cut = cut
        self._waiting: dict[Hashable, str] = {}
        self._put = 0
        self._woken = asyncio.Event()

    def tell(self, message: Message) -> None:
        """Send this; one that says the same anew takes the place of what still waits."""
        key = message.replaces
        if key is not None:
            self._waiting.pop(key, None)
        self.put(self._write(message), key)

    def put(self, text: str, key: Hashable | None = None) -> None:
        if self.end is not None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.finish(TOO_SLOW)
            self._cut()
            return
        self._put += 1
        self._waiting[self._put if key is None else key] = text
        self._woken.set()

    def finish(self, end: End) -> None:
        """Nothing is added any more; what waits is still sent if it is just that we go away."""
        if self.end is None:
            self.end = end
            if end is not RESTART:
                self._waiting.clear()
            self._woken.set()

    async def next(self) -> str | None:
        """What is to be sent next; None at the end."""
        while not self._waiting:
            if self.end is not None:
                return None
            self._woken.clear()
            await self._woken.wait()
        return self._waiting.pop(next(iter(self._waiting)))

    def cut(self) -> None:
        self._cut()
