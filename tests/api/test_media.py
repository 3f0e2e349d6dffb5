from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from tests.factories import pictures
from tests.factories.apps import ask, make_application
from tests.factories.buckets import S3Server, address_of, silent_server
from tests.factories.clients import make_client
from tests.factories.kept import keep

from portfolio.adapters.storage import StoredFile
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.wiring.preparation import prepare

UNREACHABLE = "ab/" + "c" * 38 + ".png"
CONTENT = pictures.png(300, 200, text="x" * 200_000)
FILM = bytes(range(256)) * 12_288  # exactly three of the pieces in which it is passed on
DRAWING = pictures.svg('width="8" height="8"', "<!-- " + "a long note " * 500 + "-->")


@pytest.fixture(scope="module", params=["folder", "bucket"])
async def app(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    s3: S3Server,
    anyio_backend: str,
) -> AsyncIterator[FastAPI]:
    """Readers should not see where files are."""
    storage_url = s3.make_bucket() if request.param == "bucket" else None
    made = make_application(tmp_path_factory.mktemp("data"), storage_url=storage_url)
    async with made.state.services as services:
        await prepare(services)
        yield made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with make_client(app) as anonymous:
        yield anonymous


@pytest.fixture
async def picture(app: FastAPI, tmp_path: Path) -> StoredFile:
    return await keep(app.state.services, tmp_path, CONTENT, "png")


@pytest.fixture
async def drawing(app: FastAPI, tmp_path: Path) -> StoredFile:
    """Of former times: none is taken any more."""
    return await keep(app.state.services, tmp_path, DRAWING, "svg")


@pytest.mark.requirement("56")
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

    @pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
    async def test_sends_nothing_to_those_who_have_it(
        self, client: AsyncClient, picture: StoredFile, form: str
    ) -> None:
        tag = (await client.get(picture.url)).headers["ETag"]
        response = await client.get(picture.url, headers={"If-None-Match": form.format(tag)})
        assert response.status_code == 304
        assert response.content == b""
        assert response.headers["ETag"] == tag
        for nothing in ('"other"', tag.strip('"'), f'"x{tag}', ""):
            other = await client.get(picture.url, headers={"If-None-Match": nothing})
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
        self, app: FastAPI, picture: StoredFile, path: str
    ) -> None:
        secrets = app.state.services.settings.storage.data_dir / "secrets.json"
        secrets.write_text('{"secret_key": "a canary"}')
        response = await ask(app, b"/media/" + path.encode(), headers=[(b"host", b"test")])
        assert response.status in {400, 404}
        assert response.headers["content-type"] == "application/problem+json"
        assert b"canary" not in response.body


@pytest.mark.requirement("56")
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

    async def test_is_nothing_to_head(self, client: AsyncClient, picture: StoredFile) -> None:
        response = await client.head(picture.url, headers={"Range": "bytes=0-9"})
        assert response.status_code == 200
        assert response.headers["Content-Length"] == str(len(CONTENT))

    async def test_gives_several_parts(self, client: AsyncClient, picture: StoredFile) -> None:
        response = await client.get(picture.url, headers={"Range": "bytes=0-1,100-101"})
        assert response.status_code == 206
        assert response.headers["Content-Type"].startswith("multipart/byteranges")
        assert response.headers["Content-Length"] == str(len(response.content))
        for part in (CONTENT[:2], CONTENT[100:102]):
            assert b"\r\n\r\n" + part + b"\r\n--" in response.content

    async def test_is_of_use_only_while_the_file_is_the_same(
        self, client: AsyncClient, picture: StoredFile
    ) -> None:
        tag = (await client.get(picture.url)).headers["ETag"]
        for condition, status in ((tag, 206), ('"other"', 200)):
            headers = {"Range": "bytes=0-9", "If-Range": condition}
            assert (await client.get(picture.url, headers=headers)).status_code == status

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
            "bytes=" + ",".join(["0-0"] * 10_000),
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


class TestFilms:
    @pytest.fixture
    async def film(self, app: FastAPI, tmp_path: Path) -> StoredFile:
        return await keep(app.state.services, tmp_path, FILM, "mp4")

    async def test_are_served_whole_under_their_type(
        self, client: AsyncClient, film: StoredFile
    ) -> None:
        response = await client.get(film.url)
        assert response.content == FILM
        assert response.headers["Content-Type"] == "video/mp4"
        assert response.headers["Accept-Ranges"] == "bytes"

    @pytest.mark.parametrize(("start", "end"), [(0, 2_000_000), (1_500_000, len(FILM) - 1)])
    async def test_can_be_entered_anywhere(
        self, client: AsyncClient, film: StoredFile, start: int, end: int
    ) -> None:
        response = await client.get(film.url, headers={"Range": f"bytes={start}-{end}"})
        assert response.status_code == 206
        assert response.headers["Content-Range"] == f"bytes {start}-{end}/{len(FILM)}"
        assert response.content == FILM[start : end + 1]


class TestBuckets:
    @pytest.mark.parametrize(
        ("way", "address", "kept"),
        [
            (
                {"storage_public_url": "https://cdn.example.com/site"},
                "https://cdn.example.com/site/",
                "public, max-age=3600",
            ),
            ({"storage_signed_urls": True}, "http://127.0.0.1:", "private, max-age=300"),
        ],
    )
    async def test_are_asked_by_readers_themselves_if_the_owner_says_so(
        self, bucket: str, tmp_path: Path, way: dict[str, Any], address: str, kept: str
    ) -> None:
        app = make_application(tmp_path, storage_url=bucket, **way)
        async with app.state.services as services, make_client(app) as client:
            await prepare(services)
            picture = await keep(services, tmp_path, CONTENT, "png")
            for method in ("GET", "HEAD"):
                response = await client.request(method, picture.url)
                assert response.status_code == 307
                assert response.headers["Location"].startswith(address)
                assert picture.key in response.headers["Location"]
                assert response.headers["Cache-Control"] == kept
                assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            assert (await client.get("/media/nothing.png")).status_code == 404

    async def test_that_are_away_are_unavailable(self, tmp_path: Path) -> None:
        async with silent_server() as endpoint:
            pass
        app = make_application(tmp_path, storage_url=address_of(endpoint))
        async with app.state.services as services, make_client(app) as client:
            await prepare(services)
            async with services.database.transaction() as db:
                await FileUseRepository().put(db, "images", 0, [UNREACHABLE], (None, None))
            response = await client.get(f"/media/{UNREACHABLE}")
        assert response.status_code == 503
        assert response.json()["code"] == "unavailable"
        assert int(response.headers["Retry-After"]) > 0
