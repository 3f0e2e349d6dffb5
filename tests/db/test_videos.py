import asyncio
from pathlib import Path

import pytest
from tests.factories import pictures, videos
from tests.factories.kept import keep
from tests.factories.stored_files import forget
from tests.factories.videos import EMBED, LINK, VTT

from portfolio.adapters.probing import VideoFacts
from portfolio.core.errors import (
    InvalidInputException,
    NotFoundException,
    UnsupportedMediaTypeException,
)
from portfolio.models.entities import EntityType
from portfolio.models.media import VideoProvider
from portfolio.models.users import User
from portfolio.schemas.videos import VideoUpload
from portfolio.services import videos as services_of_videos
from portfolio.wiring import Services

ABSENT = "/media/ab/" + "c" * 38 + ".mp4"


async def add(services: Services, project: int, *names: str) -> list[int]:
    async with services.database.transaction() as db:
        return [
            (await services.media.add_video(db, project, "project", f"https://e.com/{name}")).id
            for name in names
        ]


async def names_of(services: Services, project: int) -> list[str]:
    async with services.database.reading() as db:
        found = await services.media.get_videos(db, project, "project")
    return [video.url.removeprefix("https://e.com/") for video in found]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.avi"
    path.write_bytes(videos.mp4(str(tmp_path)))
    return path


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ffprobe and an ffmpeg."""
    folder = tmp_path / "bin"
    folder.mkdir()
    videos.ffprobe(folder)
    videos.ffmpeg(folder, pictures.jpeg(320, 180) + str(tmp_path).encode())
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


class TestAddVideo:
    async def test_attaches_an_address_behind_the_others(
        self, services: Services, project: int
    ) -> None:
        await add(services, project, "a", "b")
        async with services.database.transaction() as db:
            video = await services.media.add_video(db, project, "project", LINK)
        assert (video.entity_type, video.entity_id) == (EntityType.PROJECTS, project)
        assert (video.provider, video.embed_url) == (VideoProvider.VIMEO, EMBED)
        assert video.position == 2
        assert await names_of(services, project) == ["a", "b", LINK]

    async def test_refuses_a_kind_that_is_none(self, services: Services) -> None:
        with pytest.raises(InvalidInputException):
            async with services.database.transaction() as db:
                await services.media.add_video(db, 1, "users", LINK)

    @pytest.mark.parametrize("kind", EntityType)
    async def test_refuses_what_does_not_exist(self, services: Services, kind: EntityType) -> None:
        with pytest.raises(NotFoundException):
            async with services.database.transaction() as db:
                await services.media.add_video(db, 2**40, kind, LINK)

    async def test_gives_simultaneous_videos_places_of_their_own(
        self, services: Services, project: int
    ) -> None:
        await asyncio.gather(*(add(services, project, str(number)) for number in range(8)))
        async with services.database.reading() as db:
            found = await services.media.get_videos(db, project, "project")
        assert [video.position for video in found] == list(range(8))

    async def test_refuses_a_file_that_is_not_there(self, services: Services, project: int) -> None:
        with pytest.raises(InvalidInputException):
            async with services.database.transaction() as db:
                await services.media.add_video(db, project, "project", ABSENT)

    async def test_refuses_a_file_that_is_no_video(
        self, services: Services, project: int, tmp_path: Path
    ) -> None:
        stored = await keep(services, tmp_path, b"a picture", "png")
        with pytest.raises(InvalidInputException):
            async with services.database.transaction() as db:
                await services.media.add_video(db, project, "project", stored.url)

    async def test_knows_of_a_file_what_was_known_before(
        self, services: Services, project: int, film: Path, programs: None
    ) -> None:
        stored = await services.video_files.store(film)
        captions = await services.video_files.store_captions(VTT)
        async with services.database.transaction() as db:
            kept = await services.videos.add_stored(db, None, None, stored, title="A tour")
            await services.videos.caption(db, kept.id, "en", captions, "English")
            shown = await services.media.add_video(db, project, "project", kept.url, title="Again")
            plain = await services.media.add_video(db, project, "project", kept.url)
        assert (shown.provider, shown.embed_url) == (VideoProvider.FILE, None)
        assert shown.captions[0]["label"] == "English"
        for name in ("duration", "width", "height", "poster", "poster_key", "bytes", "captions"):
            assert getattr(shown, name) == getattr(kept, name) is not None, name
        assert (shown.title, plain.title) == ("Again", "A tour")
        assert kept.entity_id is None


class TestLoadVideosForEntities:
    async def test_gives_each_its_videos_by_position(
        self, services: Services, project: int, other_project: int, count_queries: list[str]
    ) -> None:
        await add(services, project, "a", "b")
        await add(services, other_project, "c")
        count_queries.clear()
        async with services.database.reading() as db:
            found = await services.media.load_videos_for_entities(
                db, [project, other_project, 2**40, project], "project"
            )
        assert {key: [video.url[-1] for video in each] for key, each in found.items()} == {
            project: ["a", "b"],
            other_project: ["c"],
            2**40: [],
        }
        assert len(count_queries) == 1


class TestStore:
    async def test_keeps_the_file_without_any_help(
        self, services: Services, admin: User, project: int, film: Path, no_programs: None
    ) -> None:
        stored = await services.video_files.store(film)
        async with services.database.transaction() as db:
            video = await services.videos.add_stored(
                db, project, "project", stored, title="A tour", uploaded_by=admin.id
            )
        assert video.url == f"/media/{video.storage_key}"
        assert video.url.endswith(".mp4")
        assert (video.content_type, video.bytes) == ("video/mp4", len(videos.mp4(str(film.parent))))
        assert (video.duration, video.width, video.poster) == (None, None, None)
        assert (video.title, video.uploaded_by) == ("A tour", admin.id)
        assert await services.storage.locate(video.storage_key or "") is not None

    async def test_learns_from_ffprobe_and_takes_a_poster_with_ffmpeg(
        self, services: Services, project: int, film: Path, programs: None
    ) -> None:
        stored = await services.video_files.store(film)
        assert stored.facts == VideoFacts(12.346, 320, 180)
        async with services.database.transaction() as db:
            video = await services.videos.add_stored(db, project, "project", stored)
        assert (video.duration, video.width, video.height) == (12.346, 320, 180)
        assert video.poster == f"/media/{video.poster_key}"
        assert video.poster.endswith(".jpg")
        assert await services.storage.locate(video.poster_key or "") is not None

    @pytest.mark.parametrize(
        "content", [b"<html>", pictures.png(), b"#EXTM3U\n", videos.webm(b"x")]
    )
    async def test_refuses_what_is_no_video_whatever_it_is_called(
        self, services: Services, tmp_path: Path, content: bytes
    ) -> None:
        (tmp_path / "film.mp4").write_bytes(content)
        with pytest.raises(UnsupportedMediaTypeException):
            await services.video_files.store(tmp_path / "film.mp4")


class TestCaption:
    async def test_knows_an_end_of_languages(
        self, services: Services, project: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(services_of_videos, "MAX_LANGUAGES", 2)
        (video_id,) = await add(services, project, "a")
        captions = await services.video_files.store_captions(VTT)
        async with services.database.transaction() as db:
            for language in ("en", "de", "en"):
                await services.videos.caption(db, video_id, language, captions)
            with pytest.raises(InvalidInputException):
                await services.videos.caption(db, video_id, "cy", captions)

    async def test_loses_none_of_those_that_come_at_once(
        self, services: Services, project: int
    ) -> None:
        (video_id,) = await add(services, project, "a")

        async def caption(language: str) -> None:
            captions = await services.video_files.store_captions(VTT + language)
            async with services.database.transaction() as db:
                await services.videos.caption(db, video_id, language, captions)

        languages = ["cs", "cy", "da", "de", "el", "en"]
        await asyncio.gather(*map(caption, languages))
        async with services.database.reading() as db:
            (video,) = await services.media.get_videos(db, project, "project")
        assert [track["language"] for track in video.captions] == languages


class TestFiles:
    async def there(self, services: Services, *keys: str | None) -> list[bool]:
        return [await services.storage.locate(key or "") is not None for key in keys]

    async def test_go_with_the_last_video_that_shows_them(
        self,
        services: Services,
        project: int,
        other_project: int,
        film: Path,
        programs: None,
    ) -> None:
        stored = await services.video_files.store(film)
        captions = await services.video_files.store_captions(VTT + str(film))
        async with services.database.transaction() as db:
            first = await services.videos.add_stored(db, project, "project", stored)
            await services.videos.caption(db, first.id, "en", captions)
            second = await services.media.add_video(db, other_project, "project", first.url)
        for video, stay in ((first, True), (second, False)):
            async with services.database.transaction() as db:
                await services.videos.delete(db, video.id)
            await forget(services)
            found = await self.there(services, video.storage_key, video.poster_key, captions.key)
            assert found == [stay] * 3

    async def test_of_former_captions_and_posters_go_too(
        self, services: Services, project: int, film: Path, programs: None
    ) -> None:
        stored = await services.video_files.store(film)
        former, present = [
            await services.video_files.store_captions(VTT + more) for more in (str(film), "")
        ]
        async with services.database.transaction() as db:
            video = await services.videos.add_stored(
                db, project, "project", stored, poster="https://example.com/poster.jpg"
            )
            for captions in (former, present):
                await services.videos.caption(db, video.id, "en", captions)
        assert stored.poster is not None
        await forget(services)
        found = await self.there(
            services, stored.poster.key, former.key, present.key, video.storage_key
        )
        assert found == [False, False, True, True]

    async def test_of_an_upload_that_came_to_nothing_go_too(
        self, services: Services, admin: User, film: Path, programs: None
    ) -> None:
        stored = await services.video_files.store(film)
        captions = await services.video_files.store_captions(VTT + str(film))
        assert stored.poster is not None
        target = EntityType.POSTS, "none"
        with pytest.raises(NotFoundException):
            async with services.database.transaction() as db:
                await services.videos.create(db, target, VideoUpload(), stored, admin)
        await forget(services)
        keys = stored.file.key, stored.poster.key, captions.key
        assert await self.there(services, *keys) == [False] * 3


class TestCreate:
    async def test_says_who_brought_the_file(
        self, services: Services, admin: User, project: int, film: Path, no_programs: None
    ) -> None:
        stored = await services.video_files.store(film)
        data = VideoUpload(title="A tour", duration=60)
        for target, entity_id in (((EntityType.PROJECTS, str(project)), project), (None, None)):
            async with services.database.transaction() as db:
                video = await services.videos.create(db, target, data, stored, admin)
            assert video.entity_id == entity_id
            assert (video.title, video.duration, video.uploaded_by) == ("A tour", 60, admin.id)


class TestDelete:
    async def test_takes_all_videos_of_an_entity(
        self, services: Services, project: int, other_project: int
    ) -> None:
        await add(services, project, "a", "b")
        await add(services, other_project, "c")
        async with services.database.transaction() as db:
            await services.media.delete_for_entity(db, project, "project")
        assert await names_of(services, project) == []
        assert await names_of(services, other_project) == ["c"]
