"""What kind of picture some bytes are and how large, told from the bytes alone, undecoded."""

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

CONTENT_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
}
Size = tuple[int, int]

LARGEST_SIDE = 2**31 - 1
# T.81, B.1.1.3: the frame headers are C0 to CF, without DHT, JPG and DAC, which lie between them.
_FRAME_HEADERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_APP1 = 0xE1
_ENOUGH_SEGMENTS = 1000
_ORIENTATION = 0x0112
_TURNED_BY_A_QUARTER = {5, 6, 7, 8}
# ISO/IEC 23008-12, annex B: stills and sequences of HEVC.
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_BRANDS_END = 64


@dataclass(frozen=True, slots=True)
class Picture:
    """`extension` is a key of CONTENT_TYPES; sizes are in pixels as shown, None where not told."""

    extension: str
    width: int | None = None
    height: int | None = None

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.extension]


def identify(content: bytes) -> Picture | None:
    """The picture in these bytes; None when they are no picture of a kind that is kept."""
    extension = _extension(content)
    if extension is None:
        return None
    size: Size | None = None
    with suppress(struct.error):
        size = _size(extension, content)
    if size is None or not all(0 < side <= LARGEST_SIDE for side in size):
        return Picture(extension)
    return Picture(extension, *size)


def is_heic(content: bytes) -> bool:
    """Cameras make it and few browsers show it: it is no kind that is kept."""
    brands = content[8 : min(int.from_bytes(content[:4]), _BRANDS_END)]
    named = {brands[at : at + 4] for at in range(0, len(brands), 4)}
    return content[4:8] == b"ftyp" and not named.isdisjoint(_HEIC_BRANDS)


def _extension(content: bytes) -> str | None:
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content[4:12] in {b"ftypavif", b"ftypavis"}:
        return "avif"
    return None


def _size(extension: str, content: bytes) -> Size | None:
    match extension:
        case "png":
            return _two(">II", content, 16)
        case "gif":
            return _two("<HH", content, 6)
        case "webp":
            return _webp_size(content)
        case "jpg":
            return _jpeg_size(content)
    return None  # AVIF may be tiled and turned: only a decoder knows.


def _two(layout: str, content: bytes, offset: int) -> Size:
    width, height = struct.unpack_from(layout, content, offset)
    return width, height


def _webp_size(content: bytes) -> Size | None:
    """RFC 9649, 2.5 to 2.7."""
    match content[12:16]:
        case b"VP8X":
            wide, wider, high, higher = struct.unpack_from("<HBHB", content, 24)
            return (wide | wider << 16) + 1, (high | higher << 16) + 1
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", content, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = _two("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg_size(content: bytes) -> Size | None:
    turned = False
    for marker, start in islice(_jpeg_segments(content), _ENOUGH_SEGMENTS):
        if marker == _APP1 and content.startswith(b"Exif\0\0", start):
            turned = _exif_orientation(content[start + 6 : start + 65_536]) in _TURNED_BY_A_QUARTER
        elif marker in _FRAME_HEADERS:
            height, width = _two(">HH", content, start + 1)
            return (height, width) if turned else (width, height)
    return None


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Each marker with the offset of what follows its length."""
    at = 2
    while found := _MARKER.match(content, at):
        (length,) = struct.unpack_from(">H", content, found.end())
        yield found[1][0], found.end() + 2
        at = found.end() + length


def _exif_orientation(tiff: bytes) -> int:
    """Exif 2.3, 4.6.4: how the picture is to be turned; 1 is upright."""
    order = "<" if tiff.startswith(b"II") else ">"
    with suppress(struct.error):
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, value = struct.unpack_from(order + "H6xH", tiff, entry)
            if tag == _ORIENTATION:
                return int(value)
    return 1
