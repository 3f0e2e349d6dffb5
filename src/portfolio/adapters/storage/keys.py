"""Keys are made from the content: what is the same is kept once."""

import re
from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path

from portfolio.adapters.imaging import CONTENT_TYPES as PICTURES
from portfolio.adapters.storage.protocol import StoredFile
from portfolio.core.errors import NotFoundException
from portfolio.core.media_links import PUBLIC_PATH

# All that is kept, by the extension of its key.
CONTENT_TYPES: Mapping[str, str] = {
    **PICTURES,
    # Taken in by imports of former times.
    "svg": "image/svg+xml",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
    "vtt": "text/vtt",
}
MAX_VIDEO_BYTES = 100 * 1024 * 1024
# 160 bits of a SHA-256: nobody finds a file that they do not have already.
_DIGITS = 40
_KEY = re.compile(rf"[0-9a-f]{{2}}/[0-9a-f]{{{_DIGITS - 2}}}\.(?:{'|'.join(CONTENT_TYPES)})")


def is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def extension_of(key: str) -> str:
    return key.rpartition(".")[2]


def content_type_of(key: str) -> str:
    """By the extension of a key, which comes from the content and never from a name."""
    return CONTENT_TYPES[extension_of(key)]


def described(key: str, size: int) -> StoredFile:
    return StoredFile(key, PUBLIC_PATH + key, size, content_type_of(key))


def describe(path: Path, extension: str) -> StoredFile:
    """What the file will be when it is kept. Raises NotFoundException."""
    try:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise NotFoundException(f"{path.name} cannot be read: {error.strerror}") from error
    return described(f"{digest[:2]}/{digest[2:_DIGITS]}.{extension}", size)
