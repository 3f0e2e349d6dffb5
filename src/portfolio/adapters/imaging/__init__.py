"""Pictures: what they are, and what is made of them for the web."""

from portfolio.adapters.imaging.identify import CONTENT_TYPES, Picture, identify
from portfolio.adapters.imaging.imaging import Imaging, Rendition, Renditions
from portfolio.adapters.rendering.limits import WIDTHS

__all__ = [
    "CONTENT_TYPES",
    "WIDTHS",
    "Imaging",
    "Picture",
    "Rendition",
    "Renditions",
    "identify",
]
