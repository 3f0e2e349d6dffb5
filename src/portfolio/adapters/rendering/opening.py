"""Opens a picture as what it begins like, and as nothing else."""

import warnings
from importlib import import_module
from io import BytesIO
from pathlib import Path

# Named here, because Pillow would otherwise load every plugin that it has to find these.
from PIL import AvifImagePlugin, GifImagePlugin, Image, UnidentifiedImageError, WebPImagePlugin

from portfolio.adapters.rendering import gif
from portfolio.adapters.rendering.limits import (
    MAX_PIXELS,
    Refusal,
    check_frames,
    check_movement,
    check_size,
)

FORMATS = {
    "jpg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "webp": WebPImagePlugin.WebPImageFile.format,
    "avif": AvifImagePlugin.AvifImageFile.format,
    "heic": "HEIF",
}
_MOVING = {"gif", "webp"}
# The other cores are for who wants to read meanwhile.
_THREADS = 1


def open_picture(source: Path, kind: str) -> Image.Image:
    """Undecoded. `kind` is a key of FORMATS. Raises Refusal."""
    _prepare(kind)
    content = source.read_bytes()
    if kind == "gif":
        check_frames(gif.count_frames(content))
    try:
        picture = Image.open(BytesIO(content), formats=[FORMATS[kind]])
    except UnidentifiedImageError:
        raise Refusal(415, f"This begins like {FORMATS[kind]} and is something else") from None
    check_size(*picture.size)
    check_frames(count_frames(picture))
    if is_moving(picture, kind):
        check_movement(count_frames(picture), *picture.size)
    if kind == "webp":
        picture.info["lossless"] = b"VP8L" in content
    return picture


def count_frames(picture: Image.Image) -> int:
    return int(getattr(picture, "n_frames", 1))


def is_moving(picture: Image.Image, kind: str) -> bool:
    """Of the others the first picture is kept: no browser shows what moves in most of them."""
    return kind in _MOVING and count_frames(picture) > 1


def _prepare(kind: str) -> None:
    # A GIF may grow while it is read: Pillow then asks again, and only warns.
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    AvifImagePlugin.DEFAULT_MAX_THREADS = _THREADS
    GifImagePlugin.LOADING_STRATEGY = (
        GifImagePlugin.LoadingStrategy.RGB_AFTER_DIFFERENT_PALETTE_ONLY
    )
    if kind == "heic":
        import_module("pillow_heif").register_heif_opener(thumbnails=False, decode_threads=_THREADS)
