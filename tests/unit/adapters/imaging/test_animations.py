"""What is made of a picture that moves."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw
from tests.factories import photos
from tests.factories.photos import RED, animation, frames_of, is_like, pulse
from tests.unit.adapters.imaging.conftest import Render

from portfolio.adapters.rendering.gif import count_frames
from portfolio.adapters.rendering.moving import affordable
from portfolio.adapters.rendering.rendered import sizes

DURATIONS = [50, 100, 150, 200]


class TestRender:
    @pytest.mark.parametrize(("kind", "extension"), [("GIF", "gif"), ("WEBP", "webp")])
    async def test_keeps_it_moving_in_its_own_kind_and_as_webp(
        self, render: Render, kind: str, extension: str
    ) -> None:
        frames = pulse(4, 700, 50)
        content = animation(frames, kind, duration=DURATIONS, loop=0, quality=90)
        made = await render(content)
        assert made.original.extension == extension
        assert [(v.extension, v.width) for v in made.variants] == [("webp", 320), ("webp", 640)]
        for each in [made.original, *made.variants]:
            shown = frames_of(each.path)
            assert [duration for _, duration in shown] == DURATIONS
            for (frame, _), given in zip(shown, frames, strict=True):
                seen, meant = frame.getpixel((9, 9)), given.getpixel((9, 9))
                assert isinstance(seen, tuple)
                assert isinstance(meant, tuple)
                assert is_like(seen, meant, 8)
            assert photos.opened(each.path).info["loop"] == 0

    @pytest.mark.parametrize(("loop", "plays"), [(None, 1), (2, 3), (0, 0)])
    async def test_plays_a_gif_as_often_as_before(
        self, render: Render, loop: int | None, plays: int
    ) -> None:
        options: dict[str, Any] = {} if loop is None else {"loop": loop}
        made = await render(animation(pulse(3), duration=50, **options))
        assert photos.opened(made.original.path).info.get("loop") == loop
        assert photos.opened(made.variants[0].path).info["loop"] == plays

    async def test_shows_nothing_where_a_frame_is_transparent(self, render: Render) -> None:
        frames = []
        for left in (0, 20, 40):
            frame = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
            ImageDraw.Draw(frame).ellipse((left, 0, left + 19, 39), (*RED, 255))
            frames.append(frame)
        made = await render(animation(frames, duration=100, disposal=2))
        assert photos.opened(made.variants[0].path).info["background"][3] == 0
        for each in [made.original, *made.variants]:
            for nth, (frame, _) in enumerate(frames_of(each.path)):
                alphas = [frame.getchannel("A").getpixel((x, 20)) for x in (10, 30, 50)]
                assert alphas == [255 if nth == place else 0 for place in range(3)]

    async def test_keeps_colours_that_every_frame_has_of_its_own(self, render: Render) -> None:
        frames = [photos.noise(60, 40).quantize(32) for _ in range(3)]
        made = await render(animation(frames, duration=100))
        for (shown, _), given in zip(frames_of(made.original.path), frames, strict=True):
            assert shown.convert("RGB").tobytes() == given.convert("RGB").tobytes()

    async def test_keeps_the_first_of_other_moving_kinds(self, render: Render) -> None:
        frames = [photos.quarters(), photos.quarters().rotate(180)]
        made = await render(animation(frames, "PNG", duration=100))
        assert is_like(photos.colour_at(made.original.path, 0.25, 0.25), RED)
        assert len(made.variants) == 2
        assert not getattr(photos.opened(made.original.path), "is_animated", False)

    async def test_drops_metadata(self, render: Render) -> None:
        gif = animation(pulse(3), duration=50, comment=b"secret")
        made = await render(gif + b"<script>")
        written = made.original.path.read_bytes()
        assert b"secret" not in written
        assert b"<script>" not in written
        assert Image.open(BytesIO(written)).info.get("comment") is None


class TestCountFrames:
    def test_counts_frames_with_palettes_of_their_own(self) -> None:
        frames = [photos.noise(60, 40).quantize(2 << nth) for nth in range(7)]
        assert count_frames(animation(frames, comment=b"," * 600)) == 7

    def test_stops_where_there_are_too_many(self) -> None:
        assert count_frames(animation(pulse(2)) * 500) == 2
        assert count_frames(b"GIF89a" + bytes(7) + (b"," + bytes(10) + b"\0") * 10_000) == 201

    @pytest.mark.parametrize("end", [6, 10, 13, 14, 25, 40, 800])
    def test_takes_what_breaks_off(self, end: int) -> None:
        assert count_frames(animation(pulse(3))[:end]) <= 3


class TestWidths:
    def test_are_all_that_there_are_for_a_few_frames(self) -> None:
        assert affordable(sizes(1920, 1080), 2, 0) == sizes(1920, 1080)

    def test_are_as_many_as_there_is_time_for(self) -> None:
        assert affordable(sizes(1000, 800), 100, 0) == [(320, 256), (640, 512)]

    def test_are_fewer_where_the_original_takes_as_long(self) -> None:
        assert affordable(sizes(1000, 800), 100, 50_000_000) == [(320, 256)]
