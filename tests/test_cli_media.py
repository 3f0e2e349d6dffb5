"""`portfolio media`, on a database and a folder of its own."""

import os
import time
from asyncio import to_thread
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from tests.factories import pictures
from tests.factories.buckets import SECRET, address_of
from tests.factories.commands import there
from tests.factories.posts import make_post
from tests.factories.users import make_user
from typer.testing import CliRunner, Result

from portfolio.adapters.storage import LocalStorage, StoredFile, open_storage
from portfolio.cli.commands import app
from portfolio.core.config.storage import StorageAddress
from portfolio.core.errors import ConflictException, UnavailableException
from portfolio.db.repositories.media import ImageRepository
from portfolio.db.repositories.videos import VideoRepository
from portfolio.models.media import Image, Video, VideoProvider
from portfolio.models.users import Role
from portfolio.wiring import Services

YESTERDAY = time.time() - 86_400


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where media are kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    yield tmp_path / "data" / "media"
    # A command has its log written to a terminal that is gone by now.
    structlog.reset_defaults()


async def run(*words: str) -> Result:
    # A command has an event loop of its own, and so needs a thread of its own here.
    return await to_thread(CliRunner().invoke, app, ["media", *words])


async def stored(folder: Path, *texts: str) -> list[StoredFile]:
    """A day ago."""
    found = []
    for text in texts:
        draft = folder.parents[1] / "draft"
        draft.write_bytes(pictures.png(text=text))
        kept = await LocalStorage(folder).put(draft, "png")
        os.utime(folder / kept.key, (YESTERDAY, YESTERDAY))
        found.append(kept)
    return found


async def keys_at(url: str) -> set[str]:
    storage = open_storage(StorageAddress.parse(url))
    return {kept.key async for kept in storage.keys()}  # noqa: SIM118 - no dict


@pytest.fixture
async def files(folder: Path) -> list[StoredFile]:
    return await stored(folder, "one", "two", "three")


@pytest.fixture
def keys(files: list[StoredFile]) -> set[str]:
    return {file.key for file in files}


