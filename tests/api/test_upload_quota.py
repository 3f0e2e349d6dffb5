"""How much one account may keep of what it uploads: here five files, of a mebibyte together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from tests.databases import Sweeper
from tests.factories import photos
from tests.factories.clients import make_client
from tests.factories.images import add_image
from tests.factories.posts import make_post
from tests.factories.users import make_access_token, make_user
from tests.factories.videos import LINK, add_video, mp4
from time_machine import travel

from portfolio.adapters.probing import VideoFacts
from portfolio.adapters.storage import StoredFile
from portfolio.core.clock import utc_now
from portfolio.core.config import Settings
from portfolio.core.errors import TooManyFilesException
from portfolio.main import create_app
from portfolio.models.users import Role, User
from portfolio.services.files import SETTLING_SECONDS
from portfolio.services.video_files import StoredVideo
from portfolio.wiring import Services

pytestmark = pytest.mark.requirement("52")

API = "/api/v1"
IMAGES, VIDEOS = f"{API}/images", f"{API}/videos"
FILES, MIB = 5, 1024 * 1024


@asynccontextmanager
async def serving(settings: Settings, files: int, megabytes: int) -> AsyncIterator[FastAPI]:
    quota = {"upload_quota_files": files, "upload_quota_mb": megabytes}
    storage = settings.storage.model_copy(update=quota)
    application = create_app(settings.model_copy(update={"storage": storage}))
    services: Services = application.state.services
    async with application.router.lifespan_context(application):
        await services.outbox.stop()
        await services.periodic.stop()
        yield application


@pytest.fixture(scope="session")
async def strict_app(settings: Settings, anyio_backend: str) -> AsyncIterator[FastAPI]:
    async with serving(settings, FILES, 1) as application:
        yield application


@pytest.fixture
async def strict(strict_app: FastAPI, services: Services) -> AsyncIterator[Services]:
    found: Services = strict_app.state.services
    sweeper = Sweeper(found.database)
    with sweeper.watching():
        yield found
    await sweeper.sweep()


@pytest.fixture
async def owner(strict_app: FastAPI, strict: Services, admin: User) -> AsyncIterator[AsyncClient]:
    async with make_client(strict_app, await make_access_token(strict, admin)) as signed_in:
        yield signed_in


@pytest.fixture(autouse=True)
def no_video_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours are no videos to ffprobe, and a poster would be one more file."""
    monkeypatch.setenv("PATH", str(tmp_path))


def photo(number: int) -> bytes:
    return photos.encoded(photos.quarters(40 + number, 30))


def film(size: int, text: str = "") -> bytes:
    return mp4(text).ljust(size, b"\0")


async def upload(client: AsyncClient, to: str, content: bytes, method: str = "POST") -> Any:
    return await client.request(method, to, files={"file": ("file", content)})


async def fill(client: AsyncClient, count: int = FILES) -> list[dict[str, Any]]:
    answers = [await upload(client, IMAGES, photo(number)) for number in range(count)]
    assert [answer.status_code for answer in answers] == [201] * count
    return [answer.json() for answer in answers]


async def total(client: AsyncClient, path: str) -> int:
    found: int = (await client.get(path)).json()["total"]
    return found


def files_in(settings: Settings) -> set[Path]:
    return {path for path in (settings.storage.data_dir / "media").rglob("*") if path.is_file()}


async def settle(services: Services) -> None:
    """The promises to delete what nothing shows have come due."""
    for number in (1, 2):
        with travel(utc_now() + number * timedelta(seconds=SETTLING_SECONDS + 26)):
            await services.outbox.run_due()


