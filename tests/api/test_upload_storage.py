"""What becomes of uploads, wherever files are kept: nobody should see the difference."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from tests.factories import photos
from tests.factories.galleries import statuses
from tests.factories.posts import make_post
from tests.factories.stored_files import forget

from portfolio.core.config import Settings, StorageSettings
from portfolio.main import create_app
from portfolio.models.users import User
from portfolio.wiring import Services
from portfolio.wiring.preparation import prepare

LIBRARY = "/api/v1/images"
PHOTO = photos.encoded(photos.quarters(700, 400))


@pytest.fixture(params=["folder", "bucket"])
async def app(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path
) -> AsyncIterator[FastAPI]:
    url = request.getfixturevalue("bucket") if request.param == "bucket" else None
    storage = StorageSettings(data_dir=tmp_path, storage_url=url)
    made = create_app(settings.model_copy(update={"storage": storage}))
    async with made.state.services as services:
        await prepare(services)
        yield made


@pytest.fixture
async def post(services: Services, admin: User) -> str:
    return f"/api/v1/posts/{(await make_post(services, admin)).id}/images"


async def upload(client: AsyncClient, to: str, content: bytes = PHOTO) -> Any:
    answer = await client.post(to, files={"file": ("a.jpg", content)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def addresses(image: Any) -> list[str]:
    return [made["url"] for made in (image, *image["variants"])]


async def kept(services: Services) -> set[str]:
    keys = services.storage.keys()
    return {f"/media/{file.key}" async for file in keys}


class TestUpload:
    async def test_is_served_to_everybody_with_all_that_was_made_of_it(
        self, admin_client: AsyncClient, client: AsyncClient, services: Services, post: str
    ) -> None:
        image = await upload(admin_client, post)
        assert await kept(services) == set(addresses(image))
        for made in (image, *image["variants"]):
            served, head = [await client.request(how, made["url"]) for how in ("GET", "HEAD")]
            part = await client.get(made["url"], headers={"Range": "bytes=10-19"})
            assert (served.status_code, head.status_code, part.status_code) == (200, 200, 206)
            assert int(head.headers["Content-Length"]) == len(served.content) == made["bytes"]
            assert part.content == served.content[10:20]

    async def test_leaves_nothing_where_it_is_refused(
        self, admin_client: AsyncClient, services: Services, post: str
    ) -> None:
        answer = await admin_client.post(post, files={"file": ("a.jpg", PHOTO[:2000])})
        assert answer.status_code == 422
        assert await kept(services) == set()

    async def test_leaves_nothing_where_nothing_is_to_show_it(
        self, admin_client: AsyncClient, services: Services, post: str
    ) -> None:
        nowhere = "/api/v1/posts/none/images"
        assert (await admin_client.post(nowhere, files={"file": PHOTO})).status_code == 404
        await forget(services)
        assert await kept(services) == set()

    async def test_of_the_same_content_is_kept_once_for_all(
        self, admin_client: AsyncClient, services: Services, post: str
    ) -> None:
        first, second = [await upload(admin_client, to) for to in (post, LIBRARY)]
        assert first["id"] != second["id"]
        assert await kept(services) == set(addresses(first)) == set(addresses(second))


class TestDelete:
    async def test_takes_the_files_along(
        self, admin_client: AsyncClient, services: Services, post: str
    ) -> None:
        image = await upload(admin_client, post)
        assert (await admin_client.delete(f"{LIBRARY}/{image['id']}")).status_code == 204
        await forget(services)
        assert await kept(services) == set()
        assert await statuses(admin_client, *addresses(image)) == {404}

    async def test_leaves_what_something_else_shows(
        self, admin_client: AsyncClient, services: Services, post: str
    ) -> None:
        first, second = [await upload(admin_client, to) for to in (post, LIBRARY)]
        await admin_client.delete(f"{LIBRARY}/{first['id']}")
        await forget(services)
        assert await statuses(admin_client, *addresses(second)) == {200}

    async def test_leaves_what_is_uploaded_again_meanwhile(
        self, admin_client: AsyncClient, services: Services, post: str
    ) -> None:
        first = await upload(admin_client, post)
        await admin_client.delete(f"{LIBRARY}/{first['id']}")
        again = await upload(admin_client, post)
        await forget(services)
        assert await kept(services) == set(addresses(again))
        assert await statuses(admin_client, *addresses(again)) == {200}
