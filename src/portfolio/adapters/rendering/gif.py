"""How many frames a GIF has, from its blocks alone (GIF89a, appendix B)."""

from portfolio.adapters.rendering.limits import MAX_FRAMES

_HEADER, _DESCRIPTOR, _EXTENSION = 13, 10, 2
_HAS_TABLE = 0x80


def count_frames(content: bytes) -> int:
    """Counts no further than one beyond MAX_FRAMES; a file that breaks off has what it has."""
    frames, at = 0, _HEADER + _table(content, 10)
    while at < len(content) and frames <= MAX_FRAMES:
        match content[at : at + 1]:
            case b"!":
                at = _behind_blocks(content, at + _EXTENSION)
            case b",":
                frames += 1
                at = _behind_blocks(content, at + _DESCRIPTOR + _table(content, at + 9) + 1)
            case b";":
                break
            case _:
                at += 1
    return frames


def _table(content: bytes, at: int) -> int:
    """The length of the colour table that the flags at this place announce."""
    flags = content[at] if at < len(content) else 0
    return 3 << (flags & 7) + 1 if flags & _HAS_TABLE else 0


def _behind_blocks(content: bytes, at: int) -> int:
    end = len(content)
    while at < end and (length := content[at]):
        at += length + 1
    return at + 1
