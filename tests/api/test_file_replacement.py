"""Another file in the place of one that is there."""

from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from tests.factories import photos, pictures, videos
from tests.factories.galleries import (
    add_picture,
    add_video,
    files_of,
    led_to,
    replace_picture,
    statuses,
    store_picture,
)
from tests.factories.posts import make_post
from tests.factories.stored_files import forget

from portfolio.models.media import Image
from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"


def photo(width: int) -> bytes:
    return photos.encoded(photos.quarters(width, 40))


async def put(client: AsyncClient, path: str, content: bytes, **headers: str) -> Response:
    files = {"file": ("a.bin", content)}
    return await client.put(f"{API}/{path}/file", files=files, headers=headers)


def version_of(response: Response) -> int:
    return int(response.headers["ETag"].removeprefix('W/"').partition(".")[0])


@pytest.fixture
async def post(services: Services, admin: User) -> int:
    return (await make_post(services, admin)).id


@pytest.fixture
async def draft(services: Services, admin: User) -> int:
    return (await make_post(services, admin, status="draft")).id


@pytest.fixture
async def image(services: Services, post: int, tmp_path: Path) -> Image:
    return await add_picture(services, tmp_path, "first", "posts", post)


class TestReplaceImageFile:
    async def test_is_for_admins(
        self, client: AsyncClient, user_client: AsyncClient, image: Image
    ) -> None:
        path = f"images/{image.id}"
        assert (await put(client, path, photo(50))).status_code == 401
        assert (await put(user_client, path, photo(50))).status_code == 403

    async def test_keeps_all_that_was_said_about_the_picture(
        self, admin_client: AsyncClient, client: AsyncClient, post: int
    ) -> None:
        place = f"{API}/posts/{post}/images"
        await admin_client.post(place, json={"url": "https://example.com/a.jpg"})
        said = {
            "alt": "Ships",
            "caption": "At dawn",
            "cover": "true",
            "focal_point": '{"x": 0.25, "y": 1}',
        }
        sent = {"file": ("a.jpg", photo(60))}
        made = await admin_client.post(place, files=sent, data=said)
        before = made.json()
        response = await put(
            admin_client, f"images/{before['id']}", photo(80), **{"If-Match": made.headers["ETag"]}
        )
        assert response.status_code == 200, response.text
        after = response.json()
        for name in ("id", "entity_id", "alt", "caption", "cover", "focal_point", "position"):
            assert after[name] == before[name], name
        assert (after["width"], after["position"]) == (80, 1)
        for name in ("url", "variants", "bytes"):
            assert after[name] != before[name], name
        assert version_of(response) > version_of(made)
        shown = (await client.get(f"{API}/posts/{post}")).json()
        assert shown["cover"] == after
        assert await statuses(client, after["url"], *(v["url"] for v in after["variants"])) == {200}
        assert await led_to(client, before["url"]) == after["url"]

    async def test_refuses_to_overwrite_unseen_work(
        self, admin_client: AsyncClient, image: Image
    ) -> None:
        path = f"images/{image.id}"
        response = await put(admin_client, path, photo(50), **{"If-Match": 'W/"9."'})
        assert response.status_code == 412
        assert (await admin_client.get(f"{API}/{path}")).json()["url"] == image.url

    async def test_refuses_what_is_not_there(self, admin_client: AsyncClient) -> None:
        assert (await put(admin_client, "images/999999", photo(50))).status_code == 404

    async def test_takes_a_picture_in_a_form_and_nothing_else(
        self, admin_client: AsyncClient, image: Image
    ) -> None:
        path = f"{API}/images/{image.id}/file"
        by_address = await admin_client.put(path, json={"url": "https://example.com/a.jpg"})
        assert by_address.status_code == 415
        assert (await put(admin_client, f"images/{image.id}", pictures.svg())).status_code == 415
        files = {"file": ("a.jpg", photo(50))}
        more = await admin_client.put(path, files=files, data={"alt": "Ships"})
        assert more.status_code == 422
        nothing = await admin_client.put(path, files={"other": ("a.jpg", photo(50))})
        assert nothing.status_code == 422

    async def test_of_a_draft_is_answered_with_addresses_that_work(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        draft: int,
        tmp_path: Path,
    ) -> None:
        image = await add_picture(services, tmp_path, "first", "posts", draft)
        answer = (await put(admin_client, f"images/{image.id}", photo(50))).json()
        urls = [answer["url"], *(made["url"] for made in answer["variants"])]
        assert all("?signed=" in url for url in urls)
        assert await statuses(client, *urls) == {200}


