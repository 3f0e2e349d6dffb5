"""Pictures that decode, made by Pillow; and what Pillow finds in others."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageSequence

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (255, 255, 255)
Colour = tuple[int, ...]
ORIENTATION = 0x0112


def quarters(width: int = 400, height: int = 300) -> Image.Image:
    """Red above green on the left, blue above white on the right."""
    picture = Image.new("RGB", (width, height), WHITE)
    half = width // 2, height // 2
    picture.paste(RED, (0, 0, *half))
    picture.paste(BLUE, (half[0], 0, width, half[1]))
    picture.paste(GREEN, (0, half[1], half[0], height))
    return picture


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """What compresses worst."""
    bands = [Image.effect_noise((width, height), 200) for _ in mode]
    return Image.merge(mode, bands)


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def animation(frames: Sequence[Image.Image], kind: str = "GIF", **options: Any) -> bytes:
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)


def pulse(count: int, width: int = 60, height: int = 40) -> list[Image.Image]:
    """Each frame of another colour than the one before."""
    colours = [(10 + 200 * nth // count, nth % 2 * 40, 90) for nth in range(count)]
    return [Image.new("RGB", (width, height), colour) for colour in colours]


def profile_with_red_and_blue_exchanged() -> bytes:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")


def exif(orientation: int = 1, **texts: str) -> Image.Exif:
    """With the place that a telephone writes; `texts` by tag name."""
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    tags[0x010E] = texts.get("description", "")
    tags.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return tags


def opened(path: Path) -> Image.Image:
    """Decoded."""
    with Image.open(path) as picture:
        picture.load()
        return picture


def colour_at(path: Path, x: float, y: float) -> Colour:
    """At parts of width and height; RGBA."""
    with Image.open(path) as picture:
        found = picture.convert("RGBA").getpixel((int(x * picture.width), int(y * picture.height)))
    assert isinstance(found, tuple)
    return found


def corners(path: Path) -> list[Colour]:
    """Those of quarters(): upper left, upper right, lower left, lower right; without alpha."""
    return [colour_at(path, x, y)[:3] for y in (0.25, 0.75) for x in (0.25, 0.75)]


def is_like(found: Colour, expected: Colour, tolerance: int = 25) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(found, expected, strict=False))


def frames_of(path: Path) -> list[tuple[Image.Image, int]]:
    """Each as it is shown, in RGBA, with its milliseconds."""
    with Image.open(path) as picture:
        return [
            (frame.convert("RGBA"), int(frame.info["duration"]))
            for frame in ImageSequence.Iterator(picture)
        ]
