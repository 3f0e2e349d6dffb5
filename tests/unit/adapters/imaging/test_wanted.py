"""Only the picture itself, or only what is made of it."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from tests.factories import photos
from tests.factories.photos import BLUE, GREEN, RED, WHITE, corners, encoded, is_like

from portfolio.adapters.imaging import Imaging, Wanted

KINDS = {
    "jpg": encoded(photos.quarters(700, 525), exif=photos.exif(6, description="secret")),
    "png": encoded(photos.quarters(700, 525), "PNG"),
    "gif": photos.animation([photos.quarters(700, 525), photos.quarters(700, 525).rotate(180)]),
    "webp": photos.animation(photos.pulse(3, 700, 525), "WEBP", duration=100),
}


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return written(tmp_path / f"source.{request.param}", KINDS[request.param])


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    made.mkdir()
    return made


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


class TestOriginal:
    async def test_comes_alone_with_placeholder_and_colour(
        self, imaging: Imaging, source: Path, folder: Path
    ) -> None:
        made = await imaging.render(source, folder, Wanted.ORIGINAL)
        assert names_in(folder) == [made.original.path.name]
        assert made.variants == []
        assert b"secret" not in made.original.path.read_bytes()
        assert photos.opened(made.original.path).size == (made.original.width, made.original.height)
        with Image.open(BytesIO(b64decode(made.placeholder.partition(",")[2]))) as tiny:
            assert tiny.width == 20
        assert made.color.startswith("#")

    async def test_is_the_same_as_with_variants(
        self, imaging: Imaging, source: Path, folder: Path
    ) -> None:
        alone = await imaging.render(source, folder, Wanted.ORIGINAL)
        content = alone.original.path.read_bytes()
        assert (await imaging.render(source, folder)).original == alone.original
        assert alone.original.path.read_bytes() == content


class TestVariants:
    async def test_come_alone_and_leave_the_source_as_it_is(
        self, imaging: Imaging, source: Path, folder: Path
    ) -> None:
        made = await imaging.render(source, folder, Wanted.VARIANTS)
        whole = await imaging.render(source, folder)
        assert (made.original.path, made.original.extension) == (source, source.suffix[1:])
        content = KINDS[made.original.extension]
        assert made.original.path.read_bytes() == content
        assert made.original.bytes == len(content)
        assert made.variants == whole.variants
        assert (made.original.width, made.original.height) == (
            whole.original.width,
            whole.original.height,
        )

    async def test_are_upright(self, imaging: Imaging, tmp_path: Path, folder: Path) -> None:
        path = written(tmp_path / "source", encoded(photos.quarters(), exif=photos.exif(3)))
        made = await imaging.render(path, folder, Wanted.VARIANTS)
        for each in made.variants:
            assert all(map(is_like, corners(each.path), [WHITE, GREEN, BLUE, RED]))
