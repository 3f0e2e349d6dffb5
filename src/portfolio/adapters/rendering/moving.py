"""An animation: itself again, and animated WebP of each width that can be made in time.

There is no AVIF of it: that takes many times longer to make, and to show.
"""

from itertools import accumulate
from pathlib import Path
from typing import Any

from PIL import Image, ImageSequence

from portfolio.adapters.rendering.colours import dominant, shown
from portfolio.adapters.rendering.limits import Refusal
from portfolio.adapters.rendering.placeholder import placeholder
from portfolio.adapters.rendering.rendered import File, Rendered, narrowed, sizes
from portfolio.adapters.rendering.wanted import Wanted

Size = tuple[int, int]

# The pixels of all frames that are written as WebP; the narrowest are, whatever it takes.
_BUDGET = 60_000_000
# Beyond as many in the original, the colours of a GIF are chosen in a hurry.
_MANY = 40_000_000
# Browsers take a shorter time, in milliseconds, for a mistake.
_SHORTEST = 10
_TO_BACKGROUND = 2


def render(source: Image.Image, kind: str, folder: Path, frames: int, wanted: Wanted) -> Rendered:
    size, all_pixels = source.size, frames * source.width * source.height
    widths = sizes(*size)[:1]
    if Wanted.VARIANTS in wanted:
        spent = all_pixels if kind == "webp" and Wanted.ORIGINAL in wanted else 0
        widths = affordable(sizes(*size), frames, spent)
    originals: list[Image.Image] = []
    narrow: dict[Size, list[Image.Image]] = {each: [] for each in widths}
    durations = []
    for frame in ImageSequence.Iterator(source):
        if frame.size != size:
            raise Refusal(422, "a frame is larger than the picture says")
        pixels = shown(frame.copy())
        # Pillow would write along what it knows.
        pixels.info = {}
        durations.append(int(frame.info.get("duration", 0)))
        if Wanted.ORIGINAL in wanted:
            originals.append(_indexed(frame, pixels, all_pixels) if kind == "gif" else pixels)
        for each in reversed(widths):
            pixels = narrowed(pixels, each)
            narrow[each].append(pixels)
    webp = {
        "duration": [max(_SHORTEST, duration) for duration in durations],
        "loop": _plays(source, kind),
    }
    original = None
    if Wanted.ORIGINAL in wanted:
        path = folder / f"original.{kind}"
        if kind == "gif":
            _write(originals, path, duration=durations, **_gif_options(source, originals))
        elif source.info.get("lossless"):
            _write(originals, path, lossless=True, quality=0, method=0, **webp)
        else:
            _write(originals, path, quality=85, method=0, **webp)
        original = File.at(path, size)
    variants = []
    for each in widths if Wanted.VARIANTS in wanted else ():
        path = folder / f"{each[0]}.webp"
        _write(narrow[each], path, quality=75, method=2, **webp)
        variants.append(File.at(path, each))
    first = narrow[widths[0]][0]
    return Rendered(*size, original, variants, placeholder(first), dominant(first))


def affordable(every: list[Size], frames: int, spent: int) -> list[Size]:
    """Those for which there is time, after so many pixels as are `spent` already."""
    sums = accumulate(frames * width * height for width, height in every)
    found = [size for size, sum_ in zip(every, sums, strict=True) if spent + sum_ <= _BUDGET]
    return found or every[:1]


def _indexed(frame: Image.Image, pixels: Image.Image, all_pixels: int) -> Image.Image:
    """Without metadata; Pillow finds the colours of what is not indexed by now, well but slowly."""
    bare = pixels
    if frame.mode in {"L", "P"}:
        bare = frame.copy()
    elif all_pixels > _MANY and pixels.mode == "RGB":
        bare = pixels.quantize(method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    if pixels.mode == "RGBA" and "transparency" in frame.info:
        bare.info = {"transparency": frame.info["transparency"]}
    else:
        bare.info = {}
    return bare


def _gif_options(source: Image.Image, frames: list[Image.Image]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if "loop" in source.info:
        options["loop"] = source.info["loop"]
    if any(frame.has_transparency_data for frame in frames):
        # Else what has become transparent would show what was there before.
        options["disposal"] = _TO_BACKGROUND
    return options


def _plays(source: Image.Image, kind: str) -> int:
    """As WebP counts: 0 is for ever. A GIF counts the repetitions after the first time."""
    loop = source.info.get("loop")
    if kind == "gif" and loop != 0:
        return 1 if loop is None else int(loop) + 1
    return int(loop or 0)


def _write(frames: list[Image.Image], path: Path, **options: Any) -> None:
    frames[0].save(path, save_all=True, append_images=frames[1:], **options)
