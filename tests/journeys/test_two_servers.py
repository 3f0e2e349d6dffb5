"""Two processes that serve one site: what one decides, the other one keeps."""

import asyncio
from collections import Counter
from itertools import count

import pytest
from tests.factories.redis import RedisServer
from tests.factories.servers import Server, eventually
from tests.factories.users import LOGIN, bearing
from tests.factories.visitors import Visitor
from tests.journeys.conftest import Manage, Serve, Visit

SOON = 5  # seconds: five times what is promised
QUOTA = 6
LIMITED = {"RATE_LIMIT_LOGIN": f"{QUOTA}/hour", "TRUSTED_PROXIES": "127.0.0.1"}
ATTEMPTS = 40


async def two(serve: Serve, **variables: str) -> list[Server]:
    """They start at the same moment, on an empty database; if one cannot, none is left running."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(serve(**variables)) for _ in range(2)]
    return [task.result() for task in tasks]


async def soon(visitor: Visitor, path: str, status: int) -> None:
    async def look() -> bool:
        headers = bearing(visitor.tokens["access_token"])
        answer = await visitor.client.get(f"/api/v1{path}", headers=headers)
        return answer.status_code == status

    await eventually(look, SOON)


async def leaves(here: Visitor, there: Visitor) -> None:
    """Logs in and out here, which ends the session there."""
    await here.log_in()
    there.tokens = ended = here.tokens
    await there.get("/me")
    await here.post("/auth/logout", 204)
    await soon(there, "/me", 401)
    await there.refresh(401)
    there.tokens = ended


@pytest.mark.requirement("21")
@pytest.mark.requirement("93")
async def test_rights_end_at_the_other_server_too(
    serve: Serve, visit: Visit, manage: Manage
) -> None:
    one, other = await two(serve)
    here, there, owner = await visit(one), await visit(other), await manage(one)
    await here.register()
    await leaves(here, there)
    await here.log_in()
    there.tokens = here.tokens
    account = f"/users/{here.tokens['user']['id']}"

    await there.get("/users", 403)
    await owner.ask("PATCH", account, 200, role="admin")
    await soon(there, "/users", 200)
    await owner.ask("PATCH", account, 200, role="user")
    await soon(there, "/users", 403)
    await owner.ask("PATCH", account, 200, is_active=False)
    await soon(there, "/me", 401)
    await there.refresh(401)
    assert (await there.log_in(401))["code"] == "invalid_credentials"


@pytest.mark.requirement("21")
@pytest.mark.requirement("84")
async def test_sessions_end_everywhere_whatever_becomes_of_redis(
    serve: Serve, visit: Visit, redis: RedisServer
) -> None:
    one, other = await two(serve, REDIS_URL=redis.url)
    here, there = await visit(one), await visit(other)
    await here.register()
    await leaves(here, there)
    redis.kill()
    await leaves(here, there)

    async def is_back() -> bool:
        await here.log_in(401, password="a wrong one")
        await here.log_in()
        return "redis.back" in one.output()

    await here.log_in()
    assert "redis.away" in one.output()
    await redis.start()
    await eventually(is_back)
    await there.get("/me", 401)
    await leaves(here, there)


async def guess(server: Server, client: str, number: int) -> int:
    """The status of an attempt that is wrong in any case, over a connection of its own."""
    async with server.client(**{"X-Forwarded-For": client}) as stranger:
        body = {"identifier": f"nobody{number}@example.com", "password": "guessed it"}
        return (await stranger.post(LOGIN, json=body)).status_code


@pytest.mark.requirement("19")
async def test_two_servers_with_one_redis_have_one_quota(serve: Serve, redis: RedisServer) -> None:
    one, other = await two(serve, REDIS_URL=redis.url, **LIMITED)
    rounds = count(1)

    async def look() -> Counter[int] | None:
        """What became of one client's attempts, unless Redis was too slow for this machine."""
        client = f"203.0.113.{next(rounds)}"
        begun = len(one.output()), len(other.output())
        statuses = Counter(
            [
                await guess(server, client, number)
                for number in range(QUOTA)
                for server in (one, other)
            ]
        )
        said = [server.output() for server in (one, other)]
        changed = any("redis." in text[start:] for text, start in zip(said, begun, strict=True))
        away = any(text.count("redis.away") > text.count("redis.back") for text in said)
        return None if changed or away else statuses

    assert await eventually(look) == {401: QUOTA, 429: QUOTA}


@pytest.mark.requirement("19")
async def test_two_workers_without_redis_have_one_quota(serve: Serve) -> None:
    server = await serve(WORKERS="2", **LIMITED)
    attempts = [guess(server, "203.0.113.1", number) for number in range(ATTEMPTS)]
    statuses = Counter(await asyncio.gather(*attempts))
    assert statuses.keys() == {401, 429}
    assert QUOTA - 1 <= statuses[401] <= QUOTA + 1
    assert await guess(server, "203.0.113.2", 0) == 401
