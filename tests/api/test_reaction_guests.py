"""People without an account, whom a cookie tells apart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from tests.databases import Sweeper
from tests.factories.clients import make_client
from tests.factories.posts import make_post
from tests.factories.reactions import count_reactions, reactions_of

from portfolio.core.config import Settings
from portfolio.core.security import GuestTokens
from portfolio.main import create_app
from portfolio.models.users import User
from portfolio.wiring import Services

SITE = "https://site.example"
YEAR = 31_536_000


def cookie_of(answer: Response) -> Morsel[str]:
    """The only one that it sets."""
    (found,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    return found


def guest_at(app: FastAPI, address: str = "127.0.0.1", **options: Any) -> AsyncClient:
    transport = ASGITransport(app=app, client=(address, 50000))
    return AsyncClient(transport=transport, **{"base_url": "http://test"} | options)


@asynccontextmanager
async def variant(settings: Settings, **groups: dict[str, Any]) -> AsyncIterator[FastAPI]:
    """The application on the same database, set otherwise."""
    changed = {
        name: getattr(settings, name).model_copy(update=values) for name, values in groups.items()
    }
    app = create_app(settings.model_copy(update=changed))
    async with app.router.lifespan_context(app):
        services: Services = app.state.services
        await services.outbox.stop()
        await services.periodic.stop()
        sweeper = Sweeper(services.database)
        with sweeper.watching():
            yield app
        await sweeper.sweep()


@pytest.fixture
async def post(services: Services, admin: User) -> int:
    return (await make_post(services, admin)).id


@pytest.fixture
def reactions(post: int) -> str:
    return reactions_of("posts", post)


@pytest.fixture
def like(post: int) -> str:
    return reactions_of("posts", post, "like")


class TestCookie:
    @pytest.mark.parametrize(
        ("scheme", "name"), [("http", "portfolio_guest"), ("https", "__Host-guest")]
    )
    @pytest.mark.requirement("60")
    async def test_comes_with_the_first_reaction(
        self, app: FastAPI, like: str, scheme: str, name: str
    ) -> None:
        async with guest_at(app, base_url=f"{scheme}://test") as guest:
            answer = await guest.put(like)
            cookie = cookie_of(answer)
            assert cookie.key == name
            assert (cookie["httponly"], cookie["secure"]) == (True, scheme == "https" or "")
            assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("lax", "/", "")
            assert cookie["max-age"] == str(YEAR)
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert (await guest.put(like)).json()["total"] == 1

    async def test_tells_guests_apart(self, app: FastAPI, services: Services, like: str) -> None:
        async with guest_at(app) as one, guest_at(app) as another:
            await one.put(like)
            assert (await another.put(like)).json()["total"] == 2
            assert (await one.delete(like)).json()["total"] == 1
            assert (await another.get(like.removesuffix("/like"))).json()["mine"] == ["like"]
        assert await count_reactions(services.database) == 1

    async def test_that_is_forged_is_as_none(self, app: FastAPI, like: str) -> None:
        async with guest_at(app) as guest:
            sent = cookie_of(await guest.put(like)).value
        guest_id, _, mac = sent.partition(".")
        forged = [
            "",
            "x",
            ".",
            sent[:-1],
            f"A{sent}",
            guest_id,
            f"{guest_id}.",
            f"{GuestTokens.new()}.{mac}",
            GuestTokens(["another key, of somebody else"]).issue(GuestTokens.new()),
            "\xe9.\xe9",
        ]
        for total, value in enumerate(forged, start=2):
            headers = {"Cookie": f"portfolio_guest={value}".encode("latin-1")}
            async with guest_at(app, headers=headers) as forger:
                mine = (await forger.get(like.removesuffix("/like"))).json()["mine"]
                kept = (await forger.delete(like)).json()["total"]
                answer = await forger.put(like)
            assert (mine, kept, answer.json()["total"]) == ([], total - 1, total), value
            assert cookie_of(answer).value != sent

    def test_of_an_earlier_key_is_known(self) -> None:
        old = GuestTokens(["k" * 32])
        new = GuestTokens(["n" * 32, "k" * 32])
        token = old.issue("somebody")
        assert new.guest_of(token) == "somebody"
        assert GuestTokens(["n" * 32]).guest_of(token) is None
        assert old.guest_of(new.issue("somebody")) is None

    async def test_counts_for_nothing_beside_an_account(
        self, client: AsyncClient, user_client: AsyncClient, user: User, like: str
    ) -> None:
        sent = cookie_of(await client.put(like)).value
        headers = {"Cookie": f"portfolio_guest={sent}"}
        assert (await user_client.get(like[:-5], headers=headers)).json()["mine"] == []
        answer = await user_client.put(like, headers=headers)
        assert answer.json()["total"] == 2
        assert "Set-Cookie" not in answer.headers


@pytest.mark.requirement("63")
class TestAnswer:
    async def test_is_kept_for_strangers(self, client: AsyncClient, post: int) -> None:
        path = reactions_of("posts", post)
        first, second = [await client.get(path) for _ in range(2)]
        assert [each.headers["X-Cache"] for each in (first, second)] == ["miss", "hit"]
        assert first.headers["Cache-Tag"] == f"post:{post},post_reactions:{post}"
        assert first.headers["Cache-Control"] == "public, no-cache"
        assert "Cookie" in first.headers["Vary"].split(", ")

    async def test_is_out_of_date_with_the_next_reaction(
        self, app: FastAPI, client: AsyncClient, like: str, reactions: str
    ) -> None:
        for total in range(3):
            for wanted in ("miss", "hit"):
                answer = await client.get(reactions)
                assert (answer.headers["X-Cache"], answer.json()["total"]) == (wanted, total)
            async with guest_at(app) as guest:
                await guest.put(like)

    async def test_is_private_for_a_guest(
        self, client: AsyncClient, like: str, reactions: str
    ) -> None:
        await client.put(like)
        answer = await client.get(reactions)
        assert answer.json()["mine"] == ["like"]
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Cache"] == "bypass"


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://test.evil.example"},
    {"Origin": f"{SITE}.evil.example"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://other.test", "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
]
OWN = [
    {},
    {"Origin": "http://test"},
    {"Origin": "http://test", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]


@pytest.mark.requirement("60")
class TestPageOfAnotherSite:
    @pytest.mark.parametrize("headers", FOREIGN)
    async def test_reacts_in_nobodys_name(
        self, client: AsyncClient, services: Services, like: str, headers: dict[str, str]
    ) -> None:
        answer = await client.put(like, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert "Set-Cookie" not in answer.headers
        await client.put(like)
        assert (await client.delete(like, headers=headers)).status_code == 403
        assert await count_reactions(services.database) == 1

    @pytest.mark.parametrize("headers", OWN)
    async def test_is_none_of_this_one(
        self, client: AsyncClient, like: str, headers: dict[str, str]
    ) -> None:
        assert (await client.put(like, headers=headers)).status_code == 200

    async def test_may_react_by_a_token(self, user_client: AsyncClient, like: str) -> None:
        assert (await user_client.put(like, headers=FOREIGN[0])).status_code == 200


@pytest.mark.requirement("59")
async def test_page_that_is_allowed_reacts_with_its_cookie(
    settings: Settings, services: Services, like: str
) -> None:
    async with variant(settings, server={"allowed_origins": [SITE]}) as app, guest_at(app) as guest:
        asked = {"Origin": SITE, "Access-Control-Request-Method": "PUT"}
        preflight = await guest.options(like, headers=asked)
        assert preflight.status_code == 204
        headers = {"Origin": SITE, "Sec-Fetch-Site": "same-site"}
        answer = await guest.put(like, headers=headers)
        for each in (preflight, answer):
            assert each.headers["Access-Control-Allow-Origin"] == SITE
            assert each.headers["Access-Control-Allow-Credentials"] == "true"
        mine = await guest.get(like.removesuffix("/like"), headers=headers)
        assert mine.json()["mine"] == ["like"]
        refused = await guest.put(like, headers=FOREIGN[0])
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused.headers


async def test_are_turned_away_where_they_are_not_wanted(
    settings: Settings, services: Services, client: AsyncClient, user: User, like: str
) -> None:
    sent = cookie_of(await client.put(like)).value
    headers = {"Cookie": f"portfolio_guest={sent}"}
    async with (
        variant(settings, reactions={"guests": False}) as app,
        guest_at(app, headers=headers) as guest,
    ):
        for method in ("PUT", "DELETE"):
            answer = await guest.request(method, like)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert (await guest.get(like.removesuffix("/like"))).json()["mine"] == []
    assert await count_reactions(services.database) == 1


class TestLimits:
    async def test_are_of_new_guests_for_each_client(
        self, settings: Settings, services: Services, like: str
    ) -> None:
        async with variant(settings, limits={"guests": "2/hour"}) as app:
            known = guest_at(app)
            assert (await known.put(like)).status_code == 200
            for status in (200, 429):
                async with guest_at(app) as guest:
                    answer = await guest.put(like)
                    assert answer.status_code == status
            assert "Set-Cookie" not in answer.headers
            assert (await known.delete(like)).status_code == 200
            async with guest_at(app) as guest:
                # Who has nothing to take back is none yet.
                assert (await guest.delete(like)).status_code == 200
            async with guest_at(app, "203.0.113.9") as guest:
                assert (await guest.put(like)).status_code == 200
            await known.aclose()
            assert await count_reactions(services.database) == 2

    async def test_are_of_each_person(
        self, settings: Settings, services: Services, like: str
    ) -> None:
        async with (
            variant(settings, limits={"reactions": "3/minute"}) as app,
            guest_at(app) as busy,
            make_client(app) as quiet,
        ):
            await quiet.put(like)
            # The first one counts against the address, since it makes somebody of them.
            answers = [await busy.put(like) for _ in range(5)]
            assert [each.status_code for each in answers] == [200, 200, 200, 200, 429]
            assert (await busy.delete(like)).status_code == 429
            assert (await quiet.delete(like)).status_code == 200
