from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories import pictures
from tests.factories.images import (
    ADDRESS,
    API,
    LIBRARY,
    add_image,
    place_for_images,
    refused_fields,
)
from tests.factories.kept import keep

from portfolio.models.users import User
from portfolio.wiring import Services

places = pytest.mark.parametrize("place", ["posts", "projects", "profiles"])


@pytest.fixture
async def post(admin_client: AsyncClient) -> str:
    """Where the images of a published post are."""
    return await place_for_images(admin_client, "posts", status="published")


@pytest.fixture
async def draft(admin_client: AsyncClient) -> str:
    return await place_for_images(admin_client, "posts")


class TestListImages:
    @places
    async def test_shows_those_of_what_is_public_to_anyone(
        self, client: AsyncClient, admin_client: AsyncClient, place: str
    ) -> None:
        where = await place_for_images(admin_client, place, status="published")
        made = await add_image(admin_client, where)
        response = await client.get(where)
        assert response.status_code == 200
        body = response.json()
        assert body["items"] == [made]
        assert (body["total"], body["page"], body["next_cursor"]) == (1, 1, None)

    async def test_finds_a_post_by_its_slug_too(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = await add_image(admin_client, post)
        response = await client.get(f"{API}/posts/harbour/images")
        assert response.json()["items"] == [made]

    async def test_hides_those_of_a_draft_from_strangers(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        draft: str,
    ) -> None:
        await add_image(admin_client, draft)
        assert (await client.get(draft)).status_code == 404
        assert (await user_client.get(draft)).status_code == 404
        assert (await admin_client.get(draft)).json()["total"] == 1

    async def test_hides_the_profile_of_someone_who_only_reads(
        self, client: AsyncClient, user: User
    ) -> None:
        assert (await client.get(f"{API}/profiles/{user.username}/images")).status_code == 404

    @pytest.mark.parametrize("where", ["posts/none", "posts/99999999", "comments/1", "users/1"])
    async def test_answers_404_where_there_is_nothing(
        self, client: AsyncClient, where: str
    ) -> None:
        assert (await client.get(f"{API}/{where}/images")).status_code == 404

    async def test_goes_through_many_by_page_and_by_cursor(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = [(await add_image(admin_client, post))["id"] for _ in range(5)]
        first = (await client.get(post, params={"limit": 2})).json()
        second = (await client.get(post, params={"limit": 2, "page": 2})).json()
        rest = (await client.get(post, params={"limit": 3, "cursor": first["next_cursor"]})).json()
        assert [item["id"] for item in first["items"] + second["items"]] == made[:4]
        assert [item["id"] for item in rest["items"]] == made[2:]
        assert first["pages"] == 3

    async def test_runs_the_same_number_of_queries_for_any_number_of_images(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        post: str,
        count_queries: list[str],
    ) -> None:
        counts = set()
        for _ in range(3):
            await add_image(admin_client, post)
            count_queries.clear()
            await client.get(post)
            counts.add(len(count_queries))
        assert len(counts) == 1


class TestCreateImage:
    @places
    async def test_is_for_admins(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        place: str,
    ) -> None:
        where = await place_for_images(admin_client, place, status="published")
        assert (await client.post(where, json={"url": ADDRESS})).status_code == 401
        assert (await user_client.post(where, json={"url": ADDRESS})).status_code == 403

    async def test_attaches_an_address_with_what_is_said_about_it(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        given = {
            "url": ADDRESS,
            "alt": "Ships",
            "caption": "1888",
            "position": 3,
            "focal_point": {"x": 0.25, "y": 1},
            "cover": True,
        }
        response = await admin_client.post(post, json=given)
        assert response.status_code == 201
        made = response.json()
        assert {name: made[name] for name in given} == given
        assert made["entity_type"] == "posts"
        assert post == f"{API}/posts/{made['entity_id']}/images"
        assert made["variants"] == []
        assert {made[name] for name in ("width", "height", "bytes", "content_type")} == {None}
        assert response.headers["Location"] == f"{LIBRARY}/{made['id']}"
        read = await admin_client.get(response.headers["Location"])
        assert read.json() == made

    async def test_shows_a_cover_with_its_post(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        await add_image(admin_client, post)
        made = await add_image(admin_client, post, cover=True)
        detail = (await client.get(post.removesuffix("/images"))).json()
        assert detail["cover"] == made
        assert [image["cover"] for image in detail["images"]] == [False, True]

    async def test_takes_the_path_of_a_file_that_is_here(
        self, services: Services, admin_client: AsyncClient, post: str, tmp_path: Path
    ) -> None:
        (tmp_path / "harbour").write_bytes(pictures.png(40, 30))
        stored = await services.picture_files.store(tmp_path / "harbour")
        async with services.database.transaction() as db:
            await services.media.add_picture(db, None, None, stored)
        made = await add_image(admin_client, post, url=stored.file.url)
        assert (made["width"], made["height"]) == (40, 30)
        assert made["content_type"] == "image/png"
        assert made["variants"] == stored.variants

    async def test_takes_no_file_that_is_no_picture(
        self, services: Services, admin_client: AsyncClient, post: str, tmp_path: Path
    ) -> None:
        stored = await keep(services, tmp_path, b"film", "mp4")
        assert refused_fields(await admin_client.post(post, json={"url": stored.url})) == ["url"]

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "harbour.jpg",
            "/harbour.jpg",
            "//example.com/harbour.jpg",
            "/media/../secrets.json",
            "/media/ab/" + "c" * 38 + ".png",
            "ftp://example.com/harbour.jpg",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "https://example.com/" + "a" * 2000,
            "https://",
            None,
        ],
    )
    async def test_refuses_any_other_address(
        self, admin_client: AsyncClient, post: str, url: str | None
    ) -> None:
        assert refused_fields(await admin_client.post(post, json={"url": url})) == ["url"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("focal_point.x", {"x": 1.5, "y": 0}),
            ("focal_point.y", {"x": 1}),
            ("position", -1),
            ("cover", None),
            ("alt", "a" * 10_001),
            ("entity_id", 1),
            ("width", 100),
        ],
    )
    async def test_refuses_what_cannot_be(
        self, admin_client: AsyncClient, post: str, field: str, value: Any
    ) -> None:
        body = {"url": ADDRESS, field.partition(".")[0]: value}
        assert refused_fields(await admin_client.post(post, json=body)) == [field]

    async def test_answers_404_where_there_is_nothing(self, admin_client: AsyncClient) -> None:
        response = await admin_client.post(f"{API}/posts/none/images", json={"url": ADDRESS})
        assert response.status_code == 404

    async def test_happens_once_for_one_idempotency_key(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        for _ in range(2):
            await admin_client.post(
                post, json={"url": ADDRESS}, headers={"Idempotency-Key": "harbour"}
            )
        assert (await admin_client.get(post)).json()["total"] == 1


class TestOrderImages:
    async def test_is_for_admins(self, client: AsyncClient, post: str) -> None:
        assert (await client.put(f"{post}/order", json={"ids": [1]})).status_code == 401

    async def test_gives_the_images_a_new_order(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = [(await add_image(admin_client, post))["id"] for _ in range(3)]
        wanted = [made[2], made[0], made[1]]
        response = await admin_client.put(f"{post}/order", json={"ids": wanted})
        assert response.status_code == 200
        assert [item["id"] for item in response.json()["items"]] == wanted
        listed = (await client.get(post)).json()["items"]
        assert [(item["id"], item["position"]) for item in listed] == [
            (image_id, place) for place, image_id in enumerate(wanted)
        ]

    async def test_wants_each_image_named_once(
        self, admin_client: AsyncClient, post: str, draft: str
    ) -> None:
        first, second = [(await add_image(admin_client, post))["id"] for _ in range(2)]
        other = (await add_image(admin_client, draft))["id"]
        for ids in ([first], [first, first], [first, second, second], [first, other]):
            response = await admin_client.put(f"{post}/order", json={"ids": ids})
            assert refused_fields(response) == ["ids"]
