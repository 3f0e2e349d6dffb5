"""Where the players of YouTube and Vimeo are, found from the many forms of their links.

Nothing is asked of anybody: an address is made of the number of a video and nothing else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

_YOUTUBE = {"youtube.com", "youtube-nocookie.com"}
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_YOUTUBE_PATHS = {"embed", "shorts", "live", "v", "vi", "e", "watch"}
# As long as an id, and none: a playlist, and what a channel happens to broadcast.
_NO_YOUTUBE_IDS = {"videoseries", "live_stream"}
_VIMEO_ID = re.compile(r"[0-9]{1,15}")
_VIMEO_HASH = re.compile(r"[0-9a-f]{6,40}")
_VIMEO_PATH = re.compile(
    r"/(?:(?:video|videos|channels/[\w-]+|groups/[\w-]+/videos|album/[0-9]+/video|"
    r"showcase/[0-9]+/video|ondemand/[\w-]+|manage/videos)/)?"
    rf"(?P<id>{_VIMEO_ID.pattern})(?:/(?P<hash>{_VIMEO_HASH.pattern}))?/?"
)
_CLOCK = re.compile(
    r"(?:(?P<hours>[0-9]{1,3})h)?(?:(?P<minutes>[0-9]{1,4})m)?(?:(?P<seconds>[0-9]{1,6})s?)?"
)
Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Player:
    provider: Literal["youtube", "vimeo"]
    url: str


def player_of(url: str) -> Player | None:
    """The player that shows the video of this link, for an iframe; None for any other address.

    It begins where the link does, and sets no cookies that it can do without.
    """
    try:
        parts = urlsplit(url)
        usual = parts.port is None and parts.username is None
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not usual:
        return None
    host = re.sub(r"^(?:www|m|music)\.", "", parts.hostname or "")
    said = _said(parts.query)
    if host in _YOUTUBE:
        return _youtube(_id_in(parts, said), parts, said)
    if host == "youtu.be":
        return _youtube(parts.path[1:].partition("/")[0], parts, said)
    if host in {"vimeo.com", "player.vimeo.com"}:
        return _vimeo(parts, said)
    return None


def _youtube(video: str, parts: SplitResult, said: Parameters) -> Player | None:
    if not _YOUTUBE_ID.fullmatch(video) or video in _NO_YOUTUBE_IDS:
        return None
    start = _start(parts, said)
    query = f"?start={start}" if start else ""
    return Player("youtube", f"https://www.youtube-nocookie.com/embed/{video}{query}")


def _id_in(parts: SplitResult, said: Parameters) -> str:
    kind, _, rest = parts.path.removeprefix("/").partition("/")
    if kind == "attribution_link":
        inner = urlsplit(said.get("u", ""))
        return _id_in(inner, _said(inner.query)) if inner.path == "/watch" else ""
    if kind not in _YOUTUBE_PATHS:
        return ""
    named = said.get("v") or said.get("vi") if kind == "watch" else None
    return named or rest.partition("/")[0]


def _vimeo(parts: SplitResult, said: Parameters) -> Player | None:
    found = _VIMEO_PATH.fullmatch(parts.path)
    if found is None:
        return None
    # Of a video that is not listed, which is shown to those who know it.
    key = found["hash"] or said.get("h", "")
    secret = f"&h={quote(key)}" if _VIMEO_HASH.fullmatch(key) else ""
    start = _start(parts, said)
    fragment = f"#t={start}s" if start else ""
    url = f"https://player.vimeo.com/video/{found['id']}?dnt=1{secret}{fragment}"
    return Player("vimeo", url)


def _start(parts: SplitResult, said: Parameters) -> int:
    """In seconds; 0 where nothing is said, or nothing that can be understood."""
    words = {**_said(parts.fragment), **said}
    moment = words.get("t") or words.get("start") or words.get("time_continue") or ""
    found = _CLOCK.fullmatch(moment)
    if found is None:
        return 0
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return (hours * 60 + minutes) * 60 + seconds


def _said(query: str) -> Parameters:
    try:
        return {name: values[0] for name, values in parse_qs(query, max_num_fields=50).items()}
    except ValueError:
        return {}