class TestMove:
    @pytest.fixture(params=["folder", "bucket"])
    def target(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        if request.param == "bucket":
            return str(request.getfixturevalue("bucket"))
        return (tmp_path / "elsewhere").as_uri()

    async def test_copies_all_and_keeps_them(
        self, keys: set[str], folder: Path, target: str
    ) -> None:
        result = await run("move", "--to", target)
        assert result.exit_code == 0, result.output
        assert "3 copied, 0 were there already" in result.output
        assert await keys_at(target) == await keys_at(folder.as_uri()) == keys

    async def test_goes_on_where_it_was_interrupted(
        self, files: list[StoredFile], keys: set[str], folder: Path, target: str
    ) -> None:
        storage = open_storage(StorageAddress.parse(target))
        await storage.put(folder / files[0].key, "png")
        result = await run("move", "--to", target)
        assert "2 copied, 1 were there already" in result.output
        assert await keys_at(target) == keys

    async def test_deletes_them_here_if_told_to(
        self, keys: set[str], folder: Path, target: str
    ) -> None:
        result = await run("move", "--to", target, "--delete")
        assert result.exit_code == 0, result.output
        assert "3 deleted here" in result.output
        assert await keys_at(target) == keys
        assert await keys_at(folder.as_uri()) == set()

    async def test_brings_them_back_from_a_bucket(
        self, keys: set[str], bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        back = (tmp_path / "back").as_uri()
        await run("move", "--to", bucket)
        monkeypatch.setenv("STORAGE_URL", bucket)
        assert (await run("move", "--to", back)).exit_code == 0
        assert await keys_at(back) == keys

    async def test_deletes_nothing_while_a_file_is_damaged(
        self, files: list[StoredFile], keys: set[str], folder: Path, target: str
    ) -> None:
        damaged = files[1].key
        (folder / damaged).write_bytes(b"rotten")
        result = await run("move", "--to", target, "--delete")
        assert result.exit_code == 1
        assert f"damaged  {damaged}" in result.output
        assert await keys_at(target) == keys - {damaged}
        assert await keys_at(folder.as_uri()) == keys

    async def test_says_when_the_target_is_away(self, keys: set[str], folder: Path) -> None:
        result = await run("move", "--to", address_of("http://127.0.0.1:1"))
        assert isinstance(result.exception, UnavailableException)
        assert SECRET not in result.output
        assert await keys_at(folder.as_uri()) == keys

    @pytest.mark.parametrize("url", ["elsewhere", "s3://media?secret=open-sesame", "az://media"])
    async def test_refuses_what_is_no_place(self, url: str) -> None:
        result = await run("move", "--to", url)
        assert result.exit_code == 2
        assert "sesame" not in result.output

    async def test_refuses_the_place_where_they_are(self, folder: Path) -> None:
        assert (await run("move", "--to", folder.as_uri())).exit_code == 2


def image(file: StoredFile, *variants: StoredFile) -> Image:
    made = [{"url": each.url, "width": 4, "height": 3, "format": "webp"} for each in variants]
    return Image(url=file.url, storage_key=file.key, variants=made or None)


def add(*rows: Image | Video) -> None:
    async def added(services: Services) -> None:
        async with services.database.transaction() as db:
            for row in rows:
                if isinstance(row, Image):
                    await ImageRepository().create(db, row)
                else:
                    await VideoRepository().create(db, row)

    there(added)


class TestCheck:
    async def test_is_content_when_files_and_rows_fit(self, files: list[StoredFile]) -> None:
        one, two, three = files
        film = Video(
            url=two.url,
            storage_key=two.key,
            poster_key=two.key,
            provider=VideoProvider.FILE,
            captions=[{"url": three.url}, {"url": "https://example.com/captions.vtt"}],
        )
        await to_thread(add, image(one), film)
        result = await run("check")
        assert result.exit_code == 0, result.output
        assert "3 files; 0 without a row, 0 named and not there" in result.output

    async def test_names_files_without_a_row(
        self, files: list[StoredFile], keys: set[str], folder: Path
    ) -> None:
        one, two, three = files
        await to_thread(add, image(one, two))
        result = await run("check")
        assert result.exit_code == 1
        assert f"without a row  {three.key}" in result.output
        assert await keys_at(folder.as_uri()) == keys

    async def test_deletes_them_if_told_to(self, files: list[StoredFile], folder: Path) -> None:
        one, two, _three = files
        await to_thread(add, image(one, two))
        result = await run("check", "--repair")
        assert result.exit_code == 0, result.output
        assert "1 files deleted" in result.output
        assert await keys_at(folder.as_uri()) == {one.key, two.key}

    async def test_spares_what_may_be_an_upload_under_way(
        self, files: list[StoredFile], keys: set[str], folder: Path
    ) -> None:
        one, two, three = files
        await to_thread(add, image(one, two))
        os.utime(folder / three.key)
        result = await run("check", "--repair")
        assert "1 files came within the last hour and stay" in result.output
        assert await keys_at(folder.as_uri()) == keys

    async def test_deletes_nothing_beside_an_empty_database(
        self, keys: set[str], folder: Path
    ) -> None:
        await to_thread(add)
        result = await run("check", "--repair")
        assert isinstance(result.exception, ConflictException)
        assert await keys_at(folder.as_uri()) == keys

    async def test_has_all_variants_made_again_where_one_is_lost(
        self, files: list[StoredFile], folder: Path
    ) -> None:
        one, two, three = files
        await to_thread(add, image(one, two, three))
        (folder / three.key).unlink()
        assert (await run("check")).exit_code == 1
        result = await run("check", "--repair")
        assert result.exit_code == 0, result.output
        assert "1 pictures lack variants" in result.output
        assert (await run("check")).exit_code == 0
        assert await keys_at(folder.as_uri()) == {one.key}

    async def test_names_texts_whose_pictures_are_lost(
        self, files: list[StoredFile], folder: Path
    ) -> None:
        async def written(services: Services) -> None:
            author = await make_user(services, "owner", Role.ADMIN)
            await make_post(services, author, body_markdown=f"![]({files[0].url})")

        await to_thread(there, written)
        assert "2 without a row" in (await run("check")).output
        (folder / files[0].key).unlink()
        result = await run("check", "--repair")
        assert result.exit_code == 1
        assert f"not there      {files[0].url}, of post 1" in result.output
        assert "2 files deleted" in result.output

    async def test_leaves_rows_alone_whose_own_file_is_lost(
        self, files: list[StoredFile], folder: Path
    ) -> None:
        for file in files:
            (folder / file.key).unlink()
        await to_thread(add, image(*files))
        result = await run("check", "--repair")
        assert result.exit_code == 1
        assert "3 are lost" in result.output
        result = await run("check")
        assert result.output.count("not there      /media/") == 3
