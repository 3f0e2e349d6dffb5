"""Pictures of ours in texts: offered in all sizes, and kept while a text names them."""

from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import update
from tests.factories.galleries import WIDTHS, add_picture, files_of, statuses, store_picture
from tests.factories.posts import make_post
from tests.factories.publications import NOUNS, make
from tests.factories.stored_files import forget

from portfolio.core.markdown import RENDER_VERSION
from portfolio.db.repositories.media import ImageRepository
from portfolio.models.media import Image
from portfolio.models.posts import BlogPost
from portfolio.models.projects import Project
from portfolio.models.users import User
from portfolio.services.illustrations import RENEW_TEXTS
from portfolio.wiring import Services

API = "/api/v1"
SIZES = "auto, (min-width: 60rem) 60rem, 100vw"
UNCHANGED = ("body_markdown", "version", "updated_at", "published_at", "excerpt", "toc")


def whole(image: Image, alt: str = "Ships") -> str:
    """As it is to be in the HTML of a text."""
    assert image.variants
    sources = ""
    for kind in ("avif", "webp"):
        made = [each for each in image.variants if each["format"] == kind]
        srcset = ", ".join(f"{each['url']} {each['width']}w" for each in made)
        sources += f'<source type="image/{kind}" srcset="{srcset}" sizes="{SIZES}">'
    size = f'width="{image.width}" height="{image.height}"'
    img = f'<img src="{image.url}" alt="{alt}" loading="lazy" {size}>'
    return f"<picture>{sources}{img}</picture>"


async def delete_image(services: Services, image: Image) -> None:
    async with services.database.transaction() as db:
        await services.media.delete(db, image.id)


@pytest.fixture
async def image(services: Services, tmp_path: Path) -> Image:
    """In the library."""
    return await add_picture(services, tmp_path, "ships")


class TestIllustrate:
    async def test_shows_a_picture_of_the_library_in_all_its_sizes(
        self, client: AsyncClient, services: Services, admin: User, image: Image
    ) -> None:
        for noun in NOUNS:
            row = await make(services, noun, admin, body_markdown=f"A ![Ships]({image.url})")
            shown = (await client.get(f"{API}/{noun}/{row.id}")).json()
            assert shown["html"] == f"<p>A {whole(image)}</p>\n"

    async def test_shows_a_picture_of_its_own(
        self, admin_client: AsyncClient, services: Services, admin: User, tmp_path: Path
    ) -> None:
        post = await make_post(services, admin)
        image = await add_picture(services, tmp_path, "own", "posts", post.id)
        changes = {"body_markdown": f"![Ships]({image.url})"}
        response = await admin_client.patch(f"{API}/posts/{post.id}", json=changes)
        assert response.json()["html"] == f"<p>{whole(image)}</p>\n"

    async def test_shows_the_same_in_a_profile_and_in_a_preview(
        self, admin_client: AsyncClient, client: AsyncClient, image: Image
    ) -> None:
        text = f"![Ships]({image.url})"
        await admin_client.patch(f"{API}/profile", json={"summary_markdown": text})
        summary = (await client.get(f"{API}/profile")).json()["summary_html"]
        assert summary == f"<p>{whole(image)}</p>\n"
        response = await admin_client.post(f"{API}/render", json={"markdown": text})
        assert response.json()["html"].count("<source ") == 2
        assert response.json()["html"].count("?signed=") == 1 + 2 * len(WIDTHS)

    async def test_shows_pictures_from_elsewhere_as_they_are(
        self, services: Services, admin: User
    ) -> None:
        body = "![A](https://example.com/media/a.jpg) ![B](/media/nothing.png)"
        html = (await make_post(services, admin, body_markdown=body)).html
        assert "<picture>" not in html
        assert html.count("<img ") == 2

    @pytest.mark.parametrize("given", ['width="50" height="20"', 'width="50"', 'height="20"'])
    async def test_keeps_the_size_that_its_author_gave(
        self, services: Services, admin: User, image: Image, given: str
    ) -> None:
        body = f'<img src="{image.url}" alt="Ships" {given}>'
        html = (await make_post(services, admin, body_markdown=body)).html
        assert html.count("<picture>") == 1
        assert given in html
        assert html.count(" width=") + html.count(" height=") == len(given.split())

    async def test_disturbs_neither_excerpt_nor_lists(
        self, client: AsyncClient, services: Services, admin: User, image: Image
    ) -> None:
        body = f"Before ![Ships]({image.url}) after."
        post = await make_post(services, admin, body_markdown=body)
        assert post.excerpt == "Before after."
        (listed,) = (await client.get(f"{API}/posts")).json()["items"]
        assert listed["excerpt"] == "Before after."
        assert listed["reading_time"] == 1

    async def test_stays_as_it_is_whatever_happens_to_the_text(
        self, admin_client: AsyncClient, services: Services, admin: User, image: Image
    ) -> None:
        post = await make_post(services, admin, body_markdown=f"![Ships]({image.url})")
        place = f"{API}/posts/{post.id}"
        for method, path, body in (
            ("POST", "/unpublish", None),
            ("POST", "/publish", None),
            ("PATCH", "", {"title": "Boats"}),
            ("PATCH", "", {"body_markdown": post.body_markdown}),
            ("POST", "/revisions/1/restore", None),
        ):
            response = await admin_client.request(method, place + path, json=body)
            assert response.is_success, response.text
            await run(services, {"keys": image.files})
        html = (await admin_client.get(place)).json()["html"]
        assert html == f"<p>{whole(image)}</p>\n"


async def run(services: Services, payload: dict[str, Any]) -> None:
    async with services.database.transaction() as db:
        await services.jobs.put(db, RENEW_TEXTS, payload)
    await services.outbox.run_due()


