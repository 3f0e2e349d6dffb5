"""`portfolio media render`, on a database and a folder of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
import structlog
from sqlalchemy import select
from tests.factories import photos, pictures
from tests.factories.commands import there
from typer.testing import CliRunner, Result

from portfolio.adapters.storage import LocalStorage, StoredFile
from portfolio.cli.commands import app
from portfolio.db.repositories.media import ImageRepository
from portfolio.models.media import Image
from portfolio.wiring import Services

COMMAND = [sys.executable, "-m", "portfolio", "media", "render"]
GPS = photos.exif(6, description="behind the lighthouse")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where media are kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LOG_LEVEL", "error")
    yield tmp_path / "data" / "media"
    structlog.reset_defaults()


def run() -> Result:
    return CliRunner().invoke(app, ["media", "render"])


def copied(folder: Path, content: bytes, extension: str) -> StoredFile:
    """A picture as imports of former times took it in, with nothing known of it."""
    draft = folder.parents[1] / "draft"
    draft.write_bytes(content)

    async def add(services: Services) -> StoredFile:
        stored = await LocalStorage(folder).put(draft, extension)
        async with services.database.transaction() as db:
            image = Image(url=stored.url, storage_key=stored.key, bytes=stored.bytes)
            await ImageRepository().create(db, image)
        return stored

    return there(add)


def imported(folder: Path, content: bytes) -> str:
    """The key of a picture that was encoded here, and whose variants are not made yet."""
    draft = folder.parents[1] / "draft"
    draft.write_bytes(content)

    async def add(services: Services) -> str:
        stored, _ = await services.picture_files.store_originals([draft])
        async with services.database.transaction() as db:
            await services.media.add_picture(db, None, None, stored[draft])
        return stored[draft].file.key

    return there(add)


def images() -> list[Image]:
    async def read(services: Services) -> list[Image]:
        async with services.database.reading() as db:
            return list(await db.scalars(select(Image).order_by(Image.id)))

    return there(read)


class TestRender:
    def test_makes_variants_of_what_has_none(self, folder: Path) -> None:
        key = imported(folder, photos.encoded(photos.quarters(700, 525)))
        result = run()
        assert result.exit_code == 0, result.output
        assert "1 pictures rendered, with 4 variants; 0 were encoded anew" in result.output
        (image,) = images()
        assert image.storage_key == key
        assert [made["width"] for made in image.variants or []] == [320, 640] * 2
        assert "0 pictures rendered" in run().output

    def test_cleans_what_imports_of_former_times_copied(self, folder: Path) -> None:
        content = photos.encoded(photos.quarters(400, 300), exif=GPS)
        former = copied(folder, content, "jpg")
        result = run()
        assert result.exit_code == 0, result.output
        assert "1 pictures rendered, with 2 variants; 1 were encoded anew" in result.output
        (image,) = images()
        assert (image.width, image.height) == (300, 400)
        assert len(image.variants or []) == 2
        assert image.storage_key not in {None, former.key}
        assert b"lighthouse" not in (folder / str(image.storage_key)).read_bytes()

        async def successor(services: Services) -> int | None:
            async with services.database.transaction() as db:
                found = await ImageRepository().with_file(db, former.key)
                return found.id if found else None

        assert there(successor) == image.id

    def test_leaves_drawings_as_they_are(self, folder: Path) -> None:
        drawing = copied(folder, pictures.svg(), "svg")
        result = run()
        assert result.exit_code == 0, result.output
        (image,) = images()
        assert (image.storage_key, image.variants) == (drawing.key, None)

    def test_says_what_could_not_be_and_goes_on(self, folder: Path) -> None:
        broken = copied(folder, photos.encoded(photos.quarters())[:900], "jpg")
        lost = copied(folder, pictures.png(), "png")
        (folder / lost.key).unlink()
        imported(folder, pictures.png(9, 9))
        result = run()
        assert result.exit_code == 1
        assert f"failed   {broken.url}: the picture is broken" in result.output
        assert f"failed   {lost.url}: the file is not there" in result.output
        assert "1 pictures rendered" in result.output


class TestStop:
    def test_in_the_middle_loses_nothing(self, folder: Path) -> None:
        for width in range(1000, 1004):
            imported(folder, photos.encoded(photos.quarters(width, 750)))
        before = {path.name for path in folder.glob("*/*")}
        with subprocess.Popen(  # noqa: S603 - our own command
            COMMAND, env={**os.environ, "WORKERS": "1"}, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr
            pause = Event()
            while {path.name for path in folder.glob("*/*")} == before:
                pause.wait(0.05)
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
        assert process.returncode == 130
        assert "the same command goes on from here" in said
        assert None in {image.variants and 1 for image in images()}
        assert run().exit_code == 0
        assert {len(image.variants or []) for image in images()} == {6}
