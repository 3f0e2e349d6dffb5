"""Texts that name a file which another one took the place of."""

from pathlib import Path

import pytest
from httpx2 import AsyncClient
from tests.factories.galleries import (
    add_picture,
    files_of,
    led_to,
    replace_picture,
    statuses,
    store_picture,
)
from tests.factories.posts import make_post
from tests.factories.stored_files import forget

from portfolio.models.users import User
from portfolio.schemas.posts import PostUpdate
from portfolio.wiring import Services

API = "/api/v1"


class TestReplacedFile:
    @pytest.mark.parametrize("status", ["published", "draft"])
    async def test_show_the_new_one_and_stay_as_they_were(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        tmp_path: Path,
        status: str,
    ) -> None:
        image = await add_picture(services, tmp_path, "first")
        former = image.url
        body = f"![Ships]({former})"
        post = await make_post(services, admin, body_markdown=body, status=status)
        place = f"{API}/posts/{post.id}"
        before = (await admin_client.get(place)).json()
        names: list[str] = []
        for name in ("second", "third"):
            stored = await store_picture(services, tmp_path, name)
            names.append(image.url)
            image = await replace_picture(services, image, stored)
            await services.outbox.run_due()
            response = await (client if status == "published" else admin_client).get(place)
            shown = response.json()
            for url in files_of(image):
                assert url in shown["html"]
            assert shown["html"].count("<picture>") == 1
            assert former not in shown["html"]
            same: tuple[str, ...] = ("body_markdown", "version", "updated_at", "toc", "excerpt")
            assert [shown[name] for name in same] == [before[name] for name in same]
            for url in names:
                assert await led_to(client, url) == image.url
        await forget(services)
        assert await led_to(client, former) == image.url
        assert await services.storage.locate(former.removeprefix("/media/")) is None

    async def test_follow_when_the_first_comes_back(
        self, client: AsyncClient, services: Services, admin: User, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "first")
        first = image.url
        post = await make_post(services, admin, body_markdown=f"![Ships]({first})")
        for name in ("second", "first", "second", "first"):
            stored = await store_picture(services, tmp_path, name)
            await replace_picture(services, image, stored)
            await forget(services)
            html = (await client.get(f"{API}/posts/{post.id}")).json()["html"]
            assert f'src="{stored.file.url}"' in html
        async with services.database.transaction() as db:
            await services.media.delete(db, image.id)
        await forget(services)
        assert await statuses(client, first) == {200}

    async def test_in_a_profile_follow_as_well(
        self, admin_client: AsyncClient, client: AsyncClient, services: Services, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "first")
        former, body = image.url, {"summary_markdown": f"![Me]({image.url})"}
        before = await admin_client.patch(f"{API}/profile", json=body)
        assert (await client.get(f"{API}/profile")).headers["X-Cache"] == "miss"
        stored = await store_picture(services, tmp_path, "second")
        image = await replace_picture(services, image, stored)
        await forget(services)
        response = await client.get(f"{API}/profile")
        after = response.json()
        assert f'src="{image.url}"' in after["summary_html"]
        assert former not in after["summary_html"]
        assert after["summary_markdown"] == body["summary_markdown"]
        assert response.headers["ETag"].split(".")[0] == before.headers["ETag"].split(".")[0]
        assert await led_to(client, former) == image.url

    async def test_still_lead_there_when_the_image_is_deleted(
        self, client: AsyncClient, services: Services, admin: User, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "first")
        former = image.url
        post = await make_post(services, admin, body_markdown=f"![Ships]({former})")
        stored = await store_picture(services, tmp_path, "second")
        image = await replace_picture(services, image, stored)
        await forget(services)
        async with services.database.transaction() as db:
            await services.media.delete(db, image.id)
        await forget(services)
        assert await led_to(client, former) == image.url
        assert await statuses(client, image.url) == {200}
        # And when the text is rendered again.
        async with services.database.transaction() as db:
            await services.posts.update(db, post.id, PostUpdate(body_markdown=f"A ![]({former})"))
        await forget(services)
        assert f'src="{image.url}"' in (await client.get(f"{API}/posts/{post.id}")).json()["html"]
        assert await statuses(client, image.url) == {200}
