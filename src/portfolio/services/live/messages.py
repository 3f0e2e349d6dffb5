"""Events as they are sent: made once for all who get the same."""

from collections.abc import Hashable
from datetime import datetime
from typing import Any

import orjson

from portfolio.models.live import LiveType


class Message:
    """One event under the name of the topic that some clients use; `id` says what they have then."""

    __slots__ = ("_frame", "_lines", "at", "data", "id", "kind", "topic")

    def __init__(self, kind: str, id_: str, topic: str, at: datetime, data: Any) -> None:
        self.kind = kind
        self.id = id_
        self.topic = topic
        self.at = at
        self.data = data
        self._frame: str | None = None
        self._lines: str | None = None

    @property
    def replaces(self) -> Hashable | None:
        """The same for messages of which only the last one matters."""
        if self.kind == LiveType.REACTIONS_CHANGED:
            return self.kind, self.topic, self.data["target_type"], self.data["target_id"]
        return None

    def frame(self) -> str:
        """For a WebSocket."""
        if self._frame is None:
            self._frame = text_of({"type": self.kind, "id": self.id, **self._content()})
        return self._frame

    def lines(self) -> str:
        """For a stream of events (HTML, 9.2)."""
        if self._lines is None:
            data = text_of(self._content())
            self._lines = f"id: {self.id}\nevent: {self.kind}\ndata: {data}\n\n"
        return self._lines

    def _content(self) -> dict[str, Any]:
        return {"topic": self.topic, "at": self.at, "data": self.data}


def text_of(content: Any) -> str:
    """JSON in one line."""
    return orjson.dumps(content, option=orjson.OPT_UTC_Z).decode()
