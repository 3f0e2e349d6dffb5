"""The smallest files that are pictures by their first bytes."""

import struct
import zlib


def png(width: int = 4, height: int = 3, text: str = "") -> bytes:
    """A PNG that decodes, black; `text` makes two of one size differ."""
    rows = (b"\0" + b"\0" * width) * height
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
            _chunk(b"tEXt", b"Comment\0" + text.encode("latin-1")),
            _chunk(b"IDAT", zlib.compress(rows)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;"


def jpeg(width: int, height: int, orientation: int | None = None) -> bytes:
    app0 = b"\xff\xe0" + struct.pack(">H", 4) + b"\0\0"
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"
    start = b"\xff\xff\xc2" + struct.pack(">H", len(frame) + 2) + frame
    return b"\xff\xd8" + app0 + _exif(orientation) + start + b"\xff\xd9"


def _exif(orientation: int | None) -> bytes:
    if orientation is None:
        return b""
    entries = struct.pack("<HHIHH", 0x010F, 3, 1, 0, 0)
    entries += struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"II*\0" + struct.pack("<IH", 8, 2) + entries + bytes(4)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _riff(chunk: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def webp_lossy(width: int, height: int) -> bytes:
    return _riff(b"VP8 " + bytes(4) + b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height))


def webp_lossless(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    return _riff(b"VP8L" + bytes(4) + b"\x2f" + struct.pack("<I", bits))


def webp_extended(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _riff(b"VP8X" + bytes(4) + bytes(4) + sides)


def avif() -> bytes:
    return b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"


def svg(attributes: str = "", before: str = "") -> bytes:
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg" {attributes}><g/></svg>'.encode()
