"""One WebSocket, once it is accepted."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Any, Final, NoReturn

import orjson
from starlette.types import Receive, Send

from portfolio.core.context import current
from portfolio.core.errors import (
    AppError,
    ForbiddenException,
    InvalidInputException,
    RetryableException,
    TooManyRequestsException,
    UnauthorizedException,
    UnavailableException,
)
from portfolio.services.live.messages import Message, text_of
from portfolio.services.live.places import Place
from portfolio.services.live.progress import Cursor
from portfolio.services.live.subscriber import SIGNED_OUT, End, Subscriber
from portfolio.wiring import Services

MOST_TOPICS = 50
_AUTH_SECONDS = 10.0
_FAREWELL_SECONDS = 2.0
_MINUTE = 60.0
_AGAIN: Final = 1013
_TEXT_ONLY: Final = End(1003, "Send text")
_TOO_MANY_MESSAGES: Final = End(1008, "Too many messages")
_TOO_MANY_CONNECTIONS: Final = End(1008, "Too many live connections")
_NO_AUTH: Final = End(4401, "Send a token first")


class _Over(Exception):
    """The client is gone, or is about to be."""


class Connection:
    """Reads what the client says and sends what comes for it, until one of both ends it.

    `strangers`: whether who sends no token may listen to what is public.
    """

    def __init__(
        self, services: Services, place: Place, cut: Callable[[], None], *, strangers: bool
    ) -> None:
        self._hub = services.hub
        self._access = services.live_access
        self._most = services.settings.live.per_minute
        self._place = place
        self._strangers = strangers
        self._subscriber = Subscriber(Message.frame, cut)
        self._minute = 0.0
        self._heard = 0

    async def run(self, receive: Receive, send: Send, token: str | None) -> int:
        """The code with which it was closed."""
        self._hub.join(self._subscriber)
        writing = asyncio.create_task(self._write(send))
        reading = asyncio.create_task(self._read(receive, token))
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            code = reading.result() if reading.done() else None
            if code is None and not writing.done():
                await asyncio.wait({writing}, timeout=_FAREWELL_SECONDS)
                if not writing.done():
                    self._subscriber.cut()
            if writing.done():
                writing.result()
        finally:
            for task in (reading, writing):
                task.cancel()
            self._hub.leave(self._subscriber)
        end = self._subscriber.end
        return code if code is not None else end.code if end else 1006

    async def _write(self, send: Send) -> None:
        # The client went away.
        with suppress(OSError):
            while (text := await self._subscriber.next()) is not None:
                await send({"type": "websocket.send", "text": text})
            end = self._subscriber.end
            if end is not None:
                await send({"type": "websocket.close", "code": end.code, "reason": end.reason})

    async def _read(self, receive: Receive, token: str | None) -> int | None:
        """The code that the client sent, if it was the one who ended it."""
        try:
            await self._begin(receive, token)
            while True:
                await self._obey(await self._hear(receive))
        except _Over as over:
            return over.args[0] if over.args else None

    async def _begin(self, receive: Receive, token: str | None) -> None:
        try:
            async with asyncio.timeout(_AUTH_SECONDS):
                if token is None:
                    asked = await self._hear(receive)
                    token = asked.get("token") if asked.get("type") == "auth" else ""
                if token is not None or not self._strangers:
                    await self._admit(token)
        except TimeoutError:
            self._finish(_NO_AUTH)
        except UnauthorizedException as error:
            self._finish(End(SIGNED_OUT.code, error.detail))
        except UnavailableException as error:
            self._finish(End(_AGAIN, error.detail))
        self._ready()

    async def _admit(self, token: Any) -> None:
        """Raises UnauthorizedException, ForbiddenException."""
        if not isinstance(token, str) or not token:
            raise UnauthorizedException(_NO_AUTH.reason)
        try:
            who = await self._access.admit(token)
        except RetryableException as error:
            raise UnavailableException from error
        before = self._subscriber.who
        if before is not None and before.user_id != who.user_id:
            raise ForbiddenException("This connection speaks for another account")
        try:
            self._place.sign_in(who.user_id)
        except TooManyRequestsException:
            self._finish(_TOO_MANY_CONNECTIONS)
        self._subscriber.who = who
        current().actor_id = who.user_id

    def _ready(self) -> None:
        who = self._subscriber.who
        expires_at: datetime | None = who.expires_at if who else None
        self._say("ready", expires_at=expires_at)

    async def _hear(self, receive: Receive) -> dict[str, Any]:
        """What the client says next; empty for what is no object of JSON. Raises _Over."""
        message = await receive()
        if message["type"] == "websocket.disconnect":
            raise _Over(message.get("code", 1006))
        self._count()
        text = message.get("text")
        if text is None:
            self._finish(_TEXT_ONLY)
        try:
            said = orjson.loads(text)
        except orjson.JSONDecodeError:
            return {}
        return said if isinstance(said, dict) else {}

    def _count(self) -> None:
        now = monotonic()
        if now - self._minute >= _MINUTE:
            self._minute, self._heard = now, 0
        self._heard += 1
        if self._heard > self._most:
            self._finish(_TOO_MANY_MESSAGES)

    async def _obey(self, said: dict[str, Any]) -> None:
        topic = said.get("topic")
        try:
            match said.get("type"):
                case "ping":
                    self._say("pong")
                case "subscribe":
                    await self._subscribe(_topics(said), said.get("last_event_id"))
                case "unsubscribe":
                    for name in _topics(said):
                        self._hub.unsubscribe(self._subscriber, name)
                        self._say("unsubscribed", topic=name)
                case "auth":
                    await self._renew(said)
                case _:
                    raise InvalidInputException(
                        "Send an object of JSON whose type is auth, subscribe, unsubscribe or ping"
                    )
        except (AppError, RetryableException) as error:
            known = error if isinstance(error, AppError) else UnavailableException()
            more = {"topic": topic} if isinstance(topic, str) else {}
            self._say("error", code=known.code, detail=known.detail, **more)

    async def _renew(self, said: dict[str, Any]) -> None:
        try:
            if said.get("token") is not None:
                await self._admit(said["token"])
        except UnauthorizedException as error:
            self._finish(End(SIGNED_OUT.code, error.detail))
        self._ready()

    async def _subscribe(self, names: list[str], last: Any) -> None:
        if len({*self._subscriber.topics, *names}) > MOST_TOPICS:
            raise InvalidInputException(f"topic: {MOST_TOPICS} on one connection are enough")
        found = {name: await self._access.find(name, self._subscriber.who) for name in names}
        for name in names:
            self._hub.unsubscribe(self._subscriber, name)

        def begin(cursor: Cursor) -> None:
            for name in names:
                self._say("subscribed", topic=name, last_event_id=str(cursor))

        last = None if last is None else str(last)
        await self._hub.subscribe(self._subscriber, found, last, begin)

    def _say(self, kind: str, **content: Any) -> None:
        self._subscriber.put(text_of({"type": kind, **content}))

    def _finish(self, end: End) -> NoReturn:
        self._subscriber.finish(end)
        raise _Over


def _topics(said: dict[str, Any]) -> list[str]:
    """Raises InvalidInputException."""
    asked = said.get("topics", [said.get("topic")])
    if not isinstance(asked, list) or not asked or not all(isinstance(it, str) for it in asked):
        raise InvalidInputException("topic: name one, or several as a list in topics")
    return list(dict.fromkeys(asked))
