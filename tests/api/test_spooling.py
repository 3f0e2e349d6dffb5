import asyncio
import errno
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from tests.factories.stored_files import fill_disk

from portfolio.api.spooling import SpoolingParser

HEADERS = Headers({"Content-Type": "multipart/form-data; boundary=x"})
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../a"\r\n\r\n'
END = b"\r\n--x--\r\n"
PIECE = b"p" * 65536


async def coming(*chunks: bytes, then: BaseException | None = None) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk
    if then is not None:
        raise then


async def parsed(folder: Path, stream: AsyncGenerator[bytes, None], **limits: Any) -> FormData:
    return await SpoolingParser(HEADERS, stream, folder, **limits).parse()


def file_of(form: FormData) -> UploadFile:
    file = form["file"]
    assert isinstance(file, UploadFile)
    return file


def left_in(folder: Path) -> list[Path]:
    return [*folder.iterdir()]


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


class TestSpooling:
    @pytest.mark.parametrize("content", [b"", b"a", b"a" * 5000, PIECE * 40])
    async def test_has_the_whole_file_in_the_folder_until_the_form_is_closed(
        self, tmp_path: Path, content: bytes
    ) -> None:
        form = await parsed(tmp_path, coming(PART, content, END))
        (path,) = left_in(tmp_path)
        assert path == Path(file_of(form).file.name)
        assert bytes_in(tmp_path) == len(content)
        assert await file_of(form).read() == content
        await form.close()
        assert left_in(tmp_path) == []

    async def test_writes_while_more_is_coming(self, tmp_path: Path) -> None:
        sizes = []

        async def watched() -> AsyncGenerator[bytes, None]:
            yield PART
            for _ in range(3):
                yield PIECE
                sizes.append(bytes_in(tmp_path))
            yield END

        await (await parsed(tmp_path, watched())).close()
        assert sizes == [65536, 2 * 65536, 3 * 65536]

    @pytest.mark.parametrize(
        ("chunks", "then", "raised"),
        [
            ([PART, PIECE], ClientDisconnect(), ClientDisconnect),
            ([PART, PIECE], asyncio.CancelledError(), asyncio.CancelledError),
            ([PART, PIECE], None, MultiPartException),
            ([PART, PIECE, b"\r\n--x\r\n"], None, MultiPartException),
            ([PART, PIECE, b"\r\n" + PART], None, MultiPartException),
            ([PART, PIECE, b"\r\n--xx"], None, MultiPartException),
            ([PART, b"a\r\n" + PART, b"b" + END], None, MultiPartException),
        ],
        ids=["left", "cancelled", "cut", "cut later", "begun", "garbled", "too many"],
    )
    async def test_leaves_nothing_of_a_form_that_comes_to_nothing(
        self,
        tmp_path: Path,
        chunks: list[bytes],
        then: BaseException | None,
        raised: type[BaseException],
    ) -> None:
        with pytest.raises(raised):
            await parsed(tmp_path, coming(*chunks, then=then), max_files=1)
        assert left_in(tmp_path) == []

    @pytest.mark.requirement("88")
    @pytest.mark.parametrize("last", [b"a", PIECE], ids=["few bytes", "many"])
    async def test_leaves_nothing_on_a_full_disk(self, tmp_path: Path, last: bytes) -> None:
        async def filling() -> AsyncGenerator[bytes, None]:
            yield PART + PIECE
            fill_disk(tmp_path)
            yield last + END

        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            await parsed(tmp_path, filling())
        assert left_in(tmp_path) == []
