import asyncio
import re
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from tests.factories.apps import HOST, Header, RawAnswer, ask, make_app
from tests.factories.lines import captured

from portfolio.adapters.limiter import Limits
from portfolio.core.config import LimitSettings
from portfolio.core.security import digest

router = APIRouter()
TOKEN = "pfl_a-good-one"


@router.get("/thing")
async def read() -> dict[str, str]:
    return {}


@router.api_route("/thing", methods=["POST", "PUT", "PATCH", "DELETE"])
async def write() -> dict[str, str]:
    return {}


def limited_app(*, trusted_proxies: str = "", **limits: Any) -> FastAPI:
    return make_app(
        router,
        limits=LimitSettings.model_validate(limits),
        trusted_proxies=trusted_proxies,
        allowed_origins="https://example.com",
    )


async def asked(
    app: FastAPI, times: int, *headers: Header, address: str = "203.0.113.9", method: str = "GET"
) -> list[int]:
    answers = [
        await ask(app, b"/thing", method=method, headers=[HOST, *headers], address=address)
        for _ in range(times)
    ]
    return [answer.status for answer in answers]


async def refused(app: FastAPI, *headers: Header) -> RawAnswer:
    answers = [await ask(app, b"/thing", headers=[HOST, *headers]) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 429]
    return answers[1]


def limits_of(app: FastAPI) -> Limits:
    (found,) = [layer.kwargs for layer in app.user_middleware if "limits" in layer.kwargs]
    limits: Any = found["limits"]
    assert isinstance(limits, Limits)
    return limits


@pytest.mark.requirement("17")
class TestReads:
    async def test_are_counted_for_each_client(self) -> None:
        app = limited_app(reads="2/minute")
        assert await asked(app, 3) == [200, 200, 429]
        assert await asked(app, 1, address="203.0.113.10") == [200]

    async def test_count_head_too(self) -> None:
        app = limited_app(reads="2/minute")
        assert await asked(app, 2) == [200, 200]
        assert await asked(app, 1, method="HEAD") == [429]

    async def test_count_what_is_not_there(self) -> None:
        app = limited_app(reads="1/minute")
        assert (await ask(app, b"/nothing")).status == 404
        assert (await ask(app, b"/nothing")).status == 429

    async def test_leave_writes_alone(self) -> None:
        app = limited_app(reads="1/minute")
        assert await asked(app, 2) == [200, 429]
        assert await asked(app, 2, method="POST") == [200, 200]

    @pytest.mark.requirement("19")
    async def test_are_exact_for_many_at_once(self) -> None:
        app = limited_app(reads="120/minute")
        answers = await asyncio.gather(*[ask(app, b"/thing") for _ in range(200)])
        assert sum(answer.status == 200 for answer in answers) == 120

    @pytest.mark.parametrize("path", [b"/health", b"/health/live", b"/health/ready", b"/metrics"])
    async def test_are_not_counted_for_machines_of_the_operator(self, path: bytes) -> None:
        app = limited_app(reads="1/minute")
        answers = [await ask(app, path) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 200]
        assert "ratelimit" not in answers[0].headers


@pytest.mark.requirement("17")
class TestWrites:
    async def test_are_counted_whatever_the_method(self) -> None:
        app = limited_app(writes="4/minute")
        methods = ["POST", "PUT", "PATCH", "DELETE", "POST"]
        answers = [(await asked(app, 1, method=method))[0] for method in methods]
        assert answers == [200, 200, 200, 200, 429]

    async def test_are_refused_with_their_body_unread(self) -> None:
        app = limited_app(writes="1/minute")
        assert await asked(app, 2, method="POST") == [200, 429]

    async def test_take_no_preflight(self) -> None:
        app = limited_app(writes="1/minute", reads="1/minute")
        headers = (
            (b"origin", b"https://example.com"),
            (b"access-control-request-method", b"POST"),
        )
        assert await asked(app, 3, *headers, method="OPTIONS") == [204, 204, 204]


class TestRefusal:
    async def test_has_the_shape_of_all_refusals(self) -> None:
        answer = await refused(limited_app(reads="1/minute"))
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert b'"code":"rate_limited"' in answer.body

    @pytest.mark.requirement("17")
    async def test_says_when_to_come_back(self) -> None:
        answer = await refused(limited_app(reads="1/minute"))
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert answer.headers["ratelimit-policy"] == '"reads";q=1;w=60'
        assert re.fullmatch(r'"reads";r=0;t=\d+', answer.headers["ratelimit"])

    async def test_has_the_headers_of_every_answer(self) -> None:
        origin = (b"origin", b"https://example.com")
        answer = await refused(limited_app(reads="1/minute"), origin)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["access-control-allow-origin"] == "https://example.com"
        assert "RateLimit-Policy" in answer.headers["access-control-expose-headers"]
        assert answer.headers["x-request-id"]

    @pytest.mark.requirement("78")
    async def test_is_logged_with_its_limit(self) -> None:
        with captured() as lines:
            await refused(limited_app(reads="1/minute"))
        (line,) = [line for line in lines if line["event"] == "limit.hit"]
        assert line["limit"] == "reads"
        assert [line["status"] for line in lines if line["event"] == "request"] == [200, 429]


