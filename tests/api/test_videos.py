from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories import videos
from tests.factories.images import API, refused_fields
from tests.factories.videos import EMBED, LIBRARY, LINK, add_video, place_for_videos

from portfolio.models.users import User
from portfolio.wiring import Services

places = pytest.mark.parametrize("place", ["posts", "projects", "profiles"])


@pytest.fixture
async def post(admin_client: AsyncClient) -> str:
    """Where the videos of a published post are."""
    return await place_for_videos(admin_client, "posts", status="published")


@pytest.fixture
async def draft(admin_client: AsyncClient) -> str:
    return await place_for_videos(admin_client, "posts")


class TestListVideos:
    @places
    async def test_shows_those_of_what_is_public_to_anyone(
        self, client: AsyncClient, admin_client: AsyncClient, place: str
    ) -> None:
        where = await place_for_videos(admin_client, place, status="published")
        made = await add_video(admin_client, where)
        response = await client.get(where)
        assert response.status_code == 200
        body = response.json()
        assert body["items"] == [made]
        assert (body["total"], body["page"], body["next_cursor"]) == (1, 1, None)

    async def test_finds_a_post_by_its_slug_too(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = await add_video(admin_client, post)
        assert (await client.get(f"{API}/posts/harbour/videos")).json()["items"] == [made]

    async def test_hides_those_of_a_draft_from_strangers(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        draft: str,
    ) -> None:
        await add_video(admin_client, draft)
        assert (await client.get(draft)).status_code == 404
        assert (await user_client.get(draft)).status_code == 404
        assert (await admin_client.get(draft)).json()["total"] == 1

    async def test_hides_the_profile_of_someone_who_only_reads(
        self, client: AsyncClient, user: User
    ) -> None:
        assert (await client.get(f"{API}/profiles/{user.username}/videos")).status_code == 404

    @pytest.mark.parametrize("where", ["posts/none", "posts/99999999", "comments/1", "users/1"])
    async def test_answers_404_where_there_is_nothing(
        self, client: AsyncClient, where: str
    ) -> None:
        assert (await client.get(f"{API}/{where}/videos")).status_code == 404

    async def test_goes_through_many_by_page_and_by_cursor(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = [(await add_video(admin_client, post))["id"] for _ in range(5)]
        first = (await client.get(post, params={"limit": 2})).json()
        second = (await client.get(post, params={"limit": 2, "page": 2})).json()
        rest = (await client.get(post, params={"limit": 3, "cursor": first["next_cursor"]})).json()
        assert [item["id"] for item in first["items"] + second["items"]] == made[:4]
        assert [item["id"] for item in rest["items"]] == made[2:]


class TestCreateVideo:
    @places
    async def test_is_for_admins(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        place: str,
    ) -> None:
        where = await place_for_videos(admin_client, place, status="published")
        assert (await client.post(where, json={"url": LINK})).status_code == 401
        assert (await user_client.post(where, json={"url": LINK})).status_code == 403

    async def test_attaches_a_link_with_what_is_said_about_it(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        given = {
            "url": LINK,
            "title": "A tour",
            "poster": "https://example.com/poster.jpg",
            "duration": 61.5,
            "position": 3,
        }
        response = await admin_client.post(post, json=given)
        assert response.status_code == 201
        made = response.json()
        assert {name: made[name] for name in given} == given
        assert (made["provider"], made["embed_url"]) == ("vimeo", EMBED)
        assert made["entity_type"] == "posts"
        assert post == f"{API}/posts/{made['entity_id']}/videos"
        assert made["captions"] == []
        assert response.headers["Location"] == f"{LIBRARY}/{made['id']}"
        read = await admin_client.get(response.headers["Location"])
        assert read.json() == made

    @pytest.mark.parametrize(
        ("url", "provider", "embed_url"),
        [
            (
                "https://youtu.be/aaaaaaaaaaa?t=90",
                "youtube",
                "https://www.youtube-nocookie.com/embed/aaaaaaaaaaa?start=90",
            ),
            ("https://vimeo.com/76979871", "vimeo", EMBED),
            ("https://www.youtube.com/@channel", "other", None),
            ("https://example.com/film.mp4", "other", None),
            ("http://example.com/", "other", None),
        ],
    )
    async def test_knows_the_players_of_others(
        self, admin_client: AsyncClient, post: str, url: str, provider: str, embed_url: str | None
    ) -> None:
        made = await add_video(admin_client, post, url=url)
        assert (made["url"], made["provider"], made["embed_url"]) == (url, provider, embed_url)

    async def test_takes_the_path_of_a_file_that_is_here(
        self, services: Services, admin_client: AsyncClient, post: str, tmp_path: Path
    ) -> None:
        (tmp_path / "film").write_bytes(videos.mp4("here"))
        stored = await services.video_files.store(tmp_path / "film")
        async with services.database.transaction() as db:
            await services.videos.add_stored(db, None, None, stored)
        made = await add_video(admin_client, post, url=stored.file.url)
        assert (made["provider"], made["embed_url"]) == ("file", None)
        assert made["content_type"] == "video/mp4"
        served = await admin_client.get(made["url"], headers={"Range": "bytes=4-7"})
        assert (served.status_code, served.content) == (206, b"ftyp")

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "film.mp4",
            "/film.mp4",
            "//example.com/film.mp4",
            "/media/../secrets.json",
            "/media/ab/" + "c" * 38 + ".mp4",
            "ftp://example.com/film.mp4",
            "javascript:alert(1)",
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
            ("position", -1),
            ("duration", 0),
            ("duration", -1),
            ("duration", 10**7),
            ("title", "a" * 301),
            ("title", "a\nb"),
            ("poster", "javascript:alert(1)"),
            ("poster", "/media/ab/" + "c" * 38 + ".jpg"),
            ("embed_url", "https://evil.example.com"),
            ("provider", "file"),
            ("entity_id", 1),
        ],
    )
    async def test_refuses_what_cannot_be(
        self, admin_client: AsyncClient, post: str, field: str, value: Any
    ) -> None:
        response = await admin_client.post(post, json={"url": LINK, field: value})
        assert refused_fields(response) == [field]

    async def test_answers_404_where_there_is_nothing(self, admin_client: AsyncClient) -> None:
        response = await admin_client.post(f"{API}/posts/none/videos", json={"url": LINK})
        assert response.status_code == 404

    async def test_happens_once_for_one_idempotency_key(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        for _ in range(2):
            headers = {"Idempotency-Key": "harbour"}
            await admin_client.post(post, json={"url": LINK}, headers=headers)
        assert (await admin_client.get(post)).json()["total"] == 1


class TestDetails:
    @pytest.mark.parametrize("place", ["posts", "projects"])
    async def test_show_all_videos_in_their_order(
        self, client: AsyncClient, admin_client: AsyncClient, place: str
    ) -> None:
        where = await place_for_videos(admin_client, place, status="published")
        detail = where.removesuffix("/videos")
        assert (await client.get(detail)).json()["videos"] == []
        second, first = [
            await add_video(admin_client, where, position=at, duration=1.5) for at in (1, 0)
        ]
        assert (await client.get(detail)).json()["videos"] == [first, second]

    @pytest.mark.parametrize("place", ["posts", "projects"])
    async def test_ask_for_them_only_where_there_are_some(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        place: str,
        count_queries: list[str],
    ) -> None:
        where = await place_for_videos(admin_client, place, status="published")
        counts = []
        for _ in range(3):
            count_queries.clear()
            await client.get(where.removesuffix("/videos"), headers={"Cookie": "a=b"})
            counts.append(len(count_queries))
            await add_video(admin_client, where)
        assert counts == [3, 4, 4]

    async def test_change_their_etag_with_them(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        detail = post.removesuffix("/videos")
        seen = {"If-None-Match": (await client.get(detail)).headers["ETag"]}
        assert (await client.get(detail, headers=seen)).status_code == 304
        await add_video(admin_client, post)
        assert (await client.get(detail, headers=seen)).status_code == 200


class TestOrderVideos:
    async def test_is_for_admins(self, client: AsyncClient, post: str) -> None:
        assert (await client.put(f"{post}/order", json={"ids": [1]})).status_code == 401

    async def test_gives_the_videos_a_new_order(
        self, client: AsyncClient, admin_client: AsyncClient, post: str
    ) -> None:
        made = [(await add_video(admin_client, post))["id"] for _ in range(3)]
        wanted = [made[2], made[0], made[1]]
        response = await admin_client.put(f"{post}/order", json={"ids": wanted})
        assert response.status_code == 200
        assert [item["id"] for item in response.json()["items"]] == wanted
        listed = (await client.get(post)).json()["items"]
        assert [(item["id"], item["position"]) for item in listed] == [
            (video_id, place) for place, video_id in enumerate(wanted)
        ]

    async def test_wants_each_video_named_once(
        self, admin_client: AsyncClient, post: str, draft: str
    ) -> None:
        first, second = [(await add_video(admin_client, post))["id"] for _ in range(2)]
        other = (await add_video(admin_client, draft))["id"]
        for ids in ([first], [first, first], [first, second, second], [first, other]):
            response = await admin_client.put(f"{post}/order", json={"ids": ids})
            assert refused_fields(response) == ["ids"]
