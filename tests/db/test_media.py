import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portfolio.core.errors import InvalidInputException, NotFoundException
from portfolio.models.entities import EntityType
from portfolio.models.outbox import OutboxJob
from portfolio.wiring import Services

ADDRESS = "https://example.com/{}.jpg"


async def add(services: Services, project: int, *names: str) -> list[int]:
    async with services.database.transaction() as db:
        return [
            (await services.media.add_image(db, project, "project", ADDRESS.format(name))).id
            for name in names
        ]


async def names_of(services: Services, project: int) -> list[str]:
    async with services.database.reading() as db:
        images = await services.media.get_images(db, project, "project")
    return [image.url.removeprefix("https://example.com/").removesuffix(".jpg") for image in images]


async def covers_of(services: Services, project: int) -> list[int]:
    async with services.database.reading() as db:
        images = await services.media.get_images(db, project, "project")
    return [image.id for image in images if image.is_cover]


class TestAddImage:
    async def test_attaches_an_address_behind_the_others(
        self, services: Services, project: int
    ) -> None:
        await add(services, project, "a", "b")
        async with services.database.transaction() as db:
            image = await services.media.add_image(
                db, project, EntityType.PROJECTS, ADDRESS.format("c"), alt="Ships", caption="1888"
            )
        assert (image.entity_type, image.entity_id) == (EntityType.PROJECTS, project)
        assert (image.alt, image.caption, image.position) == ("Ships", "1888", 2)
        assert await names_of(services, project) == ["a", "b", "c"]

    @pytest.mark.parametrize("name", ["project", "projects", EntityType.PROJECTS])
    async def test_takes_the_kind_in_any_common_form(
        self, services: Services, project: int, name: str
    ) -> None:
        async with services.database.transaction() as db:
            image = await services.media.add_image(db, project, name, ADDRESS.format("a"))
        assert image.entity_type is EntityType.PROJECTS

    async def test_refuses_a_kind_that_is_none(self, services: Services) -> None:
        with pytest.raises(InvalidInputException):
            async with services.database.transaction() as db:
                await services.media.add_image(db, 1, "users", ADDRESS.format("a"))

    @pytest.mark.parametrize("kind", EntityType)
    async def test_refuses_what_does_not_exist(self, services: Services, kind: EntityType) -> None:
        with pytest.raises(NotFoundException):
            async with services.database.transaction() as db:
                await services.media.add_image(db, 2**40, kind, ADDRESS.format("a"))

    async def test_refuses_the_address_of_a_file_that_is_not_there(
        self, services: Services, project: int
    ) -> None:
        with pytest.raises(InvalidInputException):
            async with services.database.transaction() as db:
                await services.media.add_image(
                    db, project, "project", "/media/ab/" + "c" * 38 + ".png"
                )

    async def test_keeps_a_cover_that_is_set_again_as_one_image(
        self, services: Services, project: int
    ) -> None:
        for alt in ("Ships", "Many ships"):
            async with services.database.transaction() as db:
                image = await services.media.add_image(
                    db, project, "project", ADDRESS.format("a"), alt=alt, is_cover=True
                )
        assert image.alt == "Many ships"
        assert await names_of(services, project) == ["a"]

    async def test_gives_simultaneous_images_places_of_their_own(
        self, services: Services, project: int
    ) -> None:
        await asyncio.gather(*(add(services, project, str(number)) for number in range(8)))
        async with services.database.reading() as db:
            images = await services.media.get_images(db, project, "project")
        assert [image.position for image in images] == list(range(8))


