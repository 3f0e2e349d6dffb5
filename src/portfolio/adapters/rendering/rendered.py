"""What has been made of a picture."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from portfolio.adapters.rendering.limits import WIDTHS


@dataclass(frozen=True, slots=True)
class File:
    """Sizes in pixels and bytes."""

    name: str
    width: int
    height: int
    bytes: int

    @classmethod
    def at(cls, path: Path, size: tuple[int, int]) -> "File":
        return cls(path.name, *size, path.stat().st_size)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The variants by width, WebP before AVIF; `original` where it was asked for."""

    width: int
    height: int
    original: File | None
    variants: list[File]
    placeholder: str
    color: str


def sizes(width: int, height: int) -> list[tuple[int, int]]:
    """Of the variants, the narrowest first: none is enlarged."""
    widths = [each for each in WIDTHS if each <= width] or [width]
    return [(each, max(1, round(each * height / width))) for each in widths]


def narrowed(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    if picture.size == size:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
