import os
import shutil
import time
from errno import EACCES, EDQUOT, ENOSPC
from pathlib import Path

import pytest

from portfolio.adapters.storage import LocalStorage
from portfolio.core.errors import AppError, InsufficientStorageException, UnavailableException


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "media")


def files_in(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


def age(path: Path | None, seconds: float) -> None:
    assert path is not None
    then = time.time() - seconds
    os.utime(path, (then, then))


class TestPut:
    @pytest.mark.parametrize(
        ("number", "refusal"),
        [
            (ENOSPC, InsufficientStorageException),
            (EDQUOT, InsufficientStorageException),
            (EACCES, UnavailableException),
        ],
    )
    async def test_leaves_nothing_behind_where_the_disk_takes_no_more(
        self,
        storage: LocalStorage,
        picture: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        number: int,
        refusal: type[AppError],
    ) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(refusal):
            await storage.put(picture, "png")
        assert files_in(tmp_path) == []


class TestFetch:
    async def test_leaves_nothing_behind_where_the_disk_takes_no_more(
        self,
        storage: LocalStorage,
        picture: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def full(_source: Path, target: Path) -> None:
            target.write_bytes(b"half a file")
            raise OSError(ENOSPC, os.strerror(ENOSPC))

        stored, into = await storage.put(picture, "png"), tmp_path / "fetched"
        monkeypatch.setattr(shutil, "copyfile", full)
        with pytest.raises(InsufficientStorageException):
            await storage.fetch(stored.key, into)
        assert not into.exists()


class TestDelete:
    @pytest.mark.parametrize("again", ["put", "renew"])
    async def test_keeps_an_old_file_that_was_put_again(
        self, storage: LocalStorage, picture: Path, again: str
    ) -> None:
        stored = await storage.put(picture, "png")
        age(await storage.locate(stored.key), 120)
        if again == "put":
            await storage.put(picture, "png")
        else:
            await storage.renew(stored.key)
        assert not await storage.delete(stored.key, older_than=60)


class TestKeys:
    async def test_leaves_out_what_is_no_file_of_ours(
        self, storage: LocalStorage, picture: Path, tmp_path: Path
    ) -> None:
        stored = await storage.put(picture, "png")
        (tmp_path / "media" / ".0123456789abcdef").write_bytes(b"half a file")
        (tmp_path / "media" / "ab").mkdir(exist_ok=True)
        (tmp_path / "media" / "ab" / "notes.txt").write_text("mine")
        assert [kept.key async for kept in storage.keys()] == [stored.key]  # noqa: SIM118 - no dict