class TestRenewTexts:
    async def test_shows_variants_that_came_later(
        self, client: AsyncClient, services: Services, admin: User, tmp_path: Path
    ) -> None:
        stored = await store_picture(services, tmp_path, "late")
        async with services.database.transaction() as db:
            image = await services.media.add_picture(db, None, None, stored)
            await ImageRepository().update(db, image, {"variants": None})
        body = f"![Ships]({image.url})"
        posts = [await make(services, noun, admin, body_markdown=body) for noun in NOUNS]
        before = [(await client.get(f"{API}/posts/{posts[0].id}")).json() for _ in range(2)][1]
        assert "<picture>" not in before["html"]
        async with services.database.transaction() as db:
            image = await ImageRepository().get_locked(db, image.id)
            await ImageRepository().update(db, image, {"variants": stored.variants})
        await run(services, {"keys": [stored.file.key]})
        for noun, row in zip(NOUNS, posts, strict=True):
            after = (await client.get(f"{API}/{noun}/{row.id}")).json()
            assert after["html"] == f"<p>{whole(image)}</p>\n"
        after = (await client.get(f"{API}/posts/{posts[0].id}")).json()
        assert [after[name] for name in UNCHANGED] == [before[name] for name in UNCHANGED]

    async def test_brings_outdated_texts_up_to_date_behind_a_start(
        self, client: AsyncClient, services: Services, admin: User, image: Image
    ) -> None:
        rows = [
            (noun, await make(services, noun, admin, body_markdown=f"![Ships]({image.url})"))
            for noun in NOUNS
        ]
        async with services.database.transaction() as db:
            for model in (BlogPost, Project):
                values = {"render_version": 0, "html": "<p>Old</p>"}
                await db.execute(update(model).values(**values))
        before = {noun: (await client.get(f"{API}/{noun}/{row.id}")).json() for noun, row in rows}
        await services.text_renewal.begin()
        await services.outbox.run_due()
        for noun, row in rows:
            after = (await client.get(f"{API}/{noun}/{row.id}")).json()
            assert after["html"] == f"<p>{whole(image)}</p>\n"
            for name in ("version", "updated_at", "body_markdown", "title", "slug"):
                assert after[name] == before[noun][name]
        await services.text_renewal.begin()
        assert await services.outbox.run_due() == 0

    async def test_leaves_a_text_that_is_refused_by_now_and_does_not_come_back_to_it(
        self, client: AsyncClient, services: Services, admin: User, image: Image
    ) -> None:
        post = await make_post(services, admin, body_markdown=f"![Ships]({image.url})")
        knot = f"![Ships]({image.url})" + "<div>" * 201
        async with services.database.transaction() as db:
            values = {"render_version": 0, "body_markdown": knot}
            await db.execute(update(BlogPost).values(**values))
        await services.text_renewal.begin()
        for _ in range(2):
            await services.outbox.run_due()
            shown = (await client.get(f"{API}/posts/{post.id}")).json()
            assert shown["html"] == post.html == f"<p>{whole(image)}</p>\n"
            await run(services, {"keys": image.files})
        async with services.database.reading() as db:
            row = await db.get(BlogPost, post.id)
        assert row is not None
        assert row.render_version == RENDER_VERSION
        await services.text_renewal.begin()
        assert await services.outbox.run_due() == 0


class TestKeep:
    async def test_lasts_as_long_as_a_text_names_the_file(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        tmp_path: Path,
    ) -> None:
        post = await make_post(services, admin)
        image = await add_picture(services, tmp_path, "ships", "posts", post.id)
        place, urls = f"{API}/posts/{post.id}", files_of(image)
        await admin_client.patch(place, json={"body_markdown": f"![Ships]({image.url})"})
        await admin_client.delete(f"{API}/images/{image.id}")
        await forget(services)
        assert await statuses(client, *urls) == {200}
        await admin_client.patch(place, json={"title": "Boats"})
        await forget(services)
        assert await statuses(client, *urls) == {200}
        await admin_client.patch(place, json={"body_markdown": "No ships"})
        assert await statuses(client, *urls) == {404}
        await forget(services)
        for key in image.files:
            assert await services.storage.locate(key) is None

    @pytest.mark.parametrize(
        "changes", [{"seo": {"image": "{}"}}, {"body_markdown": "[Ships]({})"}]
    )
    async def test_is_for_addresses_anywhere_in_it(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        image: Image,
        changes: dict[str, Any],
    ) -> None:
        field, text = next(iter(changes.items()))
        if field == "seo":
            given: dict[str, Any] = {"seo": {"image": image.url}}
        else:
            given = {field: text.format(image.url)}
        post = await make_post(services, admin, **given)
        await delete_image(services, image)
        await forget(services)
        assert await statuses(client, image.url) == {200}
        none = {"seo": None} if field == "seo" else {field: "None"}
        await admin_client.patch(f"{API}/posts/{post.id}", json=none)
        await forget(services)
        assert await services.storage.locate(image.files[0]) is None

    @pytest.mark.parametrize("noun", NOUNS)
    async def test_ends_with_the_post_for_good(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        tmp_path: Path,
        noun: str,
    ) -> None:
        row = await make(services, noun, admin)
        image = await add_picture(services, tmp_path, "ships", noun, row.id)
        lost = await add_picture(services, tmp_path, "lost")
        place = f"{API}/{noun}/{row.id}"
        body = f"![Ships]({image.url}) ![Lost]({lost.url})"
        await admin_client.patch(place, json={"body_markdown": body})
        await delete_image(services, lost)
        for path, stays in (("", True), ("?permanent=true", False)):
            assert (await admin_client.delete(place + path)).status_code == 204
            await forget(services)
            for key in [*image.files, *lost.files]:
                assert (await services.storage.locate(key) is not None) is stays
