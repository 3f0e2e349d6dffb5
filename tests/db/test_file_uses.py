"""Which files are kept, whatever happens at the same time."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import delete as delete_rows
from sqlalchemy import select
from tests.factories.galleries import (
    add_picture,
    add_video,
    replace_picture,
    store_picture,
    store_video,
)
from tests.factories.posts import make_post
from tests.factories.stored_files import forget

from portfolio.core.errors import AppError, InvalidInputException
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.models.entities import EntityType
from portfolio.models.media import FileUse, Image, ReplacedFile
from portfolio.models.users import User
from portfolio.schemas.posts import PostUpdate
from portfolio.wiring import Services

COPIED = (
    "url",
    "storage_key",
    "width",
    "height",
    "bytes",
    "total_bytes",
    "content_type",
    "variants",
    "placeholder",
    "color",
)


async def uses_of(services: Services, used_by: str, row_id: int) -> set[str]:
    async with services.database.reading() as db:
        return set(await FileUseRepository().keys_of(db, used_by, row_id))


async def are_there(services: Services, *keys: str) -> set[bool]:
    return {await services.storage.locate(key) is not None for key in keys}


async def attach(services: Services, project: int, url: str) -> Image:
    async with services.database.transaction() as db:
        return await services.media.add_image(db, project, "project", url)


async def delete(services: Services, image: Image) -> None:
    async with services.database.transaction() as db:
        await services.media.delete(db, image.id)


class TestNoting:
    async def test_is_of_just_the_files_that_are_shown(
        self, services: Services, project: int, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "ships", "projects", project)
        video = await add_video(services, tmp_path, "film", "projects", project)
        assert await uses_of(services, "images", image.id) == set(image.files)
        assert len(image.files) == 5
        assert await uses_of(services, "videos", video.id) == set(video.files)
        assert len(video.files) == 3
        image = await replace_picture(
            services, image, await store_picture(services, tmp_path, "boats")
        )
        assert await uses_of(services, "images", image.id) == set(image.files)
        stored = await store_video(services, tmp_path, "other film")
        async with services.database.transaction() as db:
            changed = await services.videos.replace_file(db, video.id, stored)
            await services.videos.remove_caption(db, video.id, "en")
        assert stored.poster is not None
        assert await uses_of(services, "videos", video.id) == {stored.file.key, stored.poster.key}
        assert set(changed.files) == {stored.file.key, stored.poster.key}

    async def test_leaves_nothing_behind_what_is_deleted(
        self, services: Services, admin: User, tmp_path: Path
    ) -> None:
        post = await make_post(services, admin)
        image = await add_picture(services, tmp_path, "ships", "posts", post.id)
        await add_video(services, tmp_path, "film", "posts", post.id)
        data = PostUpdate(body_markdown=f"![Ships]({image.url})")
        async with services.database.transaction() as db:
            await services.posts.update(db, post.id, data)
        stored = await store_picture(services, tmp_path, "boats")
        await replace_picture(services, image, stored)
        for permanent in (False, True):
            async with services.database.transaction() as db:
                await services.posts.delete(db, post.id, permanent=permanent)
        await forget(services)
        async with services.database.reading() as db:
            assert (await db.scalars(select(FileUse))).all() == []
            assert (await db.scalars(select(ReplacedFile))).all() == []

    async def test_of_a_text_follows_what_it_names(
        self, services: Services, admin: User, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "ships")
        post = await make_post(services, admin, body_markdown=f"![Ships]({image.url})")
        assert await uses_of(services, EntityType.POSTS, post.id) == set(image.files)
        for text, named in (("[Ships]({})", {image.files[0]}), ("None", set[str]())):
            data = PostUpdate(body_markdown=text.format(image.url))
            async with services.database.transaction() as db:
                await services.posts.update(db, post.id, data)
            assert await uses_of(services, EntityType.POSTS, post.id) == named

    async def test_takes_any_number_of_files(self, services: Services, admin: User) -> None:
        keys = [f"{number:040x}" for number in range(3000)]
        body = " ".join(f"/media/{key[:2]}/{key[2:]}.png" for key in keys)
        post = await make_post(services, admin, body_markdown=body)
        assert len(await uses_of(services, EntityType.POSTS, post.id)) == len(keys)


class TestAttach:
    async def test_copies_all_that_is_known_of_the_file(
        self, services: Services, project: int, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "ships")
        copy = await attach(services, project, image.url)
        assert [getattr(copy, name) for name in COPIED] == [getattr(image, name) for name in COPIED]
        assert copy.id != image.id

    async def test_refuses_what_nothing_shows(
        self, services: Services, project: int, tmp_path: Path
    ) -> None:
        stored = await store_picture(services, tmp_path, "ships")
        for url in (stored.file.url, "/media/ab/" + "c" * 38 + ".png", "/media/"):
            with pytest.raises(InvalidInputException):
                await attach(services, project, url)

    async def test_by_a_former_address_takes_what_is_there_now(
        self, services: Services, admin: User, project: int, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "ships")
        former = image.url
        # A text that has not followed yet.
        await make_post(services, admin, body_markdown=f"![Ships]({former})")
        stored = await store_picture(services, tmp_path, "boats")
        image = await replace_picture(services, image, stored)
        copy = await attach(services, project, former)
        assert (copy.url, copy.variants) == (image.url, image.variants)

    @pytest.mark.parametrize("replaced", [False, True])
    async def test_keeps_the_file_from_who_deletes_it_meanwhile(
        self, services: Services, project: int, tmp_path: Path, *, replaced: bool
    ) -> None:
        image = await add_picture(services, tmp_path, "ships")
        url = image.url
        if replaced:
            stored = await store_picture(services, tmp_path, "boats")
            image = await replace_picture(services, image, stored)
        async with services.database.transaction() as db:
            copy = await services.media.add_image(db, project, "project", url)
            rival = asyncio.create_task(delete(services, image))
            # As long as anybody likes to take for it: the other one has to wait.
            await asyncio.wait([rival], timeout=0.1)
            assert not rival.done()
        await rival
        await forget(services)
        assert await are_there(services, *copy.files) == {True}
        await delete(services, copy)
        await forget(services)
        assert await are_there(services, *copy.files) == {False}

    async def test_never_leaves_a_row_without_its_file(
        self, services: Services, project: int, tmp_path: Path
    ) -> None:
        for number in range(4):
            image = await add_picture(services, tmp_path, f"ships {number}")
            both = [attach(services, project, image.url), delete(services, image)]
            first, second = await asyncio.gather(*both[:: (-1) ** number], return_exceptions=True)
            copy = second if number % 2 else first
            await forget(services)
            if isinstance(copy, Image):
                assert await are_there(services, *copy.files) == {True}
            else:
                assert isinstance(copy, AppError)
                assert await are_there(services, *image.files) == {False}


class TestNaming:
    async def test_keeps_the_file_from_who_deletes_it_meanwhile(
        self, services: Services, admin: User, tmp_path: Path
    ) -> None:
        post = await make_post(services, admin)
        image = await add_picture(services, tmp_path, "ships")
        data = PostUpdate(body_markdown=f"![Ships]({image.url})")
        async with services.database.transaction() as db:
            await services.posts.update(db, post.id, data)
            rival = asyncio.create_task(delete(services, image))
            await asyncio.wait([rival], timeout=0.1)
            assert not rival.done()
        await rival
        await forget(services)
        assert await are_there(services, *image.files) == {True}


class TestFormerVersions:
    async def test_that_write_beside_this_one_lose_nothing(
        self, services: Services, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "written by a former version")
        async with services.database.transaction() as db:
            await db.execute(delete_rows(FileUse))
        async with services.database.transaction() as db:
            assert await services.media.note_former(db) == 1
            assert await services.media.note_former(db) == 0
        async with services.database.reading() as db:
            assert set(await db.scalars(select(FileUse.key))) == set(image.files)
