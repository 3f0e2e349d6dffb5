"""Pixels as browsers show them: sRGB in eight bits, with alpha only where something shows through."""

from io import BytesIO
from itertools import product

from PIL import Image, ImageChops, ImageCms

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_OPAQUE, _VISIBLE = 255, 128
_COLOURS = 8
_STEPS = (0, 64, 128, 191, 255)
# Less than anybody sees: most profiles only say sRGB in other words.
_SAME = 2


def shown(picture: Image.Image) -> Image.Image:
    """RGB or RGBA; the picture itself where it is that already."""
    profile = picture.info.get("icc_profile")
    if picture.mode == "CMYK":
        return _converted(picture, profile) or picture.convert("RGB")
    if picture.mode.startswith("I;16"):
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    plain = picture if picture.mode == mode else picture.convert(mode)
    if plain.mode == "RGBA" and plain.getchannel("A").getextrema()[0] == _OPAQUE:
        plain = plain.convert("RGB")
    return _converted(plain, profile) or plain


def dominant(picture: Image.Image) -> str:
    """The most frequent of a few colours, as #rrggbb; what is transparent does not count."""
    counted = None
    if picture.mode == "RGBA":
        counted = picture.getchannel("A").point(lambda alpha: alpha // _VISIBLE * _OPAQUE, "1")
    few = picture.convert("RGB").quantize(_COLOURS)
    counts = few.histogram(counted)
    index = counts.index(max(counts))
    red, green, blue = (few.getpalette() or [])[3 * index : 3 * index + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _converted(picture: Image.Image, profile: bytes | None) -> Image.Image | None:
    """None where there is nothing to convert, or where the profile is not one for such pixels."""
    if not profile:
        return None
    mode = "RGB" if picture.mode == "CMYK" else picture.mode
    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        transform = ImageCms.buildTransform(given, _SRGB, picture.mode, mode)
    except (ImageCms.PyCMSError, OSError):
        return None
    if picture.mode == mode and _changes_nothing(transform):
        return None
    return ImageCms.applyTransform(picture, transform)


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    colours = list(product(_STEPS, repeat=3))
    swatch = Image.new("RGB", (len(colours), 1))
    swatch.putdata(colours)
    before = swatch.convert(transform.input_mode)
    after = ImageCms.applyTransform(before, transform) or before
    difference = ImageChops.difference(before, after).convert("RGB")
    return max(difference.tobytes()) <= _SAME
