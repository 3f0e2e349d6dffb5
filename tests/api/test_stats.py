"""What there is, in numbers."""

import httpx2
from tests.factories.images import add_image
from tests.factories.photos import encoded, noise
from tests.factories.posts import make_post
from tests.factories.publications import HIDDEN, NOUNS, make, make_hidden
from tests.factories.users import change_users, make_user

from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.outbox import OutboxJob
from portfolio.models.users import Role, User
from portfolio.services.mail import SEND_MAIL
from portfolio.wiring import Services

URL = "/api/v1/stats"


class TestReadStats:
    async def test_is_for_admins(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient
    ) -> None:
        assert (await client.get(URL)).status_code == 401
        assert (await user_client.get(URL)).status_code == 403

    async def test_counts_publications_by_status(
        self, admin_client: httpx2.AsyncClient, services: Services, admin: User
    ) -> None:
        for noun in NOUNS:
            for _ in range(2):
                await make(services, noun, admin)
            for how in HIDDEN:
                await make_hidden(services, noun, admin, how)
        found = (await admin_client.get(URL)).json()
        for noun in NOUNS:
            assert found[noun] == {
                "draft": 1,
                "scheduled": 1,
                "published": 2,
                "archived": 1,
                "binned": 1,
            }

    async def test_counts_the_rest(
        self, admin_client: httpx2.AsyncClient, services: Services, admin: User, database: Database
    ) -> None:
        post = await make_post(services, admin)
        sleeper = await make_user(services, "sleeper", Role.ADMIN)
        await make_user(services, "reader")
        await change_users(database, sleeper, is_active=False)
        async with database.transaction() as db:
            await services.media.add_image(db, post.id, "post", "https://example.com/a.png")
            for name in ("a", "b"):
                await services.media.add_video(db, post.id, "post", f"https://example.com/{name}")
            for topic, failed in (("work", False), (SEND_MAIL, False), ("work", True)):
                at = utc_now() if failed else None
                db.add(OutboxJob(topic=topic, payload={}, finished_at=at, failed_at=at))
        found = (await admin_client.get(URL)).json()
        assert found["users"] == {"total": 3, "active": 2, "admins": 1}
        assert (found["images"], found["videos"]) == (1, 2)
        assert found["media_bytes"] == 0
        assert found["sessions"] == 1
        assert found["jobs"] == {"waiting": 2, "failed": 1, "mails_waiting": 1}

    async def test_adds_up_what_the_files_of_media_take_each_once(
        self, admin_client: httpx2.AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin)
        sent = {"file": ("a.jpg", encoded(noise(400, 300)))}
        image = (await admin_client.post("/api/v1/images", files=sent)).json()
        await add_image(admin_client, f"/api/v1/posts/{post.id}/images", url=image["url"])
        takes = image["bytes"] + sum(made["bytes"] for made in image["variants"])
        found = (await admin_client.get(URL)).json()
        assert (found["images"], found["media_bytes"]) == (2, takes)

    async def test_takes_one_statement(
        self, admin_client: httpx2.AsyncClient, count_queries: list[str]
    ) -> None:
        count_queries.clear()
        await admin_client.get(URL)
        assert len([line for line in count_queries if "count(" in line]) == 1
