from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from tests.factories import pictures

from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"
ADDRESS = "https://example.com/harbour.jpg"
PLACES = ("posts", "projects", "profiles")
places = pytest.mark.parametrize("place", PLACES)


async def make(client: AsyncClient, noun: str, **fields: Any) -> str:
    response = await client.post(f"{API}/{noun}", json={"title": "Harbour", **fields})
    assert response.status_code == 201, response.text
    return f"{API}/{noun}/{response.json()['id']}/images"


@pytest.fixture
async def post(admin_client: AsyncClient) -> str:
    """Where the images of a published post are."""
    return await make(admin_client, "posts", status="published")


@pytest.fixture
async def draft(admin_client: AsyncClient) -> str:
    return await make(admin_client, "posts")


async def images_of(admin_client: AsyncClient, place: str) -> str:
    if place == "profiles":
        await admin_client.patch(f"{API}/profile", json={"name": "The Owner"})
        return f"{API}/profiles/owner/images"
    return await make(admin_client, place, status="published")


async def add(client: AsyncClient, where: str, **fields: Any) -> dict[str, Any]:
    response = await client.post(where, json={"url": ADDRESS, **fields})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def refused_fields(response: Response) -> list[str]:
    assert response.status_code == 422, response.text
    return [error["field"] for error in response.json()["errors"]]


