"""Texts are never behind the pictures that they show, whoever was first and however many they are."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.factories.galleries import add_picture, files_of, replace_picture, store_picture
from tests.factories.posts import make_post
from tests.factories.stored_files import forget

from portfolio.core.media_links import keys_in
from portfolio.db.repositories.media import ImageRepository
from portfolio.models.media import FileUse, Image
from portfolio.models.users import User
from portfolio.schemas.posts import PostUpdate
from portfolio.services import text_renewal
from portfolio.wiring import Services

# Long enough for the others to come as far as they can: a test that is too quick finds nothing.
A_WHILE = 0.05


async def uses_of(services: Services, image: Image) -> dict[str, int]:
    """Their numbers by their keys."""
    uses = select(FileUse).where(FileUse.used_by == "images", FileUse.used_by_id == image.id)
    async with services.database.reading() as db:
        return {use.key: use.id for use in await db.scalars(uses)}


async def html_of(services: Services, post_id: int) -> str:
    async with services.database.reading() as db:
        detail = await services.posts.read(db, str(post_id), None)
    assert detail.html is not None
    return detail.html


class TestSavingAText:
    @pytest.mark.parametrize("first", ["text", "picture"])
    async def test_while_a_picture_in_it_is_replaced(
        self, services: Services, admin: User, tmp_path: Path, first: str
    ) -> None:
        image = await add_picture(services, tmp_path, "harbour")
        former = image.url
        post = await make_post(services, admin)
        stored = await store_picture(services, tmp_path, "lighthouse")
        begun = asyncio.Event()

        async def save() -> None:
            body = PostUpdate(body_markdown=f"![Ships]({former})")
            async with services.database.transaction() as db:
                await services.posts.update(db, post.id, body)
                begun.set()
                await asyncio.sleep(A_WHILE)

        async def replace() -> Image:
            async with services.database.transaction() as db:
                replaced = await services.media.replace_file(db, image.id, stored)
                begun.set()
                await asyncio.sleep(A_WHILE)
            await services.outbox.run_due()
            return replaced

        async def save_then() -> None:
            await begun.wait()
            await save()

        async def replace_then() -> Image:
            await begun.wait()
            return await replace()

        if first == "text":
            _, image = await asyncio.gather(save(), replace_then())
        else:
            image, _ = await asyncio.gather(replace(), save_then())
        await forget(services)
        html = await html_of(services, post.id)
        assert all(url in html for url in files_of(image))
        for key in keys_in(html):
            assert await services.storage.locate(key) is not None


class TestTextRenewal:
    async def test_comes_to_all_texts_a_few_at_a_time(
        self, services: Services, admin: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(text_renewal, "AT_ONCE", 2)
        image = await add_picture(services, tmp_path, "logo")
        body = f"![Logo]({image.url})"
        posts = [
            await make_post(services, admin, f"Ship {number}", body_markdown=body)
            for number in range(5)
        ]
        image = await replace_picture(
            services, image, await store_picture(services, tmp_path, "new")
        )
        await services.outbox.run_due()
        for post in posts:
            assert image.url in await html_of(services, post.id)


class TestReplacingAFile:
    async def test_at_two_places_at_once(
        self, services: Services, admin: User, tmp_path: Path
    ) -> None:
        shared = await store_picture(services, tmp_path, "shared")
        images, pictures = [], []
        for number in range(2):
            post = await make_post(services, admin, f"Ship {number}")
            async with services.database.transaction() as db:
                images.append(await services.media.add_picture(db, post.id, "posts", shared))
            pictures.append(await store_picture(services, tmp_path, str(number)))

        async def replace(number: int) -> Image:
            async with services.database.transaction() as db:
                replaced = await services.media.replace_file(
                    db, images[number].id, pictures[number]
                )
                await asyncio.sleep(A_WHILE)
                return replaced

        replaced = await asyncio.gather(replace(0), replace(1))
        assert [image.url for image in replaced] == [picture.file.url for picture in pictures]


class TestNoting:
    async def test_leaves_the_uses_alone_that_stay(
        self, services: Services, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "harbour")
        before = await uses_of(services, image)
        async with services.database.transaction() as db:
            images = ImageRepository()
            row = await images.get_locked(db, image.id)
            await images.update(db, row, {"variants": None})
        after = await uses_of(services, image)
        assert len(after) < len(before)
        assert after.items() <= before.items()