class TestFormerAddress:
    async def test_leads_to_the_new_file_from_the_first_moment_on(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        image: Image,
        tmp_path: Path,
    ) -> None:
        former, variant = files_of(image)[:2]
        tag = (await client.get(former)).headers["ETag"]
        stored = await store_picture(services, tmp_path, "second")
        image = await replace_picture(services, image, stored)
        for _ in ("while the old file is there", "once it is gone"):
            assert await led_to(client, former) == image.url != former
            assert (await client.get(image.url)).status_code == 200
            held = await client.get(former, headers={"If-None-Match": tag})
            assert held.status_code == 307
            led = await admin_client.get(former)
            assert (led.status_code, led.headers["Location"]) == (307, image.url)
            await forget(services)
        assert await statuses(client, variant) == {404}
        assert await services.storage.locate(former.removeprefix("/media/")) is None

    async def test_leads_to_the_newest_of_all(
        self, client: AsyncClient, services: Services, image: Image, tmp_path: Path
    ) -> None:
        former = []
        for name in ("second", "third"):
            former.append(image.url)
            stored = await store_picture(services, tmp_path, name)
            image = await replace_picture(services, image, stored)
        for _ in range(2):
            assert [await led_to(client, url) for url in former] == [image.url] * 2
            await forget(services)

    async def test_is_the_present_one_again_when_the_first_file_comes_back(
        self, client: AsyncClient, services: Services, image: Image, tmp_path: Path
    ) -> None:
        first, second = [await store_picture(services, tmp_path, n) for n in ("first", "second")]
        for stored in (second, first):
            await replace_picture(services, image, stored)
        for _ in range(2):
            assert await statuses(client, first.file.url) == {200}
            assert await led_to(client, second.file.url) == first.file.url
            await forget(services)
        await services.storage.delete(first.file.key)
        assert await statuses(client, first.file.url) == {404}

    async def test_stays_with_another_image_that_shows_the_same(
        self, client: AsyncClient, services: Services, admin: User, image: Image, tmp_path: Path
    ) -> None:
        former = files_of(image)
        other_post = await make_post(services, admin)
        await add_picture(services, tmp_path, "first", "posts", other_post.id)
        stored = await store_picture(services, tmp_path, "second")
        image = await replace_picture(services, image, stored)
        await forget(services)
        assert await statuses(client, *former, image.url) == {200}

    async def test_leads_nobody_to_what_they_may_not_see(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        user_client: AsyncClient,
        services: Services,
        draft: int,
        tmp_path: Path,
    ) -> None:
        image = await add_picture(services, tmp_path, "first", "posts", draft)
        former = image.url
        stored = await store_picture(services, tmp_path, "second")
        image = await replace_picture(services, image, stored)
        for _ in range(2):
            assert await statuses(client, former) == {404}
            assert await statuses(user_client, former) == {404}
            response = await admin_client.get(former)
            assert response.status_code == 307
            assert response.headers["Cache-Control"] == "private, no-store"
            followed = await admin_client.get(response.headers["Location"])
            assert followed.status_code == 200
            await forget(services)
        await admin_client.post(f"{API}/posts/{draft}/publish")
        assert await led_to(client, former) == image.url

    async def test_can_still_be_attached(
        self,
        admin_client: AsyncClient,
        services: Services,
        image: Image,
        draft: int,
        tmp_path: Path,
    ) -> None:
        former = image.url
        stored = await store_picture(services, tmp_path, "second")
        image = await replace_picture(services, image, stored)
        await forget(services)
        place = f"{API}/posts/{draft}/images"
        made = await admin_client.post(place, json={"url": former})
        assert made.status_code == 201, made.text
        assert made.json()["url"].startswith(image.url)

    async def test_is_forgotten_with_the_image(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        image: Image,
        tmp_path: Path,
    ) -> None:
        former = image.url
        stored = await store_picture(services, tmp_path, "second")
        image = await replace_picture(services, image, stored)
        await admin_client.delete(f"{API}/images/{image.id}")
        await forget(services)
        assert await statuses(client, former, image.url) == {404}


class TestReplaceVideoFile:
    @pytest.fixture(autouse=True)
    def no_programs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))

    async def test_is_for_admins(
        self, client: AsyncClient, user_client: AsyncClient, services: Services, tmp_path: Path
    ) -> None:
        path = f"videos/{(await add_video(services, tmp_path, 'first')).id}"
        assert (await put(client, path, videos.mp4("x"))).status_code == 401
        assert (await put(user_client, path, videos.mp4("x"))).status_code == 403

    async def test_keeps_all_that_was_said_about_the_film(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        post: int,
        tmp_path: Path,
    ) -> None:
        video = await add_video(services, tmp_path, "first", "posts", post)
        path = f"{API}/videos/{video.id}"
        changed = await admin_client.patch(path, json={"title": "A tour", "position": 4})
        before = changed.json()
        tag = {"If-Match": changed.headers["ETag"]}
        response = await put(admin_client, f"videos/{video.id}", videos.webm(), **tag)
        assert response.status_code == 200, response.text
        after: dict[str, Any] = response.json()
        for name in ("id", "entity_id", "title", "position", "captions", "poster", "provider"):
            assert after[name] == before[name], name
        assert after["content_type"] == "video/webm"
        assert version_of(response) > version_of(changed)
        for _ in range(2):
            assert await led_to(client, before["url"]) == after["url"]
            urls = after["url"], after["poster"], after["captions"][0]["url"]
            assert await statuses(client, *urls) == {200}
            await forget(services)
        stale = await put(admin_client, f"videos/{video.id}", videos.mp4("y"), **tag)
        assert stale.status_code == 412

    async def test_takes_a_film_in_a_form_and_nothing_else(
        self, admin_client: AsyncClient, services: Services, tmp_path: Path
    ) -> None:
        video = await add_video(services, tmp_path, "first")
        path = f"videos/{video.id}"
        assert (await put(admin_client, path, photo(50))).status_code == 415
        by_address = {"url": "https://example.com/a.mp4"}
        assert (await admin_client.put(f"{API}/{path}/file", json=by_address)).status_code == 415
        assert (await put(admin_client, "videos/99999", videos.mp4("z"))).status_code == 404
