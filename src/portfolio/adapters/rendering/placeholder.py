"""The few bytes that stand for a picture until it is there."""

from base64 import b64encode
from io import BytesIO

from PIL import Image

LONGEST = 399
_WIDTH, _TALLEST = 20, 40
_EFFORTS = ((_WIDTH, 40), (_WIDTH, 0), (_WIDTH // 4, 0))


def placeholder(picture: Image.Image) -> str:
    """A WebP as data URI, 20 pixels wide; to be stretched, for a tall one is not drawn as tall."""
    uri = ""
    for width, quality in _EFFORTS:
        height = min(_TALLEST * width // _WIDTH, round(width * picture.height / picture.width))
        tiny = picture.resize((min(width, picture.width), max(1, height)), Image.Resampling.BOX)
        data = BytesIO()
        tiny.save(data, "WEBP", quality=quality, alpha_quality=quality, method=6)
        uri = f"data:image/webp;base64,{b64encode(data.getvalue()).decode()}"
        if len(uri) <= LONGEST:
            break
    return uri
