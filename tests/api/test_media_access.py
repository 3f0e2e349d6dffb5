"""Who is served which stored file."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from pydantic import SecretStr
from tests.factories.clients import make_client
from tests.factories.galleries import (
    add_picture,
    add_video,
    addresses,
    files_of,
    make_draft,
    statuses,
)
from tests.factories.posts import make_post
from tests.factories.publications import HIDDEN, NOUNS, make, make_hidden
from tests.factories.users import change_users, make_user
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.core.config import Settings
from portfolio.core.media_links import unsigned
from portfolio.main import create_app
from portfolio.models.users import Role, User
from portfolio.wiring import Services

API = "/api/v1"


@pytest.fixture
async def draft(
    services: Services, admin: User, admin_client: AsyncClient, tmp_path: Path
) -> dict[str, Any]:
    """As its editor is shown it."""
    made = await make_draft(services, tmp_path, admin)
    shown: dict[str, Any] = (await admin_client.get(f"{API}/posts/{made.id}")).json()
    return shown


@pytest.mark.requirement("42")
class TestGetMedia:
    @pytest.mark.parametrize("noun", NOUNS)
    @pytest.mark.parametrize("how", HIDDEN)
    async def test_hides_what_belongs_to_something_hidden(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        services: Services,
        admin: User,
        tmp_path: Path,
        noun: str,
        how: str,
    ) -> None:
        row = await make_hidden(services, noun, admin, how)
        image = await add_picture(services, tmp_path, "ships", noun, row.id)
        video = await add_video(services, tmp_path, "film", noun, row.id)
        urls = [*files_of(image), *files_of(video)]
        assert len(urls) == 1 + 4 + 3
        assert await statuses(client, *urls) == {404}
        assert await statuses(user_client, *urls) == {404}

    @pytest.mark.parametrize("noun", NOUNS)
    async def test_shows_what_belongs_to_something_public(
        self, client: AsyncClient, services: Services, admin: User, tmp_path: Path, noun: str
    ) -> None:
        row = await make(services, noun, admin)
        image = await add_picture(services, tmp_path, "ships", noun, row.id)
        video = await add_video(services, tmp_path, "film", noun, row.id)
        for url in (*files_of(image), *files_of(video)):
            response = await client.get(url)
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"

    async def test_shows_the_library(
        self, client: AsyncClient, services: Services, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "ships")
        video = await add_video(services, tmp_path, "film")
        assert await statuses(client, *files_of(image), *files_of(video)) == {200}

    async def test_shows_what_anything_public_shows(
        self, client: AsyncClient, services: Services, admin: User, tmp_path: Path
    ) -> None:
        draft, public = [
            await make_post(services, admin, status=how) for how in ("draft", "published")
        ]
        image = await add_picture(services, tmp_path, "ships", "posts", draft.id)
        assert await statuses(client, image.url) == {404}
        await add_picture(services, tmp_path, "ships", "posts", public.id)
        assert await statuses(client, image.url) == {200}

    @pytest.mark.parametrize("noun", NOUNS)
    async def test_follows_what_becomes_of_its_owner_at_once(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        tmp_path: Path,
        noun: str,
    ) -> None:
        row = await make(services, noun, admin, status="draft")
        image = await add_picture(services, tmp_path, "ships", noun, row.id)
        owner, urls = f"{API}/{noun}/{row.id}", files_of(image)
        assert await statuses(client, *urls) == {404}
        for method, path, body, expected in (
            ("POST", "/publish", None, 200),
            ("POST", "/unpublish", None, 404),
            ("PATCH", "", {"status": "published"}, 200),
            ("DELETE", "", None, 404),
            ("POST", "/restore", None, 200),
            ("PATCH", "", {"status": "archived"}, 404),
        ):
            response = await admin_client.request(method, owner + path, json=body)
            assert response.is_success, response.text
            assert await statuses(client, *urls) == {expected}, path

    async def test_shows_what_is_scheduled_once_its_time_has_come(
        self, client: AsyncClient, services: Services, admin: User, tmp_path: Path
    ) -> None:
        post = await make_hidden(services, "posts", admin, "scheduled")
        image = await add_picture(services, tmp_path, "ships", "posts", post.id)
        for moment, status in ((timedelta(hours=23), 404), (timedelta(hours=25), 200)):
            with travel(utc_now() + moment):
                assert await statuses(client, *files_of(image)) == {status}

    async def test_shows_the_profile_of_an_admin(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        tmp_path: Path,
    ) -> None:
        await make_user(services, "second", Role.ADMIN)
        profile = (await admin_client.patch(f"{API}/profile", json={"name": "O"})).json()["id"]
        image = await add_picture(services, tmp_path, "me", "profiles", profile)
        assert await statuses(client, *files_of(image)) == {200}
        await change_users(services.database, admin, role=Role.USER)
        assert await statuses(client, *files_of(image)) == {404}

    @pytest.mark.parametrize(
        ("path", "field"),
        [
            ("posts", "body_markdown"),
            ("posts", "seo"),
            ("projects", "body_markdown"),
            ("projects", "seo"),
            ("profile", "summary_markdown"),
            ("profile", "image_url"),
        ],
    )
    async def test_shows_what_a_public_text_names(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        tmp_path: Path,
        path: str,
        field: str,
    ) -> None:
        hidden = await make_post(services, admin, "Hidden", status="draft")
        image = await add_picture(services, tmp_path, "ships", "posts", hidden.id)
        if path != "profile":
            path += f"/{(await make(services, path, admin)).id}"
        texts = {
            "body_markdown": (f"Look: [here]({image.url})", ""),
            "summary_markdown": (f"![Me]({image.url})", None),
            "seo": ({"image": image.url}, None),
            "image_url": (image.url, None),
        }
        for text, status in zip(texts[field], (200, 404), strict=True):
            response = await admin_client.patch(f"{API}/{path}", json={field: text})
            assert response.status_code == 200, response.text
            assert await statuses(client, image.url) == {status}

    async def test_opens_every_file_to_an_editor_and_to_no_cache(
        self, admin_client: AsyncClient, services: Services, draft: dict[str, Any]
    ) -> None:
        for url in {unsigned(address) for address in addresses(draft)}:
            response = await admin_client.get(url)
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "private, no-store"

    async def test_leaves_no_trace_of_a_refusal_in_a_cache(
        self, client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        response = await client.get(unsigned(draft["cover"]["url"]))
        assert response.status_code == 404
        assert response.headers["Cache-Control"] == "no-store"
        assert response.json()["code"] == "not_found"


@pytest.mark.requirement("42")
class TestSignature:
    async def test_opens_a_file_for_five_to_ten_minutes(
        self, client: AsyncClient, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        now = int(utc_now().timestamp()) // 300 * 300 + 420
        with travel(now, tick=False):
            answer = (await admin_client.get(f"{API}/posts/{draft['id']}")).json()
            address = answer["cover"]["url"]
            response = await client.get(address)
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "private, max-age=480"
            part = await client.get(address, headers={"Range": "bytes=0-3"})
            assert (part.status_code, part.content) == (206, response.content[:4])
        with travel(now + 479, tick=False):
            response = await client.get(address)
            assert response.headers["Cache-Control"] == "private, max-age=1"
        with travel(now + 480, tick=False):
            held = {"If-None-Match": response.headers["ETag"]}
            assert (await client.get(address)).status_code == 404
            assert (await client.get(address, headers=held)).status_code == 404

    async def test_is_worth_nothing_changed_or_for_another_file(
        self, client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        url, _, token = draft["cover"]["url"].partition("?signed=")
        expires, _, signature = token.partition(".")
        other = unsigned(draft["cover"]["variants"][0]["url"])
        assert await statuses(client, f"{url}?signed={token}") == {200}
        for address in (
            f"{url}?signed=",
            f"{url}?signed={token[:-1]}",
            f"{url}?signed={int(expires) + 300}.{signature}",
            f"{url}?signed={expires}.{signature[::-1]}",
            f"{other}?signed={token}",
        ):
            assert await statuses(client, address) == {404}, address

    async def test_outlives_a_change_of_the_key(
        self, settings: Settings, draft: dict[str, Any]
    ) -> None:
        """Another process has the new key already; it serves the same files."""
        address = draft["cover"]["url"]
        former = settings.security.secret_key
        for previous, status in (([former], 200), ([], 404)):
            security = settings.security.model_copy(
                update={"secret_key": SecretStr("n" * 32), "secret_key_previous": previous}
            )
            app = create_app(settings.model_copy(update={"security": security}))
            async with app.state.services, make_client(app) as stranger:
                assert await statuses(stranger, address) == {status}
