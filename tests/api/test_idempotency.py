import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from tests.factories.api_tokens import make_api_token
from tests.factories.publications import NOUNS
from tests.factories.users import bearing, make_access_token, make_user
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.models.credentials import Scope
from portfolio.models.users import Role, User
from portfolio.wiring import Services

pytestmark = pytest.mark.requirement("98")

API = "/api/v1"
KEY = {"Idempotency-Key": "one-and-the-same"}


async def total(admin_client: AsyncClient, noun: str) -> Any:
    return (await admin_client.get(f"{API}/{noun}?status=any")).json()["total"]


@pytest.mark.parametrize("noun", NOUNS)
class TestIdempotencyKey:
    async def test_makes_twenty_requests_at_once_count_as_one(
        self, admin_client: AsyncClient, noun: str
    ) -> None:
        answers = await asyncio.gather(
            *(
                admin_client.post(f"{API}/{noun}", json={"title": "Once"}, headers=KEY)
                for _ in range(20)
            )
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert len({answer.headers["Location"] for answer in answers}) == 1
        replayed = [answer for answer in answers if "Idempotency-Replayed" in answer.headers]
        assert len(replayed) == 19
        assert await total(admin_client, noun) == 1

    async def test_gives_the_answer_of_the_first_time(
        self, admin_client: AsyncClient, noun: str
    ) -> None:
        first = await admin_client.post(f"{API}/{noun}", json={"title": "Ä"}, headers=KEY)
        await admin_client.patch(first.headers["Location"], json={"title": "Changed"})
        second = await admin_client.post(f"{API}/{noun}", json={"title": "Ä"}, headers=KEY)
        assert second.status_code == first.status_code
        assert second.content == first.content
        for name in ("Location", "ETag", "Content-Type"):
            assert second.headers[name] == first.headers[name]

    async def test_is_not_for_another_request(self, admin_client: AsyncClient, noun: str) -> None:
        url = f"{API}/{noun}"
        await admin_client.post(url, json={"title": "One"}, headers=KEY)
        other = next(kind for kind in NOUNS if kind != noun)
        for path, title in ((url, "Two"), (f"{API}/{other}", "One")):
            response = await admin_client.post(path, json={"title": title}, headers=KEY)
            assert response.status_code == 422
            assert "Idempotency-Key" in response.json()["detail"]
        assert await total(admin_client, noun) == 1

    async def test_is_free_again_after_a_failure(
        self, admin_client: AsyncClient, noun: str
    ) -> None:
        url = f"{API}/{noun}"
        for body in ({"title": ""}, {"title": "X", "slug": "Not A Slug"}):
            response = await admin_client.post(url, json=body, headers=KEY)
            assert response.status_code == 422
        await admin_client.post(url, json={"title": "T", "slug": "taken"})
        refused = {"title": "Mine", "slug": "taken"}
        assert (await admin_client.post(url, json=refused, headers=KEY)).status_code == 409
        response = await admin_client.post(url, json={"title": "Mine"}, headers=KEY)
        assert response.status_code == 201

    async def test_belongs_to_who_sent_it(
        self, app: FastAPI, admin_client: AsyncClient, services: Services, noun: str
    ) -> None:
        other = await make_user(services, "other", Role.ADMIN)
        token = await make_access_token(services, other)
        async with AsyncClient(
            transport=ASGITransport(app=app),
            base_url="http://test",
            headers={"Authorization": f"Bearer {token}"},
        ) as other_client:
            for caller in (admin_client, other_client):
                response = await caller.post(f"{API}/{noun}", json={"title": "T"}, headers=KEY)
                assert response.status_code == 201
                assert "Idempotency-Replayed" not in response.headers
        assert await total(admin_client, noun) == 2

    async def test_of_somebody_else_tells_nothing(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        user_client: AsyncClient,
        noun: str,
    ) -> None:
        await admin_client.post(f"{API}/{noun}", json={"title": "T"}, headers=KEY)
        for caller, expected in ((client, 401), (user_client, 403)):
            response = await caller.post(f"{API}/{noun}", json={"title": "T"}, headers=KEY)
            assert response.status_code == expected

    async def test_is_forgotten_after_a_day(
        self, app: FastAPI, admin_client: AsyncClient, services: Services, noun: str
    ) -> None:
        await admin_client.post(f"{API}/{noun}", json={"title": "T"}, headers=KEY)
        with travel(utc_now() + timedelta(days=1, minutes=1)):
            account = (await admin_client.get("/health")).status_code
            assert account == 200
            owner = await make_user(services, "later", Role.ADMIN)
            token = await make_access_token(services, owner)
            headers = {**KEY, "Authorization": f"Bearer {token}"}
            await admin_client.post(f"{API}/{noun}", json={"title": "T"}, headers=headers)
        assert await total(admin_client, noun) == 2

    @pytest.mark.parametrize("key", ["", "x" * 201])
    async def test_is_bounded(self, admin_client: AsyncClient, noun: str, key: str) -> None:
        response = await admin_client.post(
            f"{API}/{noun}", json={"title": "T"}, headers={"Idempotency-Key": key}
        )
        assert response.status_code == 422
        assert await total(admin_client, noun) == 0


class TestLesserCallers:
    @pytest.mark.parametrize("scope", [Scope.CONTENT_READ, Scope.COMMENTS_MODERATE])
    async def test_of_the_same_account_get_no_answer_of_its_own(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        scope: Scope,
    ) -> None:
        post = {"title": "Nobody else's business"}
        assert (await admin_client.post(f"{API}/posts", json=post, headers=KEY)).status_code == 201
        token = await make_api_token(services, admin, scope)
        answer = await client.post(f"{API}/posts", json=post, headers=KEY | bearing(token))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "key_reused"


class TestOtherPosts:
    async def test_which_create_take_a_key_too(
        self, admin_client: AsyncClient, services: Services
    ) -> None:
        for path, body in (
            ("tags", {"name": "One"}),
            ("series", {"name": "One"}),
            ("images", {"url": "https://example.com/a.png"}),
            ("videos", {"url": "https://example.com/a"}),
        ):
            headers = {"Idempotency-Key": f"for-{path}"}
            answers = [
                await admin_client.post(f"{API}/{path}", json=body, headers=headers)
                for _ in range(2)
            ]
            assert [answer.status_code for answer in answers] == [201, 201]
            assert answers[0].json() == answers[1].json()
