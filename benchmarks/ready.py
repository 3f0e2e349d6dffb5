"""The limit: an ASGI function that sends ready bytes and does nothing else; P1 is held against it."""

import json
import os
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

_answer: dict[str, Any] = json.loads(Path(os.environ["BENCHMARK_ANSWER"]).read_text())
_START = {
    "type": "http.response.start",
    "status": _answer["status"],
    "headers": [(name.encode(), value.encode()) for name, value in _answer["headers"]],
}
_BODY = {"type": "http.response.body", "body": _answer["body"].encode()}
_HEALTHY = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}


async def app(scope: Scope, _receive: Receive, send: Send) -> None:
    """The same answer to every question but /health, by which it is known to be up."""
    if scope["path"] == "/health":
        await send(_HEALTHY)
        await send({"type": "http.response.body"})
    else:
        await send(_START)
        await send(_BODY)
