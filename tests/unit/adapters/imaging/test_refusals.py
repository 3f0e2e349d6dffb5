"""What is no picture, or too much of one."""

import asyncio
from pathlib import Path

import pytest
from tests.factories import photos, pictures
from tests.factories.photos import animation, encoded
from tests.unit.adapters.imaging.conftest import Render

from portfolio.adapters.imaging import Imaging
from portfolio.core.errors import (
    InvalidInputException,
    NotFoundException,
    PayloadTooLargeException,
    UnavailableException,
    UnsupportedMediaTypeException,
)

HTML = b"<html><script>alert(1)</script></html>"
KINDS = ["JPEG", "PNG", "WEBP", "AVIF", "GIF"]


def gif_of(frames: int) -> bytes:
    head, _, end = encoded(photos.quarters(2, 2), "GIF").rpartition(b",")
    return head + (b"," + end[:-1]) * frames + b";"


class TestRender:
    @pytest.mark.requirement(54)
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            HTML,
            pictures.svg('width="9" height="9"'),
            b"<?xml version='1.0'?><a/>",
            b"%PDF-1.7\n",
            pictures.gif(9, 9)[:-1] + HTML,
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            pictures.avif() + HTML,
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + HTML,
        ],
    )
    async def test_takes_nothing_but_pictures(self, render: Render, content: bytes) -> None:
        with pytest.raises(UnsupportedMediaTypeException):
            await render(content)

    @pytest.mark.requirement(54)
    @pytest.mark.parametrize(
        "beginning",
        [b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBPVP8 "],
    )
    async def test_takes_no_page_that_begins_like_one(
        self, render: Render, beginning: bytes
    ) -> None:
        with pytest.raises((UnsupportedMediaTypeException, InvalidInputException)):
            await render(beginning + HTML)

    @pytest.mark.requirement(53)
    @pytest.mark.parametrize(
        "content",
        [
            pictures.png(1, 1).replace(b"\0\0\0\1\0\0\0\1", b"\0\0\xc3\x50\0\0\xc3\x50"),
            pictures.gif(12_001, 1),
            pictures.jpeg(1, 12_001),
            pictures.webp_lossy(8_000, 8_000),
            pictures.webp_lossless(8_000, 8_000),
            pictures.webp_extended(8_000, 8_000),
        ],
    )
    async def test_refuses_a_header_without_starting_a_process(
        self, content: bytes, tmp_path: Path
    ) -> None:
        source = tmp_path / "source"
        source.write_bytes(content)
        with pytest.raises(InvalidInputException):
            await Imaging(workers=0).render(source, tmp_path)

    @pytest.mark.requirement(53)
    async def test_refuses_an_avif_that_is_too_large(self, render: Render) -> None:
        content = encoded(photos.quarters(64, 64), "AVIF")
        large = content.replace(b"\0\0\0\x40\0\0\0\x40", b"\0\0\x2f\0\0\0\x2f\0")
        assert large != content
        with pytest.raises(InvalidInputException, match="pixels"):
            await render(large)

    @pytest.mark.requirement(53)
    async def test_refuses_20_000_frames(self, render: Render) -> None:
        with pytest.raises(InvalidInputException, match="200 frames"):
            await render(gif_of(20_000))

    @pytest.mark.requirement(53)
    @pytest.mark.parametrize("kind", ["WEBP", "PNG", "AVIF"])
    async def test_refuses_201_frames(self, render: Render, kind: str) -> None:
        with pytest.raises(InvalidInputException, match="200 frames"):
            await render(animation(photos.pulse(201, 8, 8), kind, duration=20, lossless=True))

    async def test_takes_200_frames(self, render: Render) -> None:
        assert (await render(gif_of(200))).original.extension == "gif"

    async def test_refuses_an_animation_of_too_many_pixels(self, render: Render) -> None:
        large = gif_of(200).replace(b"\2\0\2\0", b"\xd0\7\xd0\7", 1)
        with pytest.raises(InvalidInputException, match="all frames together"):
            await render(large)

    async def test_refuses_a_gif_that_grows(self, render: Render) -> None:
        grows = gif_of(3)
        at = grows.rindex(b",")
        grows = grows[: at + 5] + b"\xff\xff\xff\xff" + grows[at + 9 :]
        with pytest.raises(InvalidInputException):
            await render(grows)

    @pytest.mark.parametrize("kind", KINDS)
    async def test_refuses_a_file_that_breaks_off(self, render: Render, kind: str) -> None:
        content = encoded(photos.noise(300, 200), kind)
        with pytest.raises((InvalidInputException, UnsupportedMediaTypeException)):
            await render(content[: len(content) // 2])

    async def test_refuses_more_than_10_mebibytes(self, render: Render) -> None:
        with pytest.raises(PayloadTooLargeException):
            await render(pictures.png() + bytes(10 * 1024 * 1024))

    async def test_refuses_what_is_not_there(self, imaging: Imaging, tmp_path: Path) -> None:
        with pytest.raises(NotFoundException):
            await imaging.render(tmp_path / "absent", tmp_path)

    async def test_refuses_whoever_waits_too_long(self, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.write_bytes(pictures.png())
        with pytest.raises(UnavailableException) as refused:
            await Imaging(workers=0, patience=0.01).render(source, tmp_path)
        assert refused.value.retry_after > 0

    async def test_goes_on_after_many_refusals(
        self, imaging: Imaging, render: Render, tmp_path: Path
    ) -> None:
        broken = tmp_path / "broken"
        broken.write_bytes(encoded(photos.noise(90, 90))[:3000])
        results = await asyncio.gather(
            *(imaging.render(broken, tmp_path) for _ in range(8)), return_exceptions=True
        )
        assert {type(result) for result in results} == {InvalidInputException}
        assert (await render(pictures.png(30, 20))).original.width == 30
