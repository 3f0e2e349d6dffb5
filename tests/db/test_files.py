from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from tests.factories.jobs import jobs, outbox

from portfolio.core.clock import utc_now
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.db.session import Database
from portfolio.models.media import Image
from portfolio.services.files import DELETE_FILE, SETTLING_SECONDS, FileRemover
from portfolio.services.outbox import OutboxWorker
from portfolio.wiring import Services


@pytest.fixture
def worker(services: Services, here: Database) -> OutboxWorker:
    made = OutboxWorker(here, jobs)
    made.register(DELETE_FILE, FileRemover(here, FileUseRepository(), services.storage, outbox))
    return made


async def file_is_there(services: Services, image: Image) -> bool:
    return await services.storage.locate(image.storage_key or "") is not None


class TestFileRemover:
    async def test_removes_the_file_once_nothing_shows_it(
        self,
        services: Services,
        project: int,
        other_project: int,
        picture: Path,
        worker: OutboxWorker,
    ) -> None:
        stored = await services.picture_files.store(picture)
        async with services.database.transaction() as db:
            first = await services.media.add_picture(db, project, "project", stored)
            second = await services.media.add_picture(db, other_project, "project", stored)
        with time_machine.travel(utc_now() + timedelta(seconds=SETTLING_SECONDS + 1)):
            for image, stays in ((first, True), (second, False)):
                async with services.database.transaction() as db:
                    await services.media.delete(db, image.id)
                await worker.run_due()
                assert await file_is_there(services, image) is stays

    async def test_waits_while_the_content_may_be_attached_again(
        self, services: Services, project: int, picture: Path, worker: OutboxWorker
    ) -> None:
        stored = await services.picture_files.store(picture)
        async with services.database.transaction() as db:
            image = await services.media.add_picture(db, project, "project", stored)
        async with services.database.transaction() as db:
            await services.media.delete(db, image.id)
        await worker.run_due()
        assert await file_is_there(services, image)
        with time_machine.travel(utc_now() + timedelta(seconds=SETTLING_SECONDS + 1)):
            await worker.run_due()
        assert not await file_is_there(services, image)