class TestLoadImagesForEntities:
    async def test_gives_each_its_images_by_position(
        self, services: Services, project: int, other_project: int
    ) -> None:
        await add(services, project, "a", "b")
        await add(services, other_project, "c")
        async with services.database.reading() as db:
            found = await services.media.load_images_for_entities(
                db, [project, other_project, 2**40, project], "project"
            )
        assert {key: [image.url for image in images] for key, images in found.items()} == {
            project: [ADDRESS.format("a"), ADDRESS.format("b")],
            other_project: [ADDRESS.format("c")],
            2**40: [],
        }

    async def test_runs_one_statement_for_five_thousand_entities(
        self, services: Services, project: int, count_queries: list[str]
    ) -> None:
        await add(services, project, "a")
        ids = [project, *range(10**6, 10**6 + 4999)]
        count_queries.clear()
        async with services.database.reading() as db:
            found = await services.media.load_images_for_entities(db, ids, "project")
        assert len(count_queries) == 1
        assert len(found) == 5000
        assert len(found[project]) == 1

    async def test_asks_nothing_for_nobody(
        self, services: Services, count_queries: list[str]
    ) -> None:
        async with services.database.reading() as db:
            assert await services.media.load_images_for_entities(db, [], "project") == {}
        assert count_queries == []


class TestAddPicture:
    async def test_says_all_that_is_known_of_the_file(
        self, services: Services, project: int, picture: Path
    ) -> None:
        stored = await services.picture_files.store(picture)
        async with services.database.transaction() as db:
            image = await services.media.add_picture(db, project, "project", stored, alt="Ships")
        assert image.url == f"/media/{image.storage_key}"
        assert (image.width, image.height, image.content_type) == (40, 30, "image/png")
        assert (image.bytes or 0) > 0
        assert await services.storage.locate(image.storage_key or "") is not None

    async def test_gives_the_same_image_for_the_same_content(
        self, services: Services, project: int, other_project: int, picture: Path
    ) -> None:
        stored = await services.picture_files.store(picture)
        async with services.database.transaction() as db:
            first = await services.media.add_picture(db, project, "project", stored)
            again = await services.media.add_picture(
                db, project, "project", stored, alt="Ships", is_cover=True
            )
            elsewhere = await services.media.add_picture(db, other_project, "project", stored)
        assert again.id == first.id
        assert (again.alt, again.is_cover, again.position) == ("Ships", True, 0)
        assert elsewhere.id != first.id
        assert elsewhere.storage_key == first.storage_key

    async def test_can_put_a_file_into_the_library_and_from_there_to_an_entity(
        self, services: Services, project: int, picture: Path
    ) -> None:
        stored = await services.picture_files.store(picture)
        async with services.database.transaction() as db:
            kept = await services.media.add_picture(db, None, None, stored)
            shown = await services.media.add_image(db, project, "project", kept.url)
        assert kept.entity_id is None
        assert (shown.storage_key, shown.width) == (kept.storage_key, 40)


class TestSetCover:
    async def test_takes_the_cover_from_the_one_before(
        self, services: Services, project: int
    ) -> None:
        first, second = await add(services, project, "a", "b")
        for image_id in (first, second, second):
            async with services.database.transaction() as db:
                await services.media.set_cover(db, image_id)
        assert await covers_of(services, project) == [second]

    async def test_leaves_one_cover_when_many_want_it_at_once(
        self, services: Services, project: int
    ) -> None:
        ids = await add(services, project, *"abcdef")

        async def wish(image_id: int) -> None:
            async with services.database.transaction() as db:
                await services.media.set_cover(db, image_id)

        await asyncio.gather(*map(wish, ids))
        assert len(await covers_of(services, project)) == 1

    async def test_means_nothing_in_the_library(self, services: Services) -> None:
        async with services.database.transaction() as db:
            image = await services.media.add_image(db, None, None, ADDRESS.format("a"))
        with pytest.raises(InvalidInputException):
            async with services.database.transaction() as db:
                await services.media.set_cover(db, image.id)


class TestDelete:
    async def test_asks_for_no_work_where_there_is_no_file(
        self, services: Services, project: int
    ) -> None:
        (image_id,) = await add(services, project, "a")
        async with services.database.transaction() as db:
            await services.media.delete(db, image_id)
            assert await db.scalar(select(func.count(OutboxJob.id))) == 0
        assert await names_of(services, project) == []

    async def test_takes_all_images_of_an_entity(
        self, services: Services, project: int, other_project: int
    ) -> None:
        await add(services, project, "a", "b")
        await add(services, other_project, "c")
        async with services.database.transaction() as db:
            await services.media.delete_for_entity(db, project, "project")
        assert await names_of(services, project) == []
        assert await names_of(services, other_project) == ["c"]
