"""Whole answers, and what of a request chooses one."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from starlette.types import Scope, Send
from starlette_compress._utils import parse_accept_encoding

from portfolio.api.conditional import Conditions
from portfolio.api.middleware.context import request_id_of

HIT, MISS, BYPASS = "hit", "miss", "bypass"
LIMIT_FIELDS = frozenset({b"ratelimit", b"ratelimit-policy"})
_OK, _NOT_MODIFIED = 200, 304
# In the order in which the compressing layer prefers them.
_ENCODINGS = (b"zstd", b"br", b"gzip")
# Bytes; browsers send 25. Whoever sends more gets the answer as it is.
_LONGEST_NEGOTIATION = 250
_CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})
_NORMALISED = frozenset({b"accept-encoding", b"origin", b"x-request-id"})
# What the key of an answer tells apart.
_VARIES_BY = frozenset({b"accept-encoding", b"authorization", b"cookie", b"origin"})
# What an answer says of its own request, and of the body that a 304 has not.
_OF_THE_REQUEST = LIMIT_FIELDS | {b"x-request-id"}
_OF_THE_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})

# What a header costs besides its texts: two objects, their pair, and its places in two lists.
_HEADER_OVERHEAD = 144

Header = tuple[bytes, bytes]
X_CACHE: dict[str, Header] = {
    result: (b"x-cache", result.encode()) for result in (HIT, MISS, BYPASS)
}


@dataclass(frozen=True, slots=True)
class Ready:
    """A whole answer in one encoding, but for the headers that tell of a single request."""

    headers: list[Header]
    body: bytes
    route: str
    etag: bytes | None
    modified: bytes | None
    # What a 304 in place of it says.
    unchanged: list[Header]

    @classmethod
    def of(cls, headers: list[Header], body: bytes, tags: set[str], route: str) -> "Ready":
        kept = [header for header in headers if header[0] not in _OF_THE_REQUEST]
        if tags:
            kept.append((b"cache-tag", ",".join(sorted(tags)).encode()))
        fields = dict(kept)
        unchanged = [header for header in kept if header[0] not in _OF_THE_BODY]
        return cls(kept, body, route, fields.get(b"etag"), fields.get(b"last-modified"), unchanged)

    @property
    def size(self) -> int:
        # The headers of a 304 are the same objects in another list.
        texts = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.body) + texts + _HEADER_OVERHEAD * len(self.headers)

    def is_held_by(self, asked: "Asked") -> bool:
        """Whether whoever asks has this answer already."""
        if _CONDITIONS.isdisjoint(asked.headers):
            return False
        if self.etag is not None and asked.headers.get(b"if-none-match") == self.etag:
            return True
        return Conditions.by("GET", asked.headers.items()).met_by(self.etag, self.modified)

    async def send(self, asked: "Asked", result: str, more: Iterable[Header], send: Send) -> int:
        """Returns the status."""
        own = [*more, (b"x-request-id", asked.request_id), X_CACHE[result]]
        if self.is_held_by(asked):
            status, headers, body = _NOT_MODIFIED, self.unchanged, b""
        else:
            status, headers, body = _OK, self.headers, self.body
        await send({"type": "http.response.start", "status": status, "headers": headers + own})
        await send({"type": "http.response.body", "body": b"" if asked.head else body})
        return status


class Asked:
    """What of a request decides which answer it gets."""

    __slots__ = ("claimed", "head", "headers", "key", "request_id", "since")

    def __init__(self, scope: Scope, headers: dict[bytes, bytes], origin: bytes | None) -> None:
        query: bytes = scope["query_string"]
        if b"&" in query:
            query = b"&".join(sorted(query.split(b"&")))
        encoding = _best_encoding(headers.get(b"accept-encoding", b""))
        self.headers = headers
        self.head = scope["method"] == "HEAD"
        self.key = (
            scope.get("raw_path") or scope["path"].encode(),
            query,
            encoding,
            origin,
            scope["scheme"],
        )
        self.request_id = request_id_of(headers.get(b"x-request-id"))
        # The position of the cache before anything was read for this one, and whether others
        # wait for what is made of it.
        self.since = 0
        self.claimed = False

    def normalise(self, scope: Scope) -> None:
        """Let the request be the same for all that have this key."""
        _, _, encoding, origin, _ = self.key
        kept = [header for header in scope["headers"] if header[0] not in _NORMALISED]
        kept.append((b"x-request-id", self.request_id))
        if encoding:
            kept.append((b"accept-encoding", encoding))
        if origin:
            kept.append((b"origin", origin))
        scope["headers"] = kept


def _best_encoding(accepted: bytes) -> bytes:
    """The one that the compressing layer further in would choose (RFC 9110, 12.5.3)."""
    return _negotiated(accepted) if len(accepted) <= _LONGEST_NEGOTIATION else b""


@lru_cache(maxsize=1024)
def _negotiated(accepted: bytes) -> bytes:
    found = parse_accept_encoding(accepted.decode("latin-1"))
    return next((name for name in _ENCODINGS if name.decode() in found), b"")


def is_for_everybody(headers: list[Header]) -> bool:
    fields = dict(headers)
    varies = {name.strip().lower() for name in fields.get(b"vary", b"").split(b",")} - {b""}
    return (
        fields.get(b"cache-control", b"").startswith(b"public")
        and b"set-cookie" not in fields
        and varies <= _VARIES_BY
    )
