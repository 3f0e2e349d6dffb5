"""Readers never see less than what was acknowledged before they asked (benchmarks/freshness/)."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.freshness.checker import Found, check
from benchmarks.freshness.scenarios import site
from benchmarks.freshness.troubles import beside, redis_fails
from benchmarks.servers import RAISED
from tests.factories.redis import RedisServer
from tests.factories.redis_relays import redis_relay
from tests.factories.stale_caches import stale_cache
from tests.journeys.conftest import Serve

SECONDS = 3


def is_sound(found: Found) -> bool:
    """Nothing was stale although the cache answered, and nobody was turned away."""
    tally = found.tally
    assert not tally.examples
    return tally.hits > 0 and tally.wrong == tally.failed == tally.lost == 0


async def test_all_workers_answer_what_one_acknowledged(serve: Serve, tmp_path: Path) -> None:
    server = await serve(WORKERS="2", **RAISED)
    assert is_sound(await check(site(server), tmp_path, SECONDS))


class TestTwoServers:
    async def test_answer_what_one_acknowledged(
        self, serve: Serve, redis: RedisServer, tmp_path: Path
    ) -> None:
        shared = {"REDIS_URL": redis.url, **RAISED}
        servers = await asyncio.gather(serve(**shared), serve(**shared))
        assert is_sound(await check(site(*servers), tmp_path, SECONDS))

    async def test_answer_it_whatever_becomes_of_redis(
        self, serve: Serve, redis: RedisServer, tmp_path: Path
    ) -> None:
        shared = {"REDIS_URL": redis.url, **RAISED}
        servers = await asyncio.gather(serve(**shared), serve(**shared))
        trouble = beside(partial(redis_fails, redis))
        assert is_sound(await check(site(*servers), tmp_path, SECONDS, trouble))

    async def test_answer_what_one_acknowledged_who_alone_cannot_reach_redis(
        self, serve: Serve, redis: RedisServer, tmp_path: Path
    ) -> None:
        async with redis_relay(redis) as relay:
            servers = await asyncio.gather(
                serve(REDIS_URL=relay.url, **RAISED), serve(REDIS_URL=redis.url, **RAISED)
            )

            async def cut() -> None:
                await asyncio.sleep(0.5)
                relay.cut()

            assert is_sound(await check(site(*servers), tmp_path, 2, beside(cut)))


async def test_a_cache_that_only_time_makes_forget_is_found_out(
    serve: Serve, tmp_path: Path
) -> None:
    server = await serve(**RAISED)
    async with stale_cache(server.url) as url:
        found = await check(replace(site(server), reads=[url]), tmp_path, 6)
    assert found.tally.wrong > 0
    assert found.tally.failed == found.tally.lost == 0
