"""Uploads chunk by chunk, as they come over the network."""

from collections.abc import AsyncIterator
from itertools import chain, repeat
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.types import Message, Receive, Scope, Send
from tests.factories import videos
from tests.factories.stored_files import files_in, fill_disk
from tests.factories.videos import LIBRARY, place_for_videos

from portfolio.adapters.storage import MAX_VIDEO_BYTES
from portfolio.core.config import Settings
from portfolio.wiring import Services

MIB = 1024 * 1024
PIECE = bytes(64 * 1024)
FILM = videos.mp4("harbour")
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
END = b"\r\n--x--\r\n"


@pytest.fixture
async def post(admin_client: AsyncClient) -> str:
    """Where the videos of a published post are."""
    return await place_for_videos(admin_client, "posts", status="published")


async def endless_upload(
    app: FastAPI, client: AsyncClient, to: str, length: int | None
) -> tuple[Response, int]:
    """The answer, and how many bytes were read before it began."""
    sent: list[int] = []
    read: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        for chunk in chain([PART + FILM], repeat(PIECE)):
            sent.append(len(chunk))
            yield chunk

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            read.append(sum(sent))
            await send(message)

        await app(scope, receive, note)

    headers = {**client.headers, **FORM, **({"Content-Length": str(length)} if length else {})}
    async with AsyncClient(transport=ASGITransport(watched), base_url="http://test") as watching:
        response = await watching.post(to, content=body(), headers=headers)
    return response, read[0]


def staged(settings: Settings) -> list[Path]:
    return [*(settings.storage.data_dir / "run" / "staging").glob("*/*")]


class TestStreaming:
    @pytest.mark.requirement("52")
    @pytest.mark.parametrize("length", [None, 1000], ids=["chunked", "false length"])
    async def test_is_refused_before_a_mebibyte_more_than_the_limit_was_read(
        self,
        app: FastAPI,
        admin_client: AsyncClient,
        settings: Settings,
        post: str,
        length: int | None,
    ) -> None:
        before = files_in(settings)
        response, read = await endless_upload(app, admin_client, post, length)
        assert response.status_code == 413
        assert response.headers["Content-Type"] == "application/problem+json"
        assert MAX_VIDEO_BYTES < read <= MAX_VIDEO_BYTES + MIB + len(PIECE)
        assert files_in(settings) == before

    @pytest.mark.requirement("52")
    async def test_is_refused_unread_where_it_says_that_it_is_larger(
        self, app: FastAPI, admin_client: AsyncClient, post: str
    ) -> None:
        said = MAX_VIDEO_BYTES + 2 * MIB
        response, read = await endless_upload(app, admin_client, post, said)
        assert (response.status_code, read) == (413, 0)

    @pytest.mark.requirement("52")
    async def test_is_refused_for_a_byte_more_than_a_video_may_have(
        self, admin_client: AsyncClient, settings: Settings, post: str
    ) -> None:
        async def one_byte_too_many() -> AsyncIterator[bytes]:
            yield PART + FILM
            for _ in range(MAX_VIDEO_BYTES // len(PIECE) - 1):
                yield PIECE
            yield PIECE[len(FILM) - 1 :] + END

        before = files_in(settings)
        response = await admin_client.post(post, content=one_byte_too_many(), headers=FORM)
        assert response.status_code == 413
        assert files_in(settings) == before

    async def test_goes_into_the_folder_that_goes_with_this_process(
        self, admin_client: AsyncClient, services: Services, settings: Settings
    ) -> None:
        seen: list[Path] = []

        async def watching() -> AsyncIterator[bytes]:
            yield PART + FILM
            yield PIECE
            seen.extend(services.staging.path.iterdir())
            yield END

        response = await admin_client.post(LIBRARY, content=watching(), headers=FORM)
        assert response.status_code == 201
        assert len(seen) == 1
        assert staged(settings) == []

    @pytest.mark.requirement("88")
    @pytest.mark.parametrize("last", [b"a", PIECE], ids=["few bytes", "many"])
    async def test_onto_a_full_disk_is_refused_and_leaves_nothing(
        self,
        admin_client: AsyncClient,
        services: Services,
        settings: Settings,
        post: str,
        last: bytes,
    ) -> None:
        async def filling() -> AsyncIterator[bytes]:
            yield PART + FILM
            fill_disk(services.staging.path)
            yield last + END

        before = files_in(settings)
        response = await admin_client.post(post, content=filling(), headers=FORM)
        assert response.status_code == 507
        assert response.json()["code"] == "insufficient_storage"
        assert files_in(settings) == before
        assert (await admin_client.post(post, files={"file": FILM})).status_code == 201

    async def test_that_breaks_off_is_refused_and_leaves_nothing(
        self, admin_client: AsyncClient, settings: Settings, post: str
    ) -> None:
        async def broken() -> AsyncIterator[bytes]:
            yield PART + FILM
            yield PIECE

        before = files_in(settings)
        assert (await admin_client.post(post, content=broken(), headers=FORM)).status_code == 400
        assert files_in(settings) == before