class TestNumberOfFiles:
    async def test_is_used_up_by_pictures_and_videos_together(self, owner: AsyncClient) -> None:
        await fill(owner, FILES - 1)
        assert (await upload(owner, VIDEOS, film(100))).status_code == 201
        for path, content in ((IMAGES, photo(9)), (VIDEOS, film(100, "another"))):
            refused = await upload(owner, path, content)
            assert refused.status_code == 409
            assert refused.json()["code"] == "too_many_files"
            assert "5 uploaded files and have 5" in refused.json()["detail"]

    async def test_refuses_before_the_file_is_looked_at(self, owner: AsyncClient) -> None:
        await fill(owner)
        assert (await upload(owner, IMAGES, b"no picture")).status_code == 409

    async def test_is_no_matter_of_what_is_repeated_by_its_key(self, owner: AsyncClient) -> None:
        await fill(owner, FILES - 1)
        answers = []
        for key in ("one", "one", "another"):
            owner.headers["Idempotency-Key"] = key
            answers.append(await upload(owner, VIDEOS, film(100, key)))
        assert [answer.status_code for answer in answers] == [201, 201, 409]
        assert answers[0].json() == answers[1].json()

    async def test_is_freed_by_deleting(self, owner: AsyncClient) -> None:
        first, *_ = await fill(owner)
        assert (await owner.delete(f"{IMAGES}/{first['id']}")).status_code == 204
        assert (await upload(owner, IMAGES, photo(9))).status_code == 201

    async def test_counts_the_same_content_once(
        self, owner: AsyncClient, strict: Services, admin: User
    ) -> None:
        places = [f"{API}/posts/{(await make_post(strict, admin)).id}/images" for _ in range(2)]
        for place in (*places, *places, IMAGES, IMAGES):
            assert (await upload(owner, place, photo(0))).status_code == 201
        for number in range(1, FILES):
            assert (await upload(owner, IMAGES, photo(number))).status_code == 201
        assert (await upload(owner, IMAGES, photo(9))).status_code == 409

    async def test_stays_used_up_where_a_copy_goes_on_showing_the_file(
        self, owner: AsyncClient, strict: Services, admin: User
    ) -> None:
        first, *_ = await fill(owner)
        place = f"{API}/posts/{(await make_post(strict, admin)).id}/images"
        await add_image(owner, place, url=first["url"])
        assert (await owner.delete(f"{IMAGES}/{first['id']}")).status_code == 204
        assert (await upload(owner, IMAGES, photo(9))).status_code == 409

    async def test_is_no_matter_of_links(self, owner: AsyncClient) -> None:
        await fill(owner)
        await add_image(owner, IMAGES, url="https://example.com/a.jpg")
        await add_video(owner, VIDEOS, url=LINK)

    async def test_is_no_matter_of_what_nobody_uploaded(
        self, owner: AsyncClient, strict: Services, tmp_path: Path
    ) -> None:
        for number in range(FILES + 1):
            path = tmp_path / "photo"
            path.write_bytes(photo(100 + number))
            picture = await strict.picture_files.store(path)
            async with strict.database.transaction() as db:
                await strict.media.add_picture(db, None, None, picture)
        await fill(owner)

    async def test_is_for_each_account(
        self, strict_app: FastAPI, owner: AsyncClient, strict: Services
    ) -> None:
        await fill(owner)
        other = await make_user(strict, "other", Role.ADMIN)
        async with make_client(strict_app, await make_access_token(strict, other)) as client:
            assert (await upload(client, IMAGES, photo(9))).status_code == 201

    async def test_is_kept_by_many_at_once(
        self, owner: AsyncClient, strict: Services, settings: Settings
    ) -> None:
        before = files_in(settings)
        # Of sizes that no other test here leaves behind.
        pictures = [photo(200 + number) for number in range(10)]
        answers = await asyncio.gather(*(upload(owner, IMAGES, each) for each in pictures))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [201] * FILES + [409] * (10 - FILES)
        assert await total(owner, IMAGES) == FILES
        await settle(strict)
        kept = [answer.json() for answer in answers if answer.status_code == 201]
        names = {Path(made["url"]).name for each in kept for made in (each, *each["variants"])}
        assert {path.name for path in files_in(settings) - before} == names

    async def test_is_kept_by_many_whose_files_lie_ready(
        self, owner: AsyncClient, strict: Services, admin: User
    ) -> None:
        digits = (f"{number:038x}" for number in range(20))
        stored = [
            StoredFile(f"ab/{each}.mp4", f"/media/ab/{each}.mp4", 10, "video/mp4")
            for each in digits
        ]

        async def add(file: StoredFile) -> bool:
            film = StoredVideo(file, VideoFacts(None, None, None), None)
            try:
                async with strict.database.transaction() as db:
                    await strict.videos.add_stored(db, None, None, film, uploaded_by=admin.id)
            except TooManyFilesException:
                return False
            return True

        assert sum(await asyncio.gather(*map(add, stored))) == FILES
        assert await total(owner, VIDEOS) == FILES


