"""Files that mean harm, or are harmed themselves; each is small, whatever it becomes."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO

from tests.factories import photos, pictures
from tests.factories.photos import encoded

MIB = 1024 * 1024
GIB = 1024 * MIB
KINDS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
SCRIPT = b"<script>alert('canary')</script>"
PAGE = b"<!DOCTYPE html><html><body>" + SCRIPT + b"</body></html>"
# What must not be found in anything that is served.
CANARY = b"canary"
_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xae\x42\x60\x82"
_GREY = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """`detail`: words of the answer; of what is taken, nothing."""

    content: bytes
    status: int
    detail: str = ""


def refused() -> Mapping[str, Sample]:
    """By a name for people, each with the answer that it gets."""
    too_wide, too_many = "a side may have at most 12,000 pixels", "at most 40 megapixels"
    return {
        "50,000 x 50,000 PNG, no data": Sample(_png(50_000, 50_000), 422, too_wide),
        "50,000 x 50,000 PNG of 1 bit, whole": Sample(
            _png(50_000, 50_000, depth=1, data=_zeros(50_000 * 6_251)), 422, too_wide
        ),
        "12,000 x 12,000 PNG, whole": Sample(
            _png(12_000, 12_000, data=_zeros(12_000 * 12_001)), 422, too_many
        ),
        "PNG with a note of 1 GiB": Sample(_with_note(_zeros(GIB)), 422, "broken"),
        "PNG with a colour profile of 1 GiB": Sample(_with_profile(_zeros(GIB)), 422, "broken"),
        "50,000 x 50,000 GIF": Sample(pictures.gif(50_000, 50_000), 422, too_wide),
        "50,000 x 50,000 JPEG": Sample(pictures.jpeg(50_000, 50_000), 422, too_wide),
        "16,000 x 16,000 WebP": Sample(pictures.webp_extended(16_000, 16_000), 422, too_wide),
        "12,032 x 12,032 AVIF": Sample(_large_avif(), 422, "too many pixels"),
        "GIF of 20,000 frames": Sample(gif(20_000), 422, "200 frames"),
        "GIF of 200 frames of 4 megapixels": Sample(_large_gif(), 422, "100 megapixels"),
        "GIF that grows": Sample(_growing_gif(), 422, "pixels"),
        **{f"half of a {kind}": _half(kind) for kind in KINDS if kind != "AVIF"},
        "half of an AVIF": replace(_half("AVIF"), status=415, detail="something else"),
        "SVG with a script": Sample(_svg(), 415, "JPEG, PNG, WebP"),
        "HTML": Sample(PAGE, 415, "JPEG, PNG, WebP"),
        "PDF": Sample(b"%PDF-1.7\n" + PAGE, 415, "JPEG, PNG, WebP"),
        "XML": Sample(b"<?xml version='1.0'?><a>canary</a>", 415, "JPEG, PNG, WebP"),
        "ZIP": Sample(_archive(), 415, "JPEG, PNG, WebP"),
        "page that begins like a GIF": Sample(b"GIF89a" + PAGE, 422, "a side may have"),
        "page that begins like a JPEG": Sample(b"\xff\xd8\xff\xe0" + PAGE, 422, "broken"),
        "nothing": Sample(b"", 415, "JPEG, PNG, WebP"),
    }


def accepted() -> Mapping[str, Sample]:
    """Pictures, and what they smuggle; each has CANARY in it."""
    picture = photos.quarters(400, 300)
    trailer = {"GIF": PAGE, "JPEG": _archive(), "PNG": PAGE, "WEBP": PAGE, "AVIF": PAGE}
    return {
        **{
            f"{kind} with a trailer": Sample(encoded(picture, kind) + more, 201)
            for kind, more in trailer.items()
        },
        "JPEG that tells where it was taken": Sample(
            encoded(
                picture,
                exif=photos.exif(6, description="canary of EXIF"),
                xmp=b"<x:xmpmeta>canary of XMP</x:xmpmeta>",
                icc_profile=photos.profile_with_red_and_blue_exchanged(),
                comment=b"canary as a comment",
            ),
            201,
        ),
        "4 x 4 PNG that unpacks to 1 GiB": Sample(
            _png(4, 4, data=_zeros(GIB), after=_chunk(b"tEXt", b"Comment\0canary")), 201
        ),
    }


def gif(frames: int) -> bytes:
    head, _, end = encoded(photos.quarters(2, 2), "GIF").rpartition(b",")
    return head + (b"," + end[:-1]) * frames + b";"


def _large_gif() -> bytes:
    return gif(200).replace(b"\2\0\2\0", b"\xd0\7\xd0\7", 1)


def _growing_gif() -> bytes:
    grows = gif(3)
    at = grows.rindex(b",")
    return grows[: at + 5] + b"\xff\xff\xff\xff" + grows[at + 9 :]


def _large_avif() -> bytes:
    small = encoded(photos.quarters(64, 64), "AVIF")
    return small.replace(b"\0\0\0\x40\0\0\0\x40", b"\0\0\x2f\0\0\0\x2f\0")


def _half(kind: str) -> Sample:
    content = encoded(photos.noise(300, 200), kind)
    return Sample(content[: len(content) // 2], 422, "broken")


def _svg() -> bytes:
    return pictures.svg('width="9" height="9"').replace(b"<g/>", SCRIPT)


def _archive() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("canary.html", PAGE)
    return file.getvalue()


def _png(
    width: int, height: int, *, depth: int = 8, data: bytes = b"", after: bytes = b""
) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, _GREY, 0, 0, 0)
    return _PNG + _chunk(b"IHDR", head) + after + _chunk(b"IDAT", data) + _PNG_END


def _with_note(packed: bytes) -> bytes:
    return pictures.png().replace(_PNG_END, _chunk(b"zTXt", b"canary\0\0" + packed) + _PNG_END)


def _with_profile(packed: bytes) -> bytes:
    before = _chunk(b"iCCP", b"canary\0\0" + packed)
    return _png(4, 4, data=_zeros(20), after=before)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _zeros(count: int) -> bytes:
    """So many, compressed (RFC 1950) to about a thousandth, without making them all."""
    packer = zlib.compressobj(9)
    head = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    full, rest = divmod(count, MIB)
    if not full:
        return zlib.compress(bytes(count))
    last = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    end = last.compress(bytes(rest)) + last.flush()
    # Adler-32 of nothing but zeros.
    return head + again * (full - 1) + end + struct.pack(">I", (count % 65_521) << 16 | 1)
