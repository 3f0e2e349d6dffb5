from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import pictures

from portfolio.adapters.imaging import Picture, identify
from portfolio.adapters.imaging.identify import is_heic


class TestIdentify:
    @pytest.mark.parametrize(
        ("content", "extension"),
        [
            (pictures.png(640, 480), "png"),
            (pictures.gif(640, 480), "gif"),
            (pictures.jpeg(640, 480), "jpg"),
            (pictures.webp_lossy(640, 480), "webp"),
            (pictures.webp_lossless(640, 480), "webp"),
            (pictures.webp_extended(640, 480), "webp"),
        ],
    )
    def test_tells_kind_and_size_from_the_first_bytes(self, content: bytes, extension: str) -> None:
        assert identify(content) == Picture(extension, 640, 480)

    def test_knows_avif_whose_size_only_a_decoder_can_tell(self) -> None:
        assert identify(pictures.avif()) == Picture("avif")

    @pytest.mark.parametrize("orientation", [5, 6, 7, 8])
    def test_gives_the_size_of_a_photo_as_it_is_shown(self, orientation: int) -> None:
        assert identify(pictures.jpeg(640, 480, orientation)) == Picture("jpg", 480, 640)

    def test_leaves_an_upright_photo_as_it_is(self) -> None:
        assert identify(pictures.jpeg(640, 480, 3)) == Picture("jpg", 640, 480)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"GIF",
            b"%PDF-1.7",
            b"<!doctype html><svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<html xmlns='http://www.w3.org/1999/xhtml'><svg/></html>",
            pictures.svg('width="640" height="480"'),
            b"RIFF\0\0\0\0WAVEfmt ",
            b"\0\0\0\x1cftypisom",
            b"MZ" + bytes(100),
        ],
    )
    def test_knows_nothing_else(self, content: bytes) -> None:
        assert identify(content) is None

    @pytest.mark.parametrize(
        ("content", "end"),
        [
            (pictures.png(9, 9), 20),
            (pictures.gif(9, 9), 8),
            (pictures.jpeg(9, 9), 15),
            (pictures.webp_lossy(9, 9), 28),
            (pictures.webp_lossless(9, 9), 24),
            (pictures.webp_extended(9, 9), 29),
        ],
    )
    def test_gives_no_size_for_a_file_that_breaks_off(self, content: bytes, end: int) -> None:
        broken = identify(content[:end])
        assert broken is not None
        assert (broken.width, broken.height) == (None, None)

    def test_gives_no_size_that_no_picture_has(self) -> None:
        assert identify(pictures.png(0, 5).replace(b"IHDR\0\0\0\0", b"IHDR\xff\xff\xff\xff")) == (
            Picture("png")
        )

    @given(st.sampled_from(["png", "gif", "jpeg", "webp_lossy", "webp_extended"]), st.binary())
    def test_is_never_upset_by_what_follows(self, kind: str, rest: bytes) -> None:
        content: bytes = getattr(pictures, kind)(7, 7)
        for end in range(4, len(content)):
            identify(content[:end] + rest)


class TestIsHeic:
    @pytest.mark.parametrize("brands", [b"heic\0\0\0\0mif1heic", b"mif1\0\0\0\0mif1heix"])
    def test_knows_what_telephones_make(self, brands: bytes) -> None:
        assert is_heic(b"\0\0\0\x18ftyp" + brands)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            pictures.avif(),
            b"\0\0\0\x14ftypisom\0\0\0\0mp42heic",
            b"\0\0\0\x18moov" + b"heic" * 4,
        ],
    )
    def test_knows_nothing_else(self, content: bytes) -> None:
        assert not is_heic(content)


class TestRealPictures:
    def test_are_all_known_with_their_size(self, shared_data: Path) -> None:
        kinds = {".png", ".jpg", ".jpeg", ".gif"}
        files = [path for path in shared_data.rglob("*") if path.suffix in kinds]
        found = {path: identify(path.read_bytes()) for path in files}
        assert len(files) > 250
        assert [path for path, seen in found.items() if seen is None or not seen.width] == []
