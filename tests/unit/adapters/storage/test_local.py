import os
import shutil
import time
from errno import EACCES, EDQUOT, ENOSPC
from pathlib import Path
from types import SimpleNamespace

import pytest

from portfolio.adapters.storage import LocalStorage
from portfolio.core.errors import AppError, InsufficientStorageException, UnavailableException

MIB = 1024 * 1024


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "media")


def files_in(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


def age(path: Path | None, seconds: float) -> None:
    assert path is not None
    then = time.time() - seconds
    os.utime(path, (then, then))


class TestCheck:
    async def test_is_not_content_with_what_is_no_folder(
        self, storage: LocalStorage, tmp_path: Path
    ) -> None:
        (tmp_path / "media").write_text("a file")
        with pytest.raises(UnavailableException):
            await storage.check()

    @pytest.mark.parametrize("free", [0, 100 * MIB - 1])
    async def test_tells_of_a_disk_that_is_nearly_full(
        self, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, free: int
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))
        with pytest.raises(InsufficientStorageException):
            await storage.check()

    async def test_leaves_nothing_in_the_folder(
        self, storage: LocalStorage, tmp_path: Path
    ) -> None:
        await storage.check()
        assert list((tmp_path / "media").iterdir()) == []


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
    async def test_keeps_an_old_file_that_was_put_again(
        self, storage: LocalStorage, picture: Path
    ) -> None:
        stored = await storage.put(picture, "png")
        age(await storage.locate(stored.key), 120)
        await storage.put(picture, "png")
        assert not await storage.delete(stored.key, older_than=60)

    async def test_takes_along_what_was_begun_by_somebody_who_was_killed(
        self, storage: LocalStorage, picture: Path, tmp_path: Path
    ) -> None:
        stored = await storage.put(picture, "png")
        abandoned, half_done, foreign = (
            tmp_path / "media" / name
            for name in (".0123456789abcdef", ".fedcba9876543210", ".gitignore")
        )
        for path in (abandoned, half_done, foreign):
            path.write_bytes(b"half a file")
        age(abandoned, 31)
        age(foreign, 3600)
        await storage.delete(stored.key)
        assert set(files_in(tmp_path)) == {half_done, foreign}


class TestKeys:
    async def test_leaves_out_what_is_no_file_of_ours(
        self, storage: LocalStorage, picture: Path, tmp_path: Path
    ) -> None:
        stored = await storage.put(picture, "png")
        (tmp_path / "media" / ".0123456789abcdef").write_bytes(b"half a file")
        (tmp_path / "media" / "ab").mkdir(exist_ok=True)
        (tmp_path / "media" / "ab" / "notes.txt").write_text("mine")
        assert [kept.key async for kept in storage.keys()] == [stored.key]  # noqa: SIM118 - no dict
