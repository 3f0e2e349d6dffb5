"""The variants of pictures that are kept already."""

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select
from tests.factories import photos
from tests.factories.jobs import jobs, rows

from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.media import Image
from portfolio.services import renditions
from portfolio.services.outbox import OutboxWorker
from portfolio.services.picture_files import RENDER_PICTURE, StoredPicture
from portfolio.wiring import Services

LATER = timedelta(minutes=2)


@pytest.fixture
def worker(services: Services, here: Database) -> OutboxWorker:
    made = OutboxWorker(here, jobs, poll=0.01)
    made.register(RENDER_PICTURE, services.picture_renderer, slots=1)
    return made


@pytest.fixture
async def stored(services: Services, tmp_path: Path) -> StoredPicture:
    """Clean, and without variants."""
    return await store(services, taken(tmp_path / "harbour", 400, 300))


def taken(path: Path, width: int, height: int) -> Path:
    path.write_bytes(photos.encoded(photos.quarters(width, height)))
    return path


async def store(services: Services, path: Path) -> StoredPicture:
    stored, _ = await services.picture_files.store_originals([path])
    return stored[path]


async def attach(services: Services, picture: StoredPicture, *entities: int) -> None:
    async with services.database.transaction() as db:
        for entity_id in entities:
            await services.media.add_picture(db, entity_id, "project", picture)


async def images(services: Services) -> list[Image]:
    async with services.database.reading() as db:
        return list(await db.scalars(select(Image).order_by(Image.id)))


class TestRenderPicture:
    async def test_gives_them_to_a_few_at_a_time(
        self,
        services: Services,
        project: int,
        other_project: int,
        stored: StoredPicture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(renditions, "AT_ONCE", 1)
        await attach(services, stored, project, other_project)
        await services.picture_renderer.render(stored.file.key)
        assert all(image.variants for image in await images(services))

    async def test_gives_all_that_show_the_file_its_variants(
        self,
        services: Services,
        worker: OutboxWorker,
        project: int,
        other_project: int,
        stored: StoredPicture,
    ) -> None:
        await attach(services, stored, project, other_project)
        assert {image.variants for image in await images(services)} == {None}
        await worker.run_due()
        first, second = await images(services)
        assert [made["format"] for made in first.variants or []] == ["avif", "webp"]
        assert first.variants == second.variants
        assert (first.storage_key, first.width, first.height) == (stored.file.key, 400, 300)
        assert first.placeholder
        assert first.color
        for key in first.files:
            assert await services.storage.locate(key) is not None

    async def test_does_nothing_that_is_done(
        self, services: Services, worker: OutboxWorker, project: int, stored: StoredPicture
    ) -> None:
        await attach(services, stored, project)
        assert await services.picture_renderer.render(stored.file.key) is not None
        (before,) = await images(services)
        assert await services.picture_renderer.render(stored.file.key) is None
        await worker.run_due()
        (image,) = await images(services)
        assert image.version == before.version

    async def test_is_not_wanted_where_variants_came_along(
        self, services: Services, project: int, tmp_path: Path
    ) -> None:
        whole = await services.picture_files.store(taken(tmp_path / "harbour", 40, 30))
        await attach(services, whole, project)
        assert RENDER_PICTURE not in [row.topic for row in await rows(services.database)]

    async def test_is_over_when_the_file_is_gone(
        self, services: Services, worker: OutboxWorker, project: int, stored: StoredPicture
    ) -> None:
        await attach(services, stored, project)
        await services.storage.delete(stored.file.key)
        await worker.run_due()
        (job,) = [row for row in await rows(services.database) if row.topic == RENDER_PICTURE]
        assert (job.finished_at is not None, job.failed_at) == (True, None)

    async def test_is_not_tried_for_ever_where_it_cannot_be(
        self, services: Services, worker: OutboxWorker, project: int, tmp_path: Path
    ) -> None:
        # Of a content that no other test stores.
        stored = await store(services, taken(tmp_path / "rotten", 417, 13))
        await attach(services, stored, project)
        place = await services.storage.locate(stored.file.key)
        assert isinstance(place, Path)
        place.write_bytes(b"rotten")
        for day in range(9):
            with time_machine.travel(utc_now() + timedelta(days=day)):
                await worker.run_due()
        (job,) = [row for row in await rows(services.database) if row.topic == RENDER_PICTURE]
        assert job.failed_at is not None
        assert "Neither JPEG" in (job.last_error or "")


class TestInterruption:
    @pytest.fixture
    async def busy(
        self, services: Services, worker: OutboxWorker, project: int, tmp_path: Path
    ) -> int:
        """The id of a process that is making variants."""
        await attach(
            services, await store(services, taken(tmp_path / "large", 3000, 2000)), project
        )
        worker.start()
        imaging = services.imaging
        async with asyncio.timeout(30):
            while not imaging._running:  # noqa: ASYNC110 - nobody else waits
                await asyncio.sleep(0.005)
        (process,) = imaging._running
        return process.pid

    async def test_by_the_end_of_the_worker_is_made_up_for(
        self, services: Services, here: Database, worker: OutboxWorker, busy: int
    ) -> None:
        await worker.stop(grace=0)
        async with asyncio.timeout(30):
            while Path(f"/proc/{busy}").exists():  # noqa: ASYNC110, ASYNC240 - nobody else waits
                await asyncio.sleep(0.005)
        await self._is_done_later(services, here)

    async def test_by_the_end_of_the_process_is_made_up_for(
        self, services: Services, here: Database, worker: OutboxWorker, busy: int
    ) -> None:
        os.kill(busy, signal.SIGKILL)
        await worker.stop()
        await self._is_done_later(services, here)

    async def _is_done_later(self, services: Services, here: Database) -> None:
        assert [image.variants for image in await images(services)] == [None]
        successor = OutboxWorker(here, jobs)
        successor.register(RENDER_PICTURE, services.picture_renderer, slots=1)
        with time_machine.travel(utc_now() + LATER):
            await successor.run_due()
        (image,) = await images(services)
        assert len(image.variants or []) == 10
