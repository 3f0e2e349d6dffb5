"""The audit trail, as admins read it."""

from datetime import timedelta

import httpx2
import pytest
from tests.factories.audit import ask_from, audit, trail

from portfolio.core.clock import utc_now
from portfolio.core.context import RequestContext, enter
from portfolio.db.session import Database
from portfolio.models.audit import Action
from portfolio.models.users import User

URL = "/api/v1/audit"
LATER = utc_now() + timedelta(days=1)


@pytest.fixture
async def written(database: Database) -> None:
    """By accounts that nobody has: 901 changes two posts, 902 a project."""
    ask_from("203.0.113.9", "Firefox", actor_id=901)
    async with database.transaction() as db:
        for number in (1, 2):
            await audit.record(
                db,
                Action.POST_UPDATED,
                target=("post", number),
                before={"title": "Old"},
                after={"title": "New"},
            )
        await audit.record(db, Action.PROJECT_DELETED, target=("project", 1), actor_id=902)
    enter(RequestContext())


async def found(client: httpx2.AsyncClient, **query: object) -> list[str]:
    answer = await client.get(URL, params={"limit": 100, **query})  # type: ignore[dict-item]  # any
    assert answer.status_code == 200
    items = [item for item in answer.json()["items"] if item["actor_id"] in {901, 902}]
    return [f"{item['actor_id']} {item['entity_type']}:{item['entity_id']}" for item in items]


ALL = ["902 project:1", "901 post:2", "901 post:1"]


class TestListAudit:
    async def test_is_for_admins(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient
    ) -> None:
        assert (await client.get(URL)).status_code == 401
        assert (await user_client.get(URL)).status_code == 403

    async def test_cannot_be_written_to(self, admin_client: httpx2.AsyncClient) -> None:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert (await admin_client.request(method, URL, json={})).status_code == 405
        assert (await admin_client.delete(f"{URL}/1")).status_code == 404

    async def test_shows_who_did_what_from_where(
        self, admin_client: httpx2.AsyncClient, written: None, database: Database
    ) -> None:
        answer = await admin_client.get(URL, params={"entity": "post:2"})
        (item,) = answer.json()["items"]
        assert item.pop("id") in {entry.id for entry in await trail(database)}
        assert item.pop("created_at").endswith("Z")
        assert item == {
            "action": "post:updated",
            "actor_id": 901,
            "entity_type": "post",
            "entity_id": 2,
            "request_id": "req-1",
            "address": "203.0.113.9",
            "agent": "Firefox",
            "changes": {"before": {"title": "Old"}, "after": {"title": "New"}},
        }
        assert answer.headers["Cache-Control"] == "private, no-store"

    @pytest.mark.parametrize(
        ("query", "wanted"),
        [
            ({}, ALL),
            ({"sort": "created_at"}, ALL[::-1]),
            ({"actor": 901}, ALL[1:]),
            ({"action": "project:deleted"}, ALL[:1]),
            ({"entity": "post"}, ALL[1:]),
            ({"entity": "post:1"}, ALL[2:]),
            ({"entity": "project:2"}, []),
            ({"actor": 901, "entity": "project"}, []),
            ({"since": "2020-01-01T00:00:00Z"}, ALL),
            ({"until": "2020-01-01T00:00:00Z"}, []),
            ({"since": LATER.isoformat()}, []),
            ({"until": LATER.isoformat(), "actor": 902}, ALL[:1]),
        ],
    )
    async def test_can_be_narrowed_down(
        self,
        admin_client: httpx2.AsyncClient,
        written: None,
        query: dict[str, object],
        wanted: list[str],
    ) -> None:
        assert await found(admin_client, **query) == wanted

    async def test_can_be_walked_by_cursor(
        self, admin_client: httpx2.AsyncClient, written: None
    ) -> None:
        seen, query = [], {"limit": "2", "since": "2020-01-01T00:00:00Z"}
        while True:
            page = (await admin_client.get(URL, params=query)).json()
            seen += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert len(seen) >= 3
        assert seen == sorted(seen, reverse=True)

    @pytest.mark.parametrize(
        "query",
        [
            {"action": "nothing:such"},
            {"actor": "0"},
            {"actor": "ada"},
            {"entity": "post:"},
            {"entity": "post:99999999999999999999"},
            {"entity": "post:-1"},
            {"since": "yesterday"},
            {"sort": "address"},
            {"who": "1"},
        ],
    )
    async def test_refuses_filters_that_mean_nothing(
        self, admin_client: httpx2.AsyncClient, query: dict[str, str]
    ) -> None:
        assert (await admin_client.get(URL, params=query)).status_code == 422

    async def test_is_read_with_as_many_statements_for_any_number(
        self,
        admin_client: httpx2.AsyncClient,
        admin: User,
        written: None,
        count_queries: list[str],
    ) -> None:
        await admin_client.get(URL, params={"limit": 1})
        count_queries.clear()
        await admin_client.get(URL, params={"limit": 1})
        one = len(count_queries)
        count_queries.clear()
        await admin_client.get(URL, params={"limit": 100})
        assert len(count_queries) == one
