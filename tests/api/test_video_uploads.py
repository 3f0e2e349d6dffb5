"""Videos that come as files."""

from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories import pictures, videos
from tests.factories.images import refused_fields
from tests.factories.stored_files import files_in, forget
from tests.factories.videos import LIBRARY, LINK, VTT, add_video, place_for_videos

from portfolio.core.config import Settings
from portfolio.wiring import Services

FILM = videos.mp4("harbour")


@pytest.fixture
async def post(admin_client: AsyncClient) -> str:
    """Where the videos of a published post are."""
    return await place_for_videos(admin_client, "posts", status="published")


@pytest.fixture(autouse=True)
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))


@pytest.fixture
def programs(no_programs: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ffprobe and an ffmpeg."""
    videos.ffprobe(tmp_path)
    # Not the poster that another test has left behind.
    videos.ffmpeg(tmp_path, pictures.jpeg(320, 180) + str(tmp_path).encode())
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


async def upload(
    client: AsyncClient, to: str, content: bytes = FILM, headers: Any = None, **fields: Any
) -> Any:
    files = {"file": ("../a\r\nb.mp4", content)}
    return await client.post(to, files=files, data=fields, headers=headers)


class TestUpload:
    async def test_is_for_admins_only(
        self, client: AsyncClient, user_client: AsyncClient, post: str
    ) -> None:
        for place in (post, LIBRARY):
            assert (await upload(client, place)).status_code == 401
            assert (await upload(user_client, place)).status_code == 403

    async def test_keeps_the_file_as_it_is_and_serves_any_part_of_it(
        self, admin_client: AsyncClient, client: AsyncClient, post: str
    ) -> None:
        response = await upload(admin_client, post)
        assert response.status_code == 201
        video = response.json()
        assert (video["provider"], video["embed_url"], video["position"]) == ("file", None, 0)
        assert (video["content_type"], video["bytes"]) == ("video/mp4", len(FILM))
        assert [video[name] for name in ("title", "poster", "duration", "width")] == [None] * 4
        assert (await client.get(response.headers["Location"])).json() == video
        whole = await client.get(video["url"])
        assert (whole.content, whole.headers["Content-Type"]) == (FILM, "video/mp4")
        assert "immutable" in whole.headers["Cache-Control"]
        part = await client.get(video["url"], headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        assert part.headers["Content-Range"] == f"bytes 4-7/{len(FILM)}"

    async def test_learns_from_the_file_what_programs_can_tell(
        self, admin_client: AsyncClient, client: AsyncClient, post: str, programs: None
    ) -> None:
        video = (await upload(admin_client, post)).json()
        assert [video[name] for name in ("duration", "width", "height")] == [12.346, 320, 180]
        poster = await client.get(video["poster"])
        assert (poster.status_code, poster.headers["Content-Type"]) == (200, "image/jpeg")

    @pytest.mark.parametrize("programs_are_there", [False, True])
    async def test_takes_what_is_said_about_it(
        self,
        admin_client: AsyncClient,
        post: str,
        request: pytest.FixtureRequest,
        *,
        programs_are_there: bool,
    ) -> None:
        if programs_are_there:
            request.getfixturevalue("programs")
        poster = "https://example.com/poster.jpg"
        fields: Any = {"title": "A tour", "duration": "60.5", "position": "7", "poster": poster}
        video = (await upload(admin_client, post, **fields)).json()
        assert (video["title"], video["duration"], video["position"]) == ("A tour", 60.5, 7)
        assert video["poster"] == poster

    async def test_is_shown_wherever_the_videos_are(
        self, admin_client: AsyncClient, client: AsyncClient, post: str
    ) -> None:
        video = (await upload(admin_client, post)).json()
        assert (await client.get(post)).json()["items"] == [video]
        assert (await client.get(post.removesuffix("/videos"))).json()["videos"] == [video]

    async def test_goes_into_the_library_without_a_target(self, admin_client: AsyncClient) -> None:
        video = (await upload(admin_client, LIBRARY)).json()
        assert (video["entity_type"], video["entity_id"]) == (None, None)
        assert (await admin_client.get(LIBRARY)).json()["items"] == [video]

    async def test_may_be_a_link_in_its_place(self, admin_client: AsyncClient, post: str) -> None:
        for place in (post, LIBRARY):
            assert (await add_video(admin_client, place))["url"] == LINK

    @pytest.mark.requirement("98")
    async def test_counts_once_when_it_is_repeated_with_its_key(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        headers = {"Idempotency-Key": "harbour"}
        first, again = [await upload(admin_client, post, headers=headers) for _ in range(2)]
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert (await admin_client.get(post)).json()["total"] == 1
        other = await upload(admin_client, post, videos.mp4("other"), headers)
        assert refused_fields(other) == ["Idempotency-Key"]

    async def test_is_documented_with_both_of_its_kinds(self, client: AsyncClient) -> None:
        schema = (await client.get("/openapi.json")).json()
        for path in ("/api/v1/videos", "/api/v1/posts/{ref}/videos"):
            operation = schema["paths"][path]["post"]
            content = operation["requestBody"]["content"]
            assert {kind: each["schema"]["$ref"] for kind, each in content.items()} == {
                "multipart/form-data": "#/components/schemas/VideoUpload",
                "application/json": "#/components/schemas/VideoCreate",
            }
            assert {"413", "415", "507"} <= operation["responses"].keys()
        assert schema["components"]["schemas"]["VideoUpload"]["required"] == ["file"]


class TestRefusal:
    @pytest.mark.parametrize(
        ("content", "status"),
        [
            (b"", 415),
            (b"<html>", 415),
            (b"#EXTM3U\n", 415),
            (pictures.png(), 415),
            (videos.webm(b"matroska"), 415),
        ],
        ids=["empty", "html", "playlist", "picture", "matroska"],
    )
    async def test_is_for_what_is_no_video_to_keep(
        self,
        admin_client: AsyncClient,
        settings: Settings,
        post: str,
        content: bytes,
        status: int,
    ) -> None:
        before = files_in(settings)
        assert (await upload(admin_client, post, content)).status_code == status
        assert files_in(settings) == before
        assert (await admin_client.get(post)).json()["items"] == []

    async def test_is_for_a_file_in_which_no_video_is_found(
        self, admin_client: AsyncClient, post: str, tmp_path: Path, programs: None
    ) -> None:
        videos.ffprobe(tmp_path, {"streams": [{"codec_type": "audio"}]})
        assert refused_fields(await upload(admin_client, post)) == ["file"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("position", "first"),
            ("duration", "long"),
            ("duration", "0"),
            ("poster", "poster.jpg"),
            ("poster", "/media/ab/" + "c" * 38 + ".png"),
            ("url", LINK),
            ("captions", "[]"),
        ],
    )
    async def test_names_the_field_that_is_wrong(
        self, admin_client: AsyncClient, post: str, name: str, value: str
    ) -> None:
        fields: Any = {name: value}
        assert refused_fields(await upload(admin_client, post, **fields)) == [name]

    async def test_wants_a_file(self, admin_client: AsyncClient, post: str) -> None:
        response = await admin_client.post(post, files={"other": ("a.mp4", FILM)})
        assert refused_fields(response) == ["file"]

    async def test_leaves_nothing_where_nothing_is_to_show_it(
        self, admin_client: AsyncClient, services: Services, settings: Settings, programs: None
    ) -> None:
        before = files_in(settings)
        missing = LIBRARY.replace("videos", "posts/none/videos")
        assert (await upload(admin_client, missing, videos.mp4("lost"))).status_code == 404
        assert len(files_in(settings) - before) == 2
        await forget(services)
        assert files_in(settings) == before


class TestDeletion:
    async def test_takes_the_file_the_poster_and_the_captions_along(
        self, admin_client: AsyncClient, services: Services, settings: Settings, programs: None
    ) -> None:
        before = files_in(settings)
        video = (await upload(admin_client, LIBRARY, videos.mp4("for a while"))).json()
        address = f"{LIBRARY}/{video['id']}"
        captions = {"content": VTT + video["url"], "headers": {"Content-Type": "text/vtt"}}
        assert (await admin_client.put(f"{address}/captions/en", **captions)).status_code == 200
        await forget(services)
        assert len(files_in(settings) - before) == 3
        assert (await admin_client.delete(address)).status_code == 204
        await forget(services)
        assert files_in(settings) == before


class TestCaptions:
    async def test_that_nothing_shows_in_the_end_do_not_stay(
        self, admin_client: AsyncClient, services: Services, settings: Settings
    ) -> None:
        before = files_in(settings)
        address, headers = f"{LIBRARY}/99999999/captions/en", {"Content-Type": "text/vtt"}
        missing = await admin_client.put(address, content=VTT + "\nLost\n", headers=headers)
        assert missing.status_code == 404
        assert len(files_in(settings) - before) == 1
        await forget(services)
        assert files_in(settings) == before
