from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from tests.factories import pictures
from tests.factories.apps import ask

from portfolio.adapters.storage import StoredFile
from portfolio.wiring import Services

CONTENT = pictures.png(300, 200, text="x" * 200_000)
DRAWING = pictures.svg('width="8" height="8"', "<!-- " + "a long note " * 500 + "-->")


async def store(services: Services, folder: Path, content: bytes) -> StoredFile:
    (folder / "file").write_bytes(content)
    return await services.storage.put_file(folder / "file")


@pytest.fixture
async def picture(services: Services, tmp_path: Path) -> StoredFile:
    return await store(services, tmp_path, CONTENT)


@pytest.fixture
async def drawing(services: Services, tmp_path: Path) -> StoredFile:
    return await store(services, tmp_path, DRAWING)


class TestGetMedia:
    async def test_serves_the_file_for_ever(self, client: AsyncClient, picture: StoredFile) -> None:
        response = await client.get(picture.url)
        assert response.status_code == 200
        assert response.content == CONTENT
        assert response.headers["Content-Type"] == "image/png"
        assert response.headers["Content-Length"] == str(len(CONTENT))
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["Content-Disposition"] == "inline"

    async def test_keeps_browsers_from_running_what_a_drawing_may_hold(
        self, client: AsyncClient, drawing: StoredFile
    ) -> None:
        response = await client.get(drawing.url)
        assert response.headers["Content-Type"] == "image/svg+xml"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        policy = response.headers["Content-Security-Policy"]
        assert policy == "default-src 'none'; style-src 'unsafe-inline'; sandbox"

    async def test_answers_head_without_the_file(
        self, client: AsyncClient, picture: StoredFile
    ) -> None:
        response = await client.head(picture.url)
        assert response.status_code == 200
        assert response.headers["Content-Length"] == str(len(CONTENT))
        assert response.content == b""

    @pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}'])
    async def test_sends_nothing_to_those_who_have_it(
        self, client: AsyncClient, picture: StoredFile, form: str
    ) -> None:
        tag = (await client.get(picture.url)).headers["ETag"]
        response = await client.get(picture.url, headers={"If-None-Match": form.format(tag)})
        assert response.status_code == 304
        assert response.content == b""
        assert response.headers["ETag"] == tag
        other = await client.get(picture.url, headers={"If-None-Match": '"other"'})
        assert other.status_code == 200

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "ab/" + "c" * 38 + ".png",
            "ab/" + "c" * 38 + ".html",
            "ab/" + "c" * 38,
            "nothing.png",
            "../secrets.json",
            "%2e%2e/secrets.json",
            "..%2fsecrets.json",
            "ab/..%5c..%5csecrets.json",
            "/etc/passwd",
            "%2fetc%2fpasswd",
            "ab/%00.png",
            "ab/" + "c" * 38 + ".png%00",
            "%c0%ae%c0%ae/secrets.json",
            "x" * 5000,
        ],
    )
    async def test_finds_nothing_outside_and_nothing_unknown(
        self, app: FastAPI, services: Services, picture: StoredFile, path: str
    ) -> None:
        secrets = services.settings.storage.data_dir / "secrets.json"
        secrets.write_text('{"secret_key": "a canary"}')
        response = await ask(app, b"/media/" + path.encode(), headers=[(b"host", b"test")])
        assert response.status in {400, 404}
        assert response.headers["content-type"] == "application/problem+json"
        assert b"canary" not in response.body


class TestRange:
    @pytest.mark.parametrize(
        ("asked", "content", "told"),
        [
            ("bytes=0-9", CONTENT[:10], "bytes 0-9/{size}"),
            ("bytes=-10", CONTENT[-10:], "bytes {before}-{last}/{size}"),
            ("bytes=200000-", CONTENT[200_000:], "bytes 200000-{last}/{size}"),
        ],
    )
    async def test_gives_the_part_asked_for(
        self,
        client: AsyncClient,
        picture: StoredFile,
        asked: str,
        content: bytes,
        told: str,
    ) -> None:
        response = await client.get(picture.url, headers={"Range": asked})
        size = len(CONTENT)
        assert response.status_code == 206
        assert response.content == content
        assert response.headers["Content-Range"] == told.format(
            size=size, last=size - 1, before=size - 10
        )

    async def test_gives_several_parts(self, client: AsyncClient, picture: StoredFile) -> None:
        response = await client.get(picture.url, headers={"Range": "bytes=0-1,100-101"})
        assert response.status_code == 206
        assert response.headers["Content-Type"].startswith("multipart/byteranges")

    async def test_behind_the_end_is_refused(
        self, client: AsyncClient, picture: StoredFile
    ) -> None:
        response = await client.get(picture.url, headers={"Range": "bytes=9999999-"})
        assert response.status_code == 416
        assert response.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
        assert response.json()["code"] == "range_not_satisfiable"

    @pytest.mark.parametrize(
        "asked",
        [
            "bytes",
            "bytes=",
            "bytes=9-5",
            "bytes=a-b",
            "lines=1-2",
            "bytes=" + ",".join(f"{start}-{start}" for start in range(0, 2_000, 2)),
        ],
    )
    async def test_is_ignored_where_it_makes_no_sense(
        self, client: AsyncClient, picture: StoredFile, asked: str
    ) -> None:
        response = await client.get(picture.url, headers={"Range": asked})
        assert response.status_code == 200
        assert response.content == CONTENT

    async def test_of_a_drawing_is_counted_in_its_own_bytes(
        self, client: AsyncClient, drawing: StoredFile
    ) -> None:
        headers = {"Range": "bytes=0-999", "Accept-Encoding": "gzip"}
        response = await client.get(drawing.url, headers=headers)
        assert response.content == DRAWING[:1000]
        assert "Content-Encoding" not in response.headers
