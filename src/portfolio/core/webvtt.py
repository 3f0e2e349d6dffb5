"""Captions in WebVTT (W3C), and the languages that they are in."""

import re

from portfolio.core.errors import InvalidInputException, PayloadTooLargeException

MEDIA_TYPE = "text/vtt"
MAX_BYTES = 1024 * 1024
# A language and what tells it from its neighbours (BCP 47), without extensions.
LANGUAGE = (
    r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?"
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$"
)
_HEADER = re.compile(r"WEBVTT(?:[ \t][^\r\n]*)?(?:\r\n|\r|\n|$)")


def parse(content: bytes) -> str:
    """The text of a WebVTT file.

    Raises PayloadTooLargeException above MAX_BYTES, InvalidInputException for what is no WebVTT in
    UTF-8.
    """
    if len(content) > MAX_BYTES:
        raise PayloadTooLargeException(f"Captions are at most {MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refusal(f"not valid UTF-8 at byte {error.start}") from None
    if not _HEADER.match(text):
        raise _refusal("must begin with the line WEBVTT")
    if "\0" in text:
        raise _refusal("must not hold NUL characters")
    return text


def language(tag: str) -> str:
    """A language tag as it is usually written: `pt-BR`, `zh-Hant` (RFC 5646, 2.1.1)."""
    first, *rest = tag.lower().split("-")
    written = {2: str.upper, 4: str.title}
    return "-".join([first, *(written.get(len(part), str.lower)(part) for part in rest)])


def _refusal(message: str) -> InvalidInputException:
    return InvalidInputException.of("body", message, "webvtt_invalid")
