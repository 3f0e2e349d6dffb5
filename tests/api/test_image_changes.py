from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.images import ADDRESS, LIBRARY, add_image, place_for_images, refused_fields


@pytest.fixture
async def post(admin_client: AsyncClient) -> str:
    """Where the images of a published post are."""
    return await place_for_images(admin_client, "posts", status="published")


@pytest.fixture
async def draft(admin_client: AsyncClient) -> str:
    return await place_for_images(admin_client, "posts")


class TestGetImage:
    async def test_shows_one_of_what_is_public_to_anyone(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = await add_image(admin_client, post)
        response = await client.get(f"{LIBRARY}/{made['id']}")
        assert response.json() == made
        again = await client.get(
            f"{LIBRARY}/{made['id']}", headers={"If-None-Match": response.headers["ETag"]}
        )
        assert again.status_code == 304

    async def test_hides_one_of_a_draft_and_of_the_library(
        self, client: AsyncClient, admin_client: AsyncClient, draft: str
    ) -> None:
        for where in (draft, LIBRARY):
            address = f"{LIBRARY}/{(await add_image(admin_client, where))['id']}"
            assert (await client.get(address)).status_code == 404
            assert (await admin_client.get(address)).status_code == 200

    @pytest.mark.parametrize("image_id", ["99999999", str(2**63 - 1)])
    async def test_answers_404_for_none(self, client: AsyncClient, image_id: str) -> None:
        assert (await client.get(f"{LIBRARY}/{image_id}")).status_code == 404


class TestUpdateImage:
    @pytest.fixture
    async def image(self, admin_client: AsyncClient, post: str) -> dict[str, Any]:
        return await add_image(admin_client, post, alt="Ships", caption="1888")

    async def test_is_for_admins(
        self, client: AsyncClient, user_client: AsyncClient, image: dict[str, Any]
    ) -> None:
        address = f"{LIBRARY}/{image['id']}"
        assert (await client.patch(address, json={})).status_code == 401
        assert (await user_client.patch(address, json={})).status_code == 403

    async def test_changes_what_is_given_and_nothing_else(
        self, admin_client: AsyncClient, image: dict[str, Any]
    ) -> None:
        changes = {"alt": "Many ships", "caption": None, "focal_point": {"x": 0.5, "y": 0.5}}
        response = await admin_client.patch(f"{LIBRARY}/{image['id']}", json=changes)
        assert response.status_code == 200
        assert response.json() == {**image, **changes}

    async def test_moves_the_cover(
        self, admin_client: AsyncClient, post: str, image: dict[str, Any]
    ) -> None:
        other = await add_image(admin_client, post, cover=True)
        await admin_client.patch(f"{LIBRARY}/{image['id']}", json={"cover": True})
        listed = (await admin_client.get(post)).json()["items"]
        assert {item["id"]: item["cover"] for item in listed} == {
            image["id"]: True,
            other["id"]: False,
        }

    @pytest.mark.parametrize(
        "changes", [{"position": None}, {"cover": None}, {"url": ADDRESS}, {"id": 1}]
    )
    async def test_refuses_what_cannot_be(
        self, admin_client: AsyncClient, image: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        response = await admin_client.patch(f"{LIBRARY}/{image['id']}", json=changes)
        assert refused_fields(response) == list(changes)

    async def test_of_an_old_version_is_refused(
        self, admin_client: AsyncClient, image: dict[str, Any]
    ) -> None:
        address = f"{LIBRARY}/{image['id']}"
        seen = {"If-Match": (await admin_client.get(address)).headers["ETag"]}
        first = await admin_client.patch(address, json={"alt": "a"}, headers=seen)
        second = await admin_client.patch(address, json={"alt": "b"}, headers=seen)
        assert (first.status_code, second.status_code) == (200, 412)
        assert (await admin_client.delete(address, headers=seen)).status_code == 412


class TestDeleteImage:
    async def test_is_for_admins(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = await add_image(admin_client, post)
        assert (await client.delete(f"{LIBRARY}/{made['id']}")).status_code == 401

    async def test_takes_it_away(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        address = f"{LIBRARY}/{(await add_image(admin_client, post))['id']}"
        assert (await admin_client.delete(address)).status_code == 204
        assert (await admin_client.delete(address)).status_code == 404
        assert (await client.get(post)).json()["items"] == []


class TestLibrary:
    async def test_is_for_admins(self, client: AsyncClient, user_client: AsyncClient) -> None:
        for caller, status in ((client, 401), (user_client, 403)):
            assert (await caller.get(LIBRARY)).status_code == status
            response = await caller.post(LIBRARY, json={"url": ADDRESS})
            assert response.status_code == status

    async def test_lists_what_belongs_to_nothing_the_newest_first(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        await add_image(admin_client, post)
        made = [(await add_image(admin_client, LIBRARY))["id"] for _ in range(3)]
        first = (await admin_client.get(LIBRARY, params={"limit": 2})).json()
        rest = await admin_client.get(LIBRARY, params={"limit": 2, "cursor": first["next_cursor"]})
        listed = [item["id"] for item in first["items"] + rest.json()["items"]]
        assert listed == made[::-1]
        assert first["total"] == 3

    async def test_has_no_cover(self, admin_client: AsyncClient) -> None:
        body = {"url": ADDRESS, "cover": True}
        response = await admin_client.post(LIBRARY, json=body)
        assert refused_fields(response) == ["cover"]
