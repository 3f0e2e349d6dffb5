import os
import time
from pathlib import Path

import pytest
from tests.factories import pictures

from portfolio.adapters.storage import LocalStorage, content_type_of, key_of
from portfolio.core.errors import (
    NotFoundException,
    PayloadTooLargeException,
    UnavailableException,
    UnsupportedMediaTypeException,
)

CONTENT = pictures.png(40, 30)
UNKNOWN = "ab/" + "c" * 38 + ".png"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "media")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return write(tmp_path / "Harbour at night.txt", CONTENT)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def read(path: Path | None) -> bytes:
    assert path is not None
    return path.read_bytes()


def age(path: Path | None, seconds: float) -> None:
    assert path is not None
    then = time.time() - seconds
    os.utime(path, (then, then))


def files_in(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


class TestPutFile:
    async def test_keeps_the_content_under_a_key_without_the_name(
        self, storage: LocalStorage, picture: Path
    ) -> None:
        stored = await storage.put_file(picture)
        assert read(await storage.locate(stored.key)) == CONTENT
        assert stored.url == f"/media/{stored.key}"
        assert stored.key.endswith(".png")
        assert (stored.bytes, stored.content_type) == (len(CONTENT), "image/png")
        assert (stored.width, stored.height) == (40, 30)

    async def test_keeps_the_same_content_once(
        self, storage: LocalStorage, picture: Path, tmp_path: Path
    ) -> None:
        copy = write(tmp_path / "copy.png", CONTENT)
        assert await storage.put_file(picture) == await storage.put_file(copy)
        assert len(files_in(tmp_path)) == 1

    async def test_refuses_what_is_no_picture_whatever_its_name(
        self, storage: LocalStorage, tmp_path: Path
    ) -> None:
        page = write(tmp_path / "page.png", b"<html><script>alert(1)</script></html>")
        with pytest.raises(UnsupportedMediaTypeException, match=r"page\.png"):
            await storage.put_file(page)
        assert files_in(tmp_path) == []

    async def test_refuses_more_than_ten_mebibytes(
        self, storage: LocalStorage, tmp_path: Path
    ) -> None:
        large = write(tmp_path / "large.png", CONTENT.ljust(10 * 1024 * 1024 + 1))
        with pytest.raises(PayloadTooLargeException):
            await storage.put_file(large)

    @pytest.mark.parametrize("name", ["missing.png", "."])
    async def test_says_so_when_there_is_no_such_file(
        self, storage: LocalStorage, tmp_path: Path, name: str
    ) -> None:
        with pytest.raises(NotFoundException):
            await storage.put_file(tmp_path / name)

    async def test_leaves_nothing_behind_when_the_disk_is_full(
        self,
        storage: LocalStorage,
        picture: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(UnavailableException):
            await storage.put_file(picture)
        assert files_in(tmp_path) == []


class TestLocate:
    @pytest.mark.parametrize(
        "key",
        [
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
            UNKNOWN,
        ],
    )
    async def test_finds_nothing_under_a_key_that_is_none(
        self, storage: LocalStorage, tmp_path: Path, key: str
    ) -> None:
        (tmp_path / "media").mkdir()
        (tmp_path / "secrets.json").write_text("{}")
        assert await storage.locate(key) is None
        assert await storage.renew(key) is None

    async def test_tells_the_type_by_the_key(self, storage: LocalStorage, picture: Path) -> None:
        stored = await storage.put_file(picture)
        assert content_type_of(stored.key) == stored.content_type
        assert key_of(stored.url) == stored.key
        assert key_of("https://example.com/media/x.png") is None


class TestRenew:
    async def test_describes_what_is_kept(self, storage: LocalStorage, picture: Path) -> None:
        stored = await storage.put_file(picture)
        assert await storage.renew(stored.key) == stored


class TestDelete:
    async def test_removes_the_file(
        self, storage: LocalStorage, picture: Path, tmp_path: Path
    ) -> None:
        stored = await storage.put_file(picture)
        assert await storage.delete(stored.key)
        assert await storage.locate(stored.key) is None
        assert files_in(tmp_path) == []

    @pytest.mark.parametrize("key", [UNKNOWN, "../secrets.json"])
    async def test_minds_no_key_that_is_unknown(self, storage: LocalStorage, key: str) -> None:
        assert await storage.delete(key)

    async def test_keeps_what_was_put_lately(self, storage: LocalStorage, picture: Path) -> None:
        stored = await storage.put_file(picture)
        assert not await storage.delete(stored.key, older_than=60)
        assert await storage.locate(stored.key) is not None

    @pytest.mark.parametrize("again", ["put", "renew"])
    async def test_keeps_an_old_file_that_was_put_again(
        self, storage: LocalStorage, picture: Path, again: str
    ) -> None:
        stored = await storage.put_file(picture)
        age(await storage.locate(stored.key), 120)
        if again == "put":
            await storage.put_file(picture)
        else:
            await storage.renew(stored.key)
        assert not await storage.delete(stored.key, older_than=60)

    async def test_removes_what_is_older(self, storage: LocalStorage, picture: Path) -> None:
        stored = await storage.put_file(picture)
        age(await storage.locate(stored.key), 120)
        assert await storage.delete(stored.key, older_than=60)
        assert await storage.locate(stored.key) is None
