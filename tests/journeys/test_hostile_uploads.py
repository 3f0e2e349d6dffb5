"""What is sent in the place of pictures, and how, by somebody who may upload."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from tests.factories import hostile
from tests.factories.hostile import CANARY, MIB
from tests.factories.memory import watching
from tests.factories.pictures import png
from tests.factories.servers import OUT_OF_REACH, Server, eventually, running_server
from tests.factories.uploads import Disk, Wire, authority, files_below, form, upload, wire
from tests.factories.visitors import Owner
from tests.journeys.conftest import Manage

LIMIT = 10 * MIB
# What the kernel takes from a client before anybody reads it.
ON_THE_WAY = 16 * MIB
COURTESY = 32 * MIB
KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{38}\.(jpg|png|webp|avif|gif)")
NAMES = (
    b'"../../../../evil.jpg"',
    b'"..\\..\\evil.jpg"',
    b'"/evil.jpg"',
    b'"evil\0.php.jpg"',
    b'"a\r\nX-Evil: 1\r\n.jpg"',
    b'"a%0d%0aX-Evil: 1.jpg"',
    '"\N{RIGHT-TO-LEFT OVERRIDE}gpj.evil"'.encode(),
    b'"\xff\xfe evil.jpg"',
    b'"evil' + b"x" * 300 + b'.jpg"',
    b"evil.jpg; filename*=UTF-8''..%2f..%2fevil.jpg",
    b'"evil',
)
METADATA = (b"Exif", b"GPS", b"http://ns.adobe.com", b"ICC_PROFILE", b"acsp", b"<script", b"PK\3\4")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the server may touch."""
    made = tmp_path_factory.mktemp("hostile")
    (made / "temporary").mkdir()
    return made


@pytest.fixture(scope="module")
async def server(folder: Path, anyio_backend: str) -> AsyncIterator[Server]:
    """One for all of them: it has to bear them one after the other."""
    variables = {"TMPDIR": str(folder / "temporary"), "RATE_LIMIT_WRITES": OUT_OF_REACH}
    async with running_server(folder / "server", **variables) as running:
        yield running


@pytest.fixture
async def owner(server: Server, manage: Manage) -> Owner:
    return await manage(server)


@pytest.fixture
async def disk(server: Server, owner: Owner, folder: Path) -> AsyncIterator[Disk]:
    """Nothing half done stays on it."""
    disk = Disk(server, folder / "temporary")
    yield disk
    await eventually(disk.is_idle)


@pytest.fixture
async def unchanged(disk: Disk, owner: Owner) -> AsyncIterator[None]:
    """Neither a row nor a file comes of all this."""
    rows, files = await library(owner), disk.kept()
    yield
    assert await library(owner) == rows
    assert disk.kept() == files


async def library(owner: Owner) -> list[int]:
    return [image["id"] for image in (await owner.get("/images"))["items"]]


def chunk(content: bytes) -> bytes:
    """RFC 9112, 7.1."""
    return b"%x\r\n%b\r\n" % (len(content), content)


async def pour(sent: Wire, pieces: Iterable[bytes], answer: asyncio.Task[Any]) -> tuple[int, int]:
    """So many bytes before the answer came, and until nobody listened any more."""
    before, in_all = 0, 0
    with suppress(ConnectionError):
        for piece in pieces:
            await sent.send(piece)
            await asyncio.sleep(0)
            in_all += len(piece)
            if not answer.done():
                before = in_all
    return before, in_all


class TestFiles:
    @pytest.mark.requirement("53")
    @pytest.mark.requirement("54")
    async def test_that_are_bombs_or_no_pictures_are_refused_and_leave_nothing(
        self, server: Server, owner: Owner, unchanged: None
    ) -> None:
        async with watching(server.pid) as memory:
            for name, sample in hostile.refused().items():
                answer = await upload(owner, sample.content)
                assert answer.status_code == sample.status, (name, answer.text)
                assert sample.detail in answer.json()["detail"], name
        assert memory.grown < 100 * MIB

    @pytest.mark.requirement("54")
    async def test_that_smuggle_something_are_kept_without_it(
        self, owner: Owner, disk: Disk
    ) -> None:
        for name, sample in hostile.accepted().items():
            assert CANARY in sample.content, name
            answer = await upload(owner, sample.content)
            assert answer.status_code == sample.status, (name, answer.text)
            image = answer.json()
            for made in (image, *image["variants"]):
                served = await owner.client.get(made["url"], headers=authority(owner))
                assert served.status_code == 200
                assert not [word for word in (CANARY, *METADATA) if word in served.content], name


class TestBodies:
    async def test_that_end_before_they_should_leave_nothing(
        self, server: Server, owner: Owner, unchanged: None
    ) -> None:
        content = form(png(text="x" * 2 * MIB))
        async with wire(server) as sent:
            await sent.begin(owner, f"Content-Length: {len(content) + MIB}")
            await sent.send(content)
            sent.end()
            assert b"HTTP/1.1 2" not in await sent.rest()

    async def test_that_go_on_after_their_end_are_cut_there(
        self, server: Server, owner: Owner, unchanged: None
    ) -> None:
        content = form(png(text="x" * 2 * MIB))
        async with wire(server) as sent:
            await sent.begin(owner, f"Content-Length: {len(content) - 20}")
            await sent.send(content)
            assert (await sent.rest()).startswith(b"HTTP/1.1 4")

    @pytest.mark.requirement("52")
    @pytest.mark.parametrize("length", ["Transfer-Encoding: chunked", "Content-Length: 9999999999"])
    async def test_without_end_are_answered_soon_and_then_not_heard_for_long(
        self, server: Server, owner: Owner, unchanged: None, length: str
    ) -> None:
        head, _, _ = form(b"").partition(b"\r\n\r\n")
        pieces = chain([head + b"\r\n\r\n"], repeat(bytes(MIB), 200))
        framed = map(chunk, pieces) if "chunked" in length else pieces
        async with wire(server) as sent:
            await sent.begin(owner, length)
            answer = asyncio.create_task(sent.answer())
            before, in_all = await pour(sent, framed, answer)
            status, body = await answer
        assert status == 413
        assert b'"code":"payload_too_large"' in body
        assert before <= LIMIT + MIB + ON_THE_WAY
        assert in_all <= LIMIT + MIB + COURTESY + ON_THE_WAY

    @pytest.mark.requirement("52")
    async def test_that_are_too_long_are_answered_to_those_who_listen_last(
        self, owner: Owner, unchanged: None
    ) -> None:
        answer = await upload(owner, bytes(2 * LIMIT))
        assert answer.status_code == 413
        assert "bytes at most" in answer.json()["detail"]


class TestNames:
    @pytest.mark.requirement("55")
    async def test_reach_neither_paths_nor_headers(
        self, server: Server, owner: Owner, disk: Disk, folder: Path
    ) -> None:
        for name in NAMES:
            content = form(png(), name)
            async with wire(server) as sent:
                await sent.begin(owner, f"Content-Length: {len(content)}", "Connection: close")
                await sent.send(content)
                head, _, body = (await sent.rest()).partition(b"\r\n\r\n")
            status = int(head.split()[1])
            assert status == 201 or 400 <= status < 500, name
            assert b"evil" not in head.lower(), name
            if status == 201:
                served = await owner.client.get(json.loads(body)["url"], headers=authority(owner))
                assert served.headers["Content-Disposition"] == "inline"
        assert [path for path in files_below(folder) if "evil" in path.name.lower()] == []
        for path in disk.kept():
            assert KEY.fullmatch(str(path.relative_to(disk.media)))
