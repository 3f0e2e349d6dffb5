"""What every storage does, whatever it keeps its files in."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from tests.factories import pictures

from portfolio.adapters.storage import Kept, Storage, content_type_of
from portfolio.core.clock import utc_now
from portfolio.core.errors import NotFoundException
from portfolio.core.media_links import key_of

CONTENT = pictures.png(40, 30)
UNKNOWN = "ab/" + "c" * 38 + ".png"
NO_KEYS = [
    "",
    "..",
    "../secrets.json",
    "ab/../../secrets.json",
    "/etc/passwd",
    "ab/" + "c" * 38 + ".png\n",
    "ab/" + "c" * 38 + ".png\0",
    "ab/" + "c" * 38 + ".html",
    "AB/" + "C" * 38 + ".PNG",
    "ab\\" + "c" * 38 + ".png",
]


async def content_of(storage: Storage, key: str, folder: Path) -> bytes | None:
    into = folder / "fetched"
    return into.read_bytes() if await storage.fetch(key, into) else None


async def kept_in(storage: Storage) -> list[Kept]:
    return [kept async for kept in storage.keys()]  # noqa: SIM118 - no dict


def two_minutes_later() -> time_machine.travel:
    return time_machine.travel(utc_now() + timedelta(seconds=120))


class TestCheck:
    async def test_is_content_with_what_takes_files_and_leaves_none(self, storage: Storage) -> None:
        await storage.check()
        await storage.check()
        assert await kept_in(storage) == []


class TestPut:
    @pytest.mark.parametrize(
        ("extension", "content_type"),
        [("webp", "image/webp"), ("mp4", "video/mp4"), ("vtt", "text/vtt")],
    )
    async def test_keeps_a_copy_under_a_key_made_from_the_content(
        self,
        storage: Storage,
        picture: Path,
        tmp_path: Path,
        extension: str,
        content_type: str,
    ) -> None:
        stored = await storage.put(picture, extension)
        assert await content_of(storage, stored.key, tmp_path) == CONTENT
        assert stored.url == f"/media/{stored.key}"
        assert stored.key.endswith(f".{extension}")
        assert (stored.bytes, stored.content_type) == (len(CONTENT), content_type)
        assert await storage.put(picture, extension) == stored

    async def test_keeps_the_same_content_once(
        self, storage: Storage, picture: Path, tmp_path: Path
    ) -> None:
        copy = tmp_path / "copy.png"
        copy.write_bytes(CONTENT)
        assert await storage.put(picture, "png") == await storage.put(copy, "png")
        assert len(await kept_in(storage)) == 1

    async def test_keeps_large_and_empty_files_as_they_are(
        self, storage: Storage, tmp_path: Path
    ) -> None:
        for content in (b"", bytes(range(256)) * 80_000):
            path = tmp_path / "film"
            path.write_bytes(content)
            stored = await storage.put(path, "mp4")
            assert stored.bytes == len(content)
            assert await content_of(storage, stored.key, tmp_path) == content

    @pytest.mark.parametrize("name", ["missing.png", "."])
    async def test_says_so_when_there_is_no_such_file(
        self, storage: Storage, tmp_path: Path, name: str
    ) -> None:
        with pytest.raises(NotFoundException):
            await storage.put(tmp_path / name, "png")


class TestKeys:
    @pytest.mark.parametrize("key", NO_KEYS)
    async def test_that_are_none_lead_nowhere(
        self, storage: Storage, tmp_path: Path, key: str
    ) -> None:
        (tmp_path / "media").mkdir()
        (tmp_path / "secrets.json").write_text("{}")
        assert await storage.locate(key) is None
        assert await content_of(storage, key, tmp_path) is None
        assert await storage.delete(key)
        assert (tmp_path / "secrets.json").exists()

    async def test_that_are_unknown_lead_nowhere(self, storage: Storage, tmp_path: Path) -> None:
        assert await storage.locate(UNKNOWN) is None
        assert await content_of(storage, UNKNOWN, tmp_path) is None
        assert await storage.delete(UNKNOWN)

    async def test_tell_the_type(self, storage: Storage, picture: Path) -> None:
        stored = await storage.put(picture, "png")
        assert content_type_of(stored.key) == stored.content_type
        assert key_of(stored.url) == stored.key
        assert key_of("https://example.com/media/x.png") is None

    async def test_are_all_listed_with_size_and_time(self, storage: Storage, picture: Path) -> None:
        assert await kept_in(storage) == []
        stored = [await storage.put(picture, extension) for extension in ("png", "webp")]
        found = await kept_in(storage)
        assert {kept.key: kept.bytes for kept in found} == {each.key: each.bytes for each in stored}
        assert all(abs(utc_now() - kept.modified) < timedelta(minutes=1) for kept in found)


class TestDelete:
    async def test_removes_the_file(self, storage: Storage, picture: Path) -> None:
        stored = await storage.put(picture, "png")
        assert await storage.delete(stored.key)
        assert await storage.locate(stored.key) is None
        assert await kept_in(storage) == []

    async def test_keeps_what_was_put_lately(self, storage: Storage, picture: Path) -> None:
        stored = await storage.put(picture, "png")
        assert not await storage.delete(stored.key, older_than=60)
        assert await storage.locate(stored.key) is not None

    async def test_removes_what_is_older(self, storage: Storage, picture: Path) -> None:
        stored = await storage.put(picture, "png")
        with two_minutes_later():
            assert await storage.delete(stored.key, older_than=60)
        assert await storage.locate(stored.key) is None

    async def test_counts_from_the_time_that_it_was_put_last(
        self, storage: Storage, picture: Path
    ) -> None:
        await storage.put(picture, "png")
        (before,) = await kept_in(storage)
        after = before
        async with asyncio.timeout(10):
            # Some count in whole seconds.
            while after.modified <= before.modified:
                await asyncio.sleep(0.1)
                await storage.put(picture, "png")
                (after,) = await kept_in(storage)