class TestAnswer:
    async def test_says_what_is_left(self) -> None:
        answer = await ask(limited_app(reads="10/minute"), b"/thing")
        assert answer.headers["ratelimit-policy"] == '"reads";q=10;w=60'
        assert answer.headers["ratelimit"] == '"reads";r=9;t=60'

    async def test_names_each_window(self) -> None:
        answer = await ask(limited_app(reads="10/minute;100/2 hours"), b"/thing")
        assert answer.headers["ratelimit-policy"] == (
            '"reads";q=10;w=60, "reads_2_hour";q=100;w=7200'
        )
        assert answer.headers["ratelimit"] == '"reads";r=9;t=60, "reads_2_hour";r=99;t=7200'

    async def test_says_nothing_where_the_operator_wants_no_limits(self) -> None:
        app = limited_app(reads="1/minute", enabled=False)
        assert await asked(app, 3) == [200, 200, 200]
        assert "ratelimit" not in (await ask(app, b"/thing")).headers


@pytest.mark.requirement("18")
class TestClient:
    @pytest.mark.parametrize(
        "name", [b"x-forwarded-for", b"x-real-ip", b"forwarded", b"x-client-ip", b"client-ip"]
    )
    async def test_gets_no_new_bucket_by_saying_who_it_is(self, name: bytes) -> None:
        app = limited_app(reads="2/minute", trusted_proxies="10.0.0.0/8")
        values = [b"198.51.100.1", b"for=198.51.100.2", b"198.51.100.3"]
        statuses = [(await asked(app, 1, (name, value)))[0] for value in values]
        assert statuses == [200, 200, 429]

    async def test_gets_none_by_hops_before_its_own(self) -> None:
        app = limited_app(reads="2/minute", trusted_proxies="10.0.0.0/8")
        statuses = []
        for number in range(3):
            hops = (b"x-forwarded-for", b"1.1.1.%d, 198.51.100.7, 10.2.2.2" % number)
            statuses += await asked(app, 1, hops, address="10.1.1.1")
        assert statuses == [200, 200, 429]

    async def test_is_told_apart_by_a_trusted_proxy(self) -> None:
        app = limited_app(reads="1/minute", trusted_proxies="10.0.0.0/8")
        for hop in (b"198.51.100.1", b"198.51.100.2"):
            header = (b"x-forwarded-for", hop)
            assert await asked(app, 2, header, address="10.1.1.1") == [200, 429]

    async def test_is_a_whole_network_of_ipv6(self) -> None:
        app = limited_app(reads="1/minute")
        assert await asked(app, 1, address="2001:db8:1:2::1") == [200]
        assert await asked(app, 1, address="2001:db8:1:2:3:4:5:6") == [429]
        assert await asked(app, 1, address="2001:db8:1:3::1") == [200]

    async def test_is_the_same_in_both_notations(self) -> None:
        app = limited_app(reads="1/minute")
        assert await asked(app, 1, address="::ffff:192.0.2.1") == [200]
        assert await asked(app, 1, address="192.0.2.1") == [429]


@pytest.mark.requirement("17")
class TestApiToken:
    async def test_has_a_budget_of_its_own_once_it_is_known(self) -> None:
        app = limited_app(reads="1/minute", api_token="3/minute")
        limits_of(app).tokens.add(digest(TOKEN))
        header = (b"authorization", b"Bearer " + TOKEN.encode())
        assert await asked(app, 2) == [200, 429]
        assert await asked(app, 4, header) == [200, 200, 200, 429]

    async def test_is_one_budget_for_reads_and_writes_from_anywhere(self) -> None:
        app = limited_app(api_token="3/minute")
        limits_of(app).tokens.add(digest(TOKEN))
        header = (b"authorization", b"bearer " + TOKEN.encode())
        assert await asked(app, 2, header) == [200, 200]
        assert await asked(app, 1, header, method="POST") == [200]
        assert await asked(app, 1, header, address="198.51.100.1") == [429]

    async def test_that_nobody_has_checked_counts_for_the_client(self) -> None:
        app = limited_app(reads="2/minute")
        statuses = []
        for number in range(3):
            made_up = (b"authorization", b"Bearer pfl_made-up-%d" % number)
            statuses += await asked(app, 1, made_up)
        assert statuses == [200, 200, 429]

    @pytest.mark.parametrize(
        "value", [b"", b"Bearer", b"Bearer \xff", b"pfl_a-good-one", b"Bearer eyJ", b"Basic cGZs"]
    )
    async def test_is_nothing_else(self, value: bytes) -> None:
        app = limited_app(reads="1/minute", api_token="1000/minute")
        limits_of(app).tokens.add(digest(TOKEN))
        assert await asked(app, 2, (b"authorization", value)) == [200, 429]
