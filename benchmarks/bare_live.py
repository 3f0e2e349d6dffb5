"""The limit: WebSockets of plain ASGI that are all told the same text, as soon as it is posted."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
waiting: set[asyncio.Future[str]] = set()


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    if scope["type"] == "websocket":
        await _listen(receive, send)
    elif scope["type"] == "http":
        text = (await receive())["body"].decode()
        if scope["method"] == "POST":
            for each in [*waiting]:
                each.set_result(text)
            waiting.clear()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def _listen(
    receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    for _ in range(2):  # What the other side asks before it listens.
        await receive()
        await send({"type": "websocket.send", "text": "{}"})
    while True:
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        waiting.add(told)
        await send({"type": "websocket.send", "text": await told})