class TestBytes:
    async def test_may_be_used_to_the_last(self, owner: AsyncClient) -> None:
        assert (await upload(owner, VIDEOS, film(MIB - 100))).status_code == 201
        assert (await upload(owner, VIDEOS, film(100))).status_code == 201
        refused = await upload(owner, VIDEOS, film(50))
        assert refused.status_code == 413
        assert refused.json()["code"] == "quota_exceeded"
        assert "1 MiB together and take 1 MiB already" in refused.json()["detail"]

    async def test_leave_nothing_of_what_is_one_too_large(
        self, owner: AsyncClient, strict: Services, settings: Settings
    ) -> None:
        assert (await upload(owner, VIDEOS, film(MIB // 2))).status_code == 201
        await settle(strict)
        before = files_in(settings)
        refused = await upload(owner, VIDEOS, film(MIB // 2 + 1, "another"))
        assert refused.status_code == 413
        assert "1 MiB together and take 0.5 MiB already" in refused.json()["detail"]
        assert await total(owner, VIDEOS) == 1
        await settle(strict)
        assert files_in(settings) == before

    async def test_are_those_of_all_variants_too(self, owner: AsyncClient) -> None:
        picture = photos.encoded(photos.noise(700, 500), quality=90)
        image = (await upload(owner, IMAGES, picture)).json()
        kept = image["bytes"] + sum(made["bytes"] for made in image["variants"])
        assert image["bytes"] + 1 < kept < MIB
        assert (await upload(owner, VIDEOS, film(MIB - kept + 1))).status_code == 413
        assert (await upload(owner, VIDEOS, film(MIB - kept))).status_code == 201

    async def test_are_kept_by_many_at_once(self, owner: AsyncClient) -> None:
        films = [film(MIB // 3, str(number)) for number in range(10)]
        answers = await asyncio.gather(*(upload(owner, VIDEOS, content) for content in films))
        assert sorted(each.status_code for each in answers) == [201] * 3 + [413] * 7


class TestReplacing:
    async def test_takes_no_place_of_its_own(self, owner: AsyncClient) -> None:
        first, *_ = await fill(owner)
        answer = await upload(owner, f"{IMAGES}/{first['id']}/file", photo(9), "PUT")
        assert answer.status_code == 200

    async def test_takes_the_difference(self, owner: AsyncClient) -> None:
        video = (await upload(owner, VIDEOS, film(MIB - 100))).json()
        path = f"{VIDEOS}/{video['id']}/file"
        assert (await upload(owner, path, film(MIB), "PUT")).status_code == 200
        assert (await upload(owner, path, film(MIB + 1), "PUT")).status_code == 413
        assert (await owner.get(f"{VIDEOS}/{video['id']}")).json()["bytes"] == MIB


class TestZero:
    async def test_is_no_limit(self, services: Services, settings: Settings, admin: User) -> None:
        token = await make_access_token(services, admin)
        async with serving(settings, 0, 0) as app, make_client(app, token) as client:
            sweeper = Sweeper(app.state.services.database)
            with sweeper.watching():
                await fill(client, FILES + 1)
                assert (await upload(client, VIDEOS, film(MIB + 1))).status_code == 201
            await sweeper.sweep()
