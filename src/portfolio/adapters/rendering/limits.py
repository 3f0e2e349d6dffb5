"""How large a picture may be, told before anything of it is decoded, and how wide variants are."""

WIDTHS = (320, 640, 960, 1280, 1920)
MAX_PIXELS = 40_000_000
MAX_SIDE = 12_000
MAX_FRAMES = 200
# All frames of an animation together: what can be decoded and encoded again in time.
MAX_MOVING_PIXELS = 100_000_000


class Refusal(Exception):
    """`status` is that of RFC 9110: 415 for what is no picture, 422 for one that cannot be used."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE:
        raise Refusal(422, f"a side may have at most {MAX_SIDE:,} pixels")
    if width * height > MAX_PIXELS:
        raise Refusal(422, f"a picture may have at most {MAX_PIXELS // 1_000_000} megapixels")


def check_frames(frames: int) -> None:
    if frames > MAX_FRAMES:
        raise Refusal(422, f"an animation may have at most {MAX_FRAMES} frames")


def check_movement(frames: int, width: int, height: int) -> None:
    if frames * width * height > MAX_MOVING_PIXELS:
        raise Refusal(
            422,
            f"all frames together may have at most {MAX_MOVING_PIXELS // 1_000_000} megapixels",
        )