class TestListImages:
    @places
    async def test_shows_those_of_what_is_public_to_anyone(
        self, client: AsyncClient, admin_client: AsyncClient, place: str
    ) -> None:
        where = await images_of(admin_client, place)
        made = await add(admin_client, where)
        response = await client.get(where)
        assert response.status_code == 200
        body = response.json()
        assert body["items"] == [made]
        assert (body["total"], body["page"], body["next_cursor"]) == (1, 1, None)

    async def test_finds_a_post_by_its_slug_too(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = await add(admin_client, post)
        response = await client.get(f"{API}/posts/harbour/images")
        assert response.json()["items"] == [made]

    async def test_hides_those_of_a_draft_from_strangers(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        draft: str,
    ) -> None:
        await add(admin_client, draft)
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
        made = [(await add(admin_client, post))["id"] for _ in range(5)]
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
            await add(admin_client, post)
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
        where = await images_of(admin_client, place)
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
        assert response.headers["Location"] == f"{API}/images/{made['id']}"
        read = await admin_client.get(response.headers["Location"])
        assert read.json() == made

    async def test_shows_a_cover_with_its_post(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        await add(admin_client, post)
        made = await add(admin_client, post, cover=True)
        detail = (await client.get(post.removesuffix("/images"))).json()
        assert detail["cover"] == made
        assert [image["cover"] for image in detail["images"]] == [False, True]

    async def test_takes_the_path_of_a_file_that_is_here(
        self, services: Services, admin_client: AsyncClient, post: str, tmp_path: Path
    ) -> None:
        (tmp_path / "harbour").write_bytes(pictures.png(40, 30))
        stored = await services.storage.put_file(tmp_path / "harbour")
        made = await add(admin_client, post, url=stored.url)
        assert (made["width"], made["height"]) == (40, 30)
        assert made["content_type"] == "image/png"

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

    async def test_takes_no_upload_yet(self, admin_client: AsyncClient, post: str) -> None:
        response = await admin_client.post(post, files={"file": ("a.png", pictures.png())})
        assert response.status_code == 415
        assert "application/json" in response.json()["detail"]

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
        made = [(await add(admin_client, post))["id"] for _ in range(3)]
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
        first, second = [(await add(admin_client, post))["id"] for _ in range(2)]
        other = (await add(admin_client, draft))["id"]
        for ids in ([first], [first, first], [first, second, second], [first, other]):
            response = await admin_client.put(f"{post}/order", json={"ids": ids})
            assert refused_fields(response) == ["ids"]


class TestGetImage:
    async def test_shows_one_of_what_is_public_to_anyone(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = await add(admin_client, post)
        response = await client.get(f"{API}/images/{made['id']}")
        assert response.json() == made
        again = await client.get(
            f"{API}/images/{made['id']}", headers={"If-None-Match": response.headers["ETag"]}
        )
        assert again.status_code == 304

    async def test_hides_one_of_a_draft_and_of_the_library(
        self, client: AsyncClient, admin_client: AsyncClient, draft: str
    ) -> None:
        for where in (draft, f"{API}/images"):
            address = f"{API}/images/{(await add(admin_client, where))['id']}"
            assert (await client.get(address)).status_code == 404
            assert (await admin_client.get(address)).status_code == 200

    @pytest.mark.parametrize("image_id", ["99999999", str(2**63 - 1)])
    async def test_answers_404_for_none(self, client: AsyncClient, image_id: str) -> None:
        assert (await client.get(f"{API}/images/{image_id}")).status_code == 404


class TestUpdateImage:
    @pytest.fixture
    async def image(self, admin_client: AsyncClient, post: str) -> dict[str, Any]:
        return await add(admin_client, post, alt="Ships", caption="1888")

    async def test_is_for_admins(
        self, client: AsyncClient, user_client: AsyncClient, image: dict[str, Any]
    ) -> None:
        address = f"{API}/images/{image['id']}"
        assert (await client.patch(address, json={})).status_code == 401
        assert (await user_client.patch(address, json={})).status_code == 403

    async def test_changes_what_is_given_and_nothing_else(
        self, admin_client: AsyncClient, image: dict[str, Any]
    ) -> None:
        changes = {"alt": "Many ships", "caption": None, "focal_point": {"x": 0.5, "y": 0.5}}
        response = await admin_client.patch(f"{API}/images/{image['id']}", json=changes)
        assert response.status_code == 200
        assert response.json() == {**image, **changes}

    async def test_moves_the_cover(
        self, admin_client: AsyncClient, post: str, image: dict[str, Any]
    ) -> None:
        other = await add(admin_client, post, cover=True)
        await admin_client.patch(f"{API}/images/{image['id']}", json={"cover": True})
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
        response = await admin_client.patch(f"{API}/images/{image['id']}", json=changes)
        assert refused_fields(response) == list(changes)

    async def test_of_an_old_version_is_refused(
        self, admin_client: AsyncClient, image: dict[str, Any]
    ) -> None:
        address = f"{API}/images/{image['id']}"
        seen = {"If-Match": (await admin_client.get(address)).headers["ETag"]}
        first = await admin_client.patch(address, json={"alt": "a"}, headers=seen)
        second = await admin_client.patch(address, json={"alt": "b"}, headers=seen)
        assert (first.status_code, second.status_code) == (200, 412)
        assert (await admin_client.delete(address, headers=seen)).status_code == 412


class TestDeleteImage:
    async def test_is_for_admins(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = await add(admin_client, post)
        assert (await client.delete(f"{API}/images/{made['id']}")).status_code == 401

    async def test_takes_it_away(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        address = f"{API}/images/{(await add(admin_client, post))['id']}"
        assert (await admin_client.delete(address)).status_code == 204
        assert (await admin_client.delete(address)).status_code == 404
        assert (await client.get(post)).json()["items"] == []


class TestLibrary:
    async def test_is_for_admins(self, client: AsyncClient, user_client: AsyncClient) -> None:
        for caller, status in ((client, 401), (user_client, 403)):
            assert (await caller.get(f"{API}/images")).status_code == status
            response = await caller.post(f"{API}/images", json={"url": ADDRESS})
            assert response.status_code == status

    async def test_lists_what_belongs_to_nothing_the_newest_first(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        await add(admin_client, post)
        made = [(await add(admin_client, f"{API}/images"))["id"] for _ in range(3)]
        first = (await admin_client.get(f"{API}/images", params={"limit": 2})).json()
        rest = await admin_client.get(
            f"{API}/images", params={"limit": 2, "cursor": first["next_cursor"]}
        )
        listed = [item["id"] for item in first["items"] + rest.json()["items"]]
        assert listed == made[::-1]
        assert first["total"] == 3

    async def test_has_no_cover(self, admin_client: AsyncClient) -> None:
        body = {"url": ADDRESS, "cover": True}
        response = await admin_client.post(f"{API}/images", json=body)
        assert refused_fields(response) == ["cover"]
