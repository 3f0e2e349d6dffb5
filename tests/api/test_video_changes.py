from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from tests.factories.images import refused_fields
from tests.factories.videos import LIBRARY, LINK, VTT, add_video, place_for_videos

from portfolio.core import webvtt

AS_VTT = {"Content-Type": "text/vtt; charset=utf-8"}


@pytest.fixture
async def post(admin_client: AsyncClient) -> str:
    """Where the videos of a published post are."""
    return await place_for_videos(admin_client, "posts", status="published")


@pytest.fixture
async def draft(admin_client: AsyncClient) -> str:
    return await place_for_videos(admin_client, "posts")


@pytest.fixture
async def video(admin_client: AsyncClient, post: str) -> dict[str, Any]:
    return await add_video(admin_client, post, title="A tour", duration=60)


class TestGetVideo:
    async def test_shows_one_of_what_is_public_to_anyone(
        self, client: AsyncClient, video: dict[str, Any]
    ) -> None:
        address = f"{LIBRARY}/{video['id']}"
        response = await client.get(address)
        assert response.json() == video
        seen = {"If-None-Match": response.headers["ETag"]}
        assert (await client.get(address, headers=seen)).status_code == 304

    async def test_hides_one_of_a_draft_and_of_the_library(
        self, client: AsyncClient, admin_client: AsyncClient, draft: str
    ) -> None:
        for where in (draft, LIBRARY):
            address = f"{LIBRARY}/{(await add_video(admin_client, where))['id']}"
            assert (await client.get(address)).status_code == 404
            assert (await admin_client.get(address)).status_code == 200

    @pytest.mark.parametrize("video_id", ["99999999", str(2**63 - 1)])
    async def test_answers_404_for_none(self, client: AsyncClient, video_id: str) -> None:
        assert (await client.get(f"{LIBRARY}/{video_id}")).status_code == 404


