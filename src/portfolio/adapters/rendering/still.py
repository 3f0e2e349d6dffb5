"""A picture that does not move: itself again, and WebP and AVIF of each width."""

from contextlib import suppress
from pathlib import Path

from PIL import Image, ImageOps

from portfolio.adapters.rendering.colours import dominant, shown
from portfolio.adapters.rendering.encoding import write_avif, write_original, write_webp
from portfolio.adapters.rendering.placeholder import placeholder
from portfolio.adapters.rendering.rendered import File, Rendered, narrowed, sizes
from portfolio.adapters.rendering.wanted import Wanted

# As small as they came: RGB in their place would be larger.
_KEPT_MODES = {"1", "L", "LA", "P", "I;16"}
# All else that Pillow knows of a picture it would write along with it.
_KEPT_INFO = {"transparency", "lossless"}


def render(source: Image.Image, kind: str, folder: Path, wanted: Wanted) -> Rendered:
    source.load()
    # What is wrong with the metadata is no reason to refuse the picture: it is dropped anyway.
    with suppress(Exception):
        ImageOps.exif_transpose(source, in_place=True)
    pixels = shown(source)
    size = pixels.size
    keeps_mode = source.mode in _KEPT_MODES and "icc_profile" not in source.info
    for picture in (source, pixels):
        picture.info = {name: picture.info[name] for name in picture.info.keys() & _KEPT_INFO}
    original = None
    if Wanted.ORIGINAL in wanted:
        path = folder / f"original.{'jpg' if kind == 'heic' else kind}"
        write_original(source if keeps_mode else pixels, path, source)
        original = File.at(path, size)
    variants = []
    for each in reversed(sizes(*size)) if Wanted.VARIANTS in wanted else ():
        # The next larger one is source enough, and much less to read.
        pixels = narrowed(pixels, each)
        for suffix, write in ((".avif", write_avif), (".webp", write_webp)):
            path = folder / f"{each[0]}{suffix}"
            write(pixels, path)
            variants.append(File.at(path, each))
    smallest = narrowed(pixels, sizes(*size)[0])
    return Rendered(*size, original, variants[::-1], placeholder(smallest), dominant(smallest))
