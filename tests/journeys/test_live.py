"""Pages that are open at one process hear what another one does, whatever becomes of either."""

import asyncio
import os
import signal
from typing import Any

import pytest
from tests.factories.live import SOON, Page, open_page, open_stream
from tests.factories.redis import RedisServer
from tests.factories.servers import PUBLIC_URL, Server, eventually
from tests.factories.visitors import Owner
from tests.journeys.conftest import Manage, Serve, Visit
from websockets.exceptions import ConnectionClosed, InvalidStatus

from portfolio.core.clock import utc_now

PAGES = 6  # of which two workers have some each
OPEN = {"LIVE_PER_CLIENT": "100", "LIVE_PER_USER": "100"}


async def publish(owner: Owner, title: str) -> None:
    body = {"title": title, "body_markdown": "Hello", "status": "published"}
    answer = await owner.ask("POST", "/posts", 201, **body)
    assert answer["title"] == title


async def heard(page: Page, title: str) -> dict[str, Any]:
    """The event about this post; what comes before is passed over."""
    while True:
        event = await page.hear()
        if event["type"] == "post.published" and event["data"]["title"] == title:
            return event


class Pages:
    """Several that are open at one server."""

    def __init__(self, server: Server, count: int) -> None:
        self._opening = [open_page(server.url, origin=PUBLIC_URL) for _ in range(count)]
        self.all: list[Page] = []

    async def __aenter__(self) -> list[Page]:
        for each in self._opening:
            self.all.append(await (await each.__aenter__()).follow("posts"))
        return self.all

    async def __aexit__(self, *_outcome: object) -> None:
        for each in self._opening:
            await each.__aexit__(None, None, None)


class TestWorkers:
    async def test_hear_each_other_without_redis(self, serve: Serve, manage: Manage) -> None:
        server = await serve(WORKERS="2", **OPEN)
        owner = await manage(server)
        async with Pages(server, PAGES) as pages:
            await publish(owner, "One")
            ids = {(await heard(page, "One"))["id"] for page in pages}
            assert len(ids) == 1
            # One more process: the command line.
            folder = server.folder / "content"
            folder.mkdir()
            (folder / "two.md").write_text(f"---\ntitle: Two\ndate: {utc_now():%F %T}Z\n---\nHello")
            done = await server.command("import", "markdown", str(folder))
            assert done.returncode == 0, done.stdout + done.stderr
            for page in pages:
                await heard(page, "Two")

    async def test_count_connections_together(self, serve: Serve) -> None:
        server = await serve(WORKERS="2", LIVE_PER_CLIENT=str(PAGES))
        async with Pages(server, PAGES) as pages:
            with pytest.raises(InvalidStatus, match="429"):
                async with open_page(server.url, origin=PUBLIC_URL):
                    pass
            os.kill(min(server.workers()), signal.SIGKILL)
            await server.says("worker.died")

            async def is_let_in() -> bool:
                try:
                    async with open_page(server.url, origin=PUBLIC_URL):
                        return True
                except (InvalidStatus, OSError):
                    return False

            if any([await is_gone(page) for page in pages]):
                await eventually(is_let_in, SOON)


async def is_gone(page: Page) -> bool:
    try:
        await page.nothing_more()
    except ConnectionClosed:
        return True
    return False


@pytest.mark.requirement("84")
class TestServers:
    async def test_hear_each_other_whatever_becomes_of_redis(
        self, serve: Serve, manage: Manage, redis: RedisServer
    ) -> None:
        one, other = await serve(REDIS_URL=redis.url), await serve(REDIS_URL=redis.url)
        owner = await manage(one)
        async with open_page(other.url, origin=PUBLIC_URL) as page:
            await page.follow("posts")
            await publish(owner, "With Redis")
            await heard(page, "With Redis")
            redis.kill()
            await publish(owner, "Without")
            await heard(page, "Without")
            await redis.start()
            await other.says("live.redis_back")
            await publish(owner, "With it again")
            await heard(page, "With it again")
            redis.freeze()
            await publish(owner, "While it hangs")
            await heard(page, "While it hangs")
            redis.thaw()

    @pytest.mark.requirement("73")
    async def test_close_what_was_opened_with_rights_that_are_gone(
        self, serve: Serve, visit: Visit, manage: Manage
    ) -> None:
        one, other = await serve(**OPEN), await serve(**OPEN)
        here, owner = await visit(one), await manage(one)
        await here.register()
        await here.log_in()
        token = here.tokens["access_token"]
        account = f"/users/{here.tokens['user']['id']}"
        async with open_page(other.url, origin=PUBLIC_URL) as page:
            await page.follow("posts", token=token)
            await here.post("/auth/logout", 204)
            async with asyncio.timeout(5):
                assert await page.closed() == 4401
        await here.log_in()
        async with open_page(other.url, origin=PUBLIC_URL) as page:
            await page.follow("posts", token=here.tokens["access_token"])
            await owner.ask("PATCH", account, 200, is_active=False)
            async with asyncio.timeout(5):
                assert await page.closed() == 4401


@pytest.mark.requirement("90")
class TestEnd:
    async def test_is_told_at_once_and_costs_no_event(self, serve: Serve, manage: Manage) -> None:
        server = await serve()
        owner = await manage(server)
        async with (
            open_stream(server.url, "posts") as stream,
            open_page(server.url, origin=PUBLIC_URL) as page,
        ):
            await stream.next()
            await page.follow("posts")
            await publish(owner, "Before")
            last = (await heard(page, "Before"))["id"]
            await stream.next()
            server.send(signal.SIGTERM)
            assert await page.closed() == 1012
            assert (await stream.next()).fields.keys() == {"retry"}
            with pytest.raises(StopAsyncIteration):
                await stream.next()
        async with asyncio.timeout(15):
            assert await server.ended() == 0
        await server.start()
        owner = await manage(server)
        await publish(owner, "Meanwhile")
        async with open_page(server.url, origin=PUBLIC_URL) as page:
            await page.follow()
            await page.ask("subscribe", topic="posts", last_event_id=last)
            await publish(owner, "After")
            titles = [(await page.hear())["data"]["title"] for _ in range(2)]
            assert titles == ["Meanwhile", "After"]

    async def test_of_one_worker_leaves_pages_to_the_next(
        self, serve: Serve, manage: Manage
    ) -> None:
        server = await serve(WORKERS="2", **OPEN)
        async with Pages(server, PAGES) as pages:
            server.send(signal.SIGHUP)
            assert {await page.closed() for page in pages} == {1012}
            await server.says("server.restarted")
        owner = await manage(server)
        async with Pages(server, PAGES) as pages:
            await publish(owner, "New")
            for page in pages:
                await heard(page, "New")