class TestUpdateVideo:
    async def test_is_for_admins(
        self, client: AsyncClient, user_client: AsyncClient, video: dict[str, Any]
    ) -> None:
        address = f"{LIBRARY}/{video['id']}"
        assert (await client.patch(address, json={})).status_code == 401
        assert (await user_client.patch(address, json={})).status_code == 403

    async def test_changes_what_is_given_and_nothing_else(
        self, admin_client: AsyncClient, video: dict[str, Any]
    ) -> None:
        changes = {"title": None, "poster": "https://example.com/poster.jpg", "position": 7}
        response = await admin_client.patch(f"{LIBRARY}/{video['id']}", json=changes)
        assert response.status_code == 200
        assert response.json() == {**video, **changes}

    @pytest.mark.parametrize(
        "changes",
        [
            {"position": None},
            {"url": LINK},
            {"captions": []},
            {"duration": "long"},
            {"poster": "/media/ab/" + "c" * 38 + ".png"},
        ],
    )
    async def test_refuses_what_cannot_be(
        self, admin_client: AsyncClient, video: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        response = await admin_client.patch(f"{LIBRARY}/{video['id']}", json=changes)
        assert refused_fields(response) == list(changes)

    async def test_of_an_old_version_is_refused(
        self, admin_client: AsyncClient, video: dict[str, Any]
    ) -> None:
        address = f"{LIBRARY}/{video['id']}"
        seen = {"If-Match": (await admin_client.get(address)).headers["ETag"]}
        first = await admin_client.patch(address, json={"title": "a"}, headers=seen)
        second = await admin_client.patch(address, json={"title": "b"}, headers=seen)
        assert (first.status_code, second.status_code) == (200, 412)
        assert (await admin_client.delete(address, headers=seen)).status_code == 412


class TestDeleteVideo:
    async def test_is_for_admins(self, client: AsyncClient, video: dict[str, Any]) -> None:
        assert (await client.delete(f"{LIBRARY}/{video['id']}")).status_code == 401

    async def test_takes_it_away(
        self, client: AsyncClient, admin_client: AsyncClient, post: str, video: dict[str, Any]
    ) -> None:
        address = f"{LIBRARY}/{video['id']}"
        assert (await admin_client.delete(address)).status_code == 204
        assert (await admin_client.delete(address)).status_code == 404
        assert (await client.get(post)).json()["items"] == []


class TestLibrary:
    async def test_is_for_admins(self, client: AsyncClient, user_client: AsyncClient) -> None:
        for caller, status in ((client, 401), (user_client, 403)):
            assert (await caller.get(LIBRARY)).status_code == status
            assert (await caller.post(LIBRARY, json={"url": LINK})).status_code == status

    async def test_lists_what_belongs_to_nothing_the_newest_first(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        await add_video(admin_client, post)
        made = [(await add_video(admin_client, LIBRARY))["id"] for _ in range(3)]
        first = (await admin_client.get(LIBRARY, params={"limit": 2})).json()
        rest = (await admin_client.get(LIBRARY, params={"cursor": first["next_cursor"]})).json()
        assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]


class TestCaptions:
    @pytest.fixture
    def tracks(self, video: dict[str, Any]) -> str:
        """Where the captions of a video are."""
        return f"{LIBRARY}/{video['id']}/captions"

    async def put(
        self, client: AsyncClient, address: str, text: str = VTT, **more: Any
    ) -> Response:
        headers = {**AS_VTT, **more.pop("headers", {})}
        return await client.put(address, content=text.encode(), headers=headers, **more)

    async def test_are_for_admins_to_change(
        self, client: AsyncClient, user_client: AsyncClient, tracks: str
    ) -> None:
        for caller, status in ((client, 401), (user_client, 403)):
            assert (await self.put(caller, f"{tracks}/en")).status_code == status
            assert (await caller.delete(f"{tracks}/en")).status_code == status

    async def test_are_served_as_webvtt_to_anyone(
        self, client: AsyncClient, admin_client: AsyncClient, video: dict[str, Any], tracks: str
    ) -> None:
        response = await self.put(admin_client, f"{tracks}/en", params={"label": "English"})
        assert response.status_code == 200
        (made,) = response.json()["captions"]
        assert response.json() == {**video, "captions": [made]}
        assert (made["language"], made["label"]) == ("en", "English")
        served = await client.get(made["url"])
        assert served.headers["Content-Type"].partition(";")[0] == "text/vtt"
        assert served.text == VTT
        assert (await client.get(f"{LIBRARY}/{video['id']}")).json() == response.json()

    async def test_are_one_for_each_language_in_order(
        self, admin_client: AsyncClient, tracks: str
    ) -> None:
        for language in ("pt-br", "en", "de", "EN", "PT-BR"):
            response = await self.put(admin_client, f"{tracks}/{language}")
        made = response.json()["captions"]
        assert [track["language"] for track in made] == ["de", "en", "pt-BR"]
        assert [track["label"] for track in made] == ["de", "en", "pt-BR"]

    async def test_keep_their_label_when_the_text_changes(
        self, admin_client: AsyncClient, tracks: str
    ) -> None:
        first = await self.put(admin_client, f"{tracks}/en", params={"label": "English"})
        second = await self.put(admin_client, f"{tracks}/en", VTT + "\nMore\n")
        (before,), (after,) = first.json()["captions"], second.json()["captions"]
        assert after["label"] == "English"
        assert after["url"] != before["url"]

    async def test_can_be_taken_away(
        self, client: AsyncClient, admin_client: AsyncClient, video: dict[str, Any], tracks: str
    ) -> None:
        for language in ("en", "de"):
            await self.put(admin_client, f"{tracks}/{language}")
        assert (await admin_client.delete(f"{tracks}/EN")).status_code == 204
        assert (await admin_client.delete(f"{tracks}/en")).status_code == 404
        (left,) = (await client.get(f"{LIBRARY}/{video['id']}")).json()["captions"]
        assert left["language"] == "de"

    @pytest.mark.parametrize(
        "language", ["e", "english", "en_GB", "en-", "a" * 36, "%2e%2e", "en%0a"]
    )
    async def test_want_a_language(
        self, admin_client: AsyncClient, tracks: str, language: str
    ) -> None:
        response = await self.put(admin_client, f"{tracks}/{language}")
        assert refused_fields(response) == ["language"]

    @pytest.mark.parametrize(
        ("content", "status"),
        [
            (b"", 422),
            (b"1\n00:00:01,000 --> 00:00:04,000\nSubRip\n", 422),
            (b"WEBVTT\n\xff", 422),
            (b"WEBVTT\n".ljust(webvtt.MAX_BYTES, b"x"), 200),
            (b"WEBVTT\n".ljust(webvtt.MAX_BYTES + 1, b"x"), 413),
        ],
        ids=["nothing", "SubRip", "no UTF-8", "1 MiB", "more"],
    )
    async def test_are_webvtt_of_a_mebibyte_at_most(
        self, admin_client: AsyncClient, tracks: str, content: bytes, status: int
    ) -> None:
        response = await admin_client.put(f"{tracks}/en", content=content, headers=AS_VTT)
        assert response.status_code == status

    @pytest.mark.parametrize(
        "kind", ["application/json", "text/plain", "text/html", "multipart/form-data"]
    )
    async def test_call_themselves_webvtt(
        self, admin_client: AsyncClient, tracks: str, kind: str
    ) -> None:
        headers = {"Content-Type": kind}
        response = await admin_client.put(f"{tracks}/en", content=VTT.encode(), headers=headers)
        assert response.status_code == 415
        assert "text/vtt" in response.json()["detail"]

    async def test_of_no_video_are_not_found(self, admin_client: AsyncClient) -> None:
        address = f"{LIBRARY}/99999999/captions/en"
        assert (await self.put(admin_client, address)).status_code == 404
        assert (await admin_client.delete(address)).status_code == 404

    async def test_of_an_old_version_are_refused(
        self, admin_client: AsyncClient, video: dict[str, Any], tracks: str
    ) -> None:
        seen = await admin_client.get(f"{LIBRARY}/{video['id']}")
        headers = {"If-Match": seen.headers["ETag"]}
        first = await self.put(admin_client, f"{tracks}/en", headers=headers)
        second = await self.put(admin_client, f"{tracks}/en", headers=headers)
        assert (first.status_code, second.status_code) == (200, 412)
        gone = await admin_client.delete(f"{tracks}/en", headers=headers)
        assert gone.status_code == 412

    async def test_are_documented_with_their_type(self, client: AsyncClient) -> None:
        paths = (await client.get("/openapi.json")).json()["paths"]
        put = paths["/api/v1/videos/{id}/captions/{language}"]["put"]
        assert list(put["requestBody"]["content"]) == ["text/vtt"]
        assert {"413", "415", "412"} <= put["responses"].keys()
