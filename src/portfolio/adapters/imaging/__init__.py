"""Pictures: what they are, and what is made of them for the web."""

from portfolio.adapters.imaging.identify import CONTENT_TYPES, Picture, identify
from portfolio.adapters.imaging.imaging import MAX_IMAGE_BYTES, Imaging, Rendition, Renditions
from portfolio.adapters.rendering.limits import WIDTHS
from portfolio.adapters.rendering.wanted import Wanted

__all__ = [
    "CONTENT_TYPES",
    "MAX_IMAGE_BYTES",
    "WIDTHS",
    "Imaging",
    "Picture",
    "Rendition",
    "Renditions",
    "Wanted",
    "identify",
]
