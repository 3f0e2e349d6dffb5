"""How pictures are written: small enough for the web, and without taking seconds."""

from pathlib import Path
from typing import Any

from PIL import Image, JpegImagePlugin

from portfolio.adapters.rendering.limits import MAX_PIXELS

# The effort of an encoder that so many pixels can afford.
_WEBP_METHODS = {3_000_000: 4, MAX_PIXELS: 2}
_LOSSLESS_METHODS = {12_000_000: 1, MAX_PIXELS: 0}
_AVIF_SPEEDS = {1_300_000: 6, 12_000_000: 8, MAX_PIXELS: 10}
# The sum of the luminance table of libjpeg at quality 90; coarser tables have larger ones.
_FINEST = 738


def write_webp(picture: Image.Image, path: Path) -> None:
    picture.save(path, "WEBP", quality=80, method=_affordable(_WEBP_METHODS, picture))


def write_avif(picture: Image.Image, path: Path, quality: int = 55) -> None:
    picture.save(path, "AVIF", quality=quality, speed=_affordable(_AVIF_SPEEDS, picture))


def write_original(picture: Image.Image, path: Path, source: Image.Image) -> None:
    """`picture` in the kind that the suffix names, about as fine as `source` was."""
    match path.suffix:
        case ".jpg":
            opaque = _flattened(picture) if picture.mode == "RGBA" else picture
            opaque.save(path, "JPEG", progressive=True, optimize=True, **_like_jpeg(source))
        case ".webp" if source.info.get("lossless"):
            method = _affordable(_LOSSLESS_METHODS, picture)
            picture.save(path, "WEBP", lossless=True, quality=40, method=method)
        case ".webp":
            picture.save(path, "WEBP", quality=90, method=2)
        case ".avif":
            write_avif(picture, path, quality=75)
        case ".png" | ".gif":
            picture.save(path)


def _flattened(picture: Image.Image) -> Image.Image:
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture)
    return paper


def _like_jpeg(source: Image.Image) -> dict[str, Any]:
    """What was compressed harder than quality 90 grows no larger by being written again."""
    options: dict[str, Any] = {"quality": 90}
    if isinstance(source, JpegImagePlugin.JpegImageFile):
        tables = list(source.quantization.values())
        if source.mode in {"L", "RGB"} and sum(tables[0]) > _FINEST:
            options = {"qtables": tables}
        options["subsampling"] = JpegImagePlugin.get_sampling(source)
    return options


def _affordable(efforts: dict[int, int], picture: Image.Image) -> int:
    pixels = picture.width * picture.height
    return next(effort for most, effort in efforts.items() if pixels <= most)
