import json
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from hypothesis import HealthCheck, given, settings
from tests.factories.resumes import resumes

from portfolio.models.users import User

PROFILE = "/api/v1/profile"
RESUME = f"{PROFILE}/resume.json"


def text(document: Any) -> str:
    """JSON tells 1, 1.0 and true apart; Python's comparison does not."""
    return json.dumps(document, sort_keys=True)


async def put(client: AsyncClient, document: Any) -> Any:
    response = await client.put(RESUME, json=document)
    assert response.status_code == 200, response.text
    return response.json()


class TestGetResume:
    async def test_is_not_there_before_the_site_has_an_owner(self, client: AsyncClient) -> None:
        assert (await client.get(RESUME)).status_code == 404

    async def test_is_public_json(self, client: AsyncClient, admin: User) -> None:
        response = await client.get(RESUME)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Cache-Control"].startswith("public")
        assert response.json() == {"basics": {"name": admin.display_name}}

    async def test_answers_304_until_it_changes(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        tag = {"If-None-Match": (await client.get(RESUME)).headers["ETag"]}
        assert (await client.get(RESUME, headers=tag)).status_code == 304
        await put(admin_client, {"basics": {"name": "New"}})
        assert (await client.get(RESUME, headers=tag)).status_code == 200

    async def test_shows_what_is_edited_field_by_field(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        await put(
            admin_client,
            {
                "basics": {"name": "Ann", "location": {"city": "Lyon", "moon": 1}},
                "work": [{"name": "Acme", "x-team": ["A"]}, {"name": "Later"}],
                "volunteer": [{"organization": "Choir"}],
            },
        )
        work = (await client.get(f"{PROFILE}/experience")).json()["items"]
        await admin_client.patch(f"{PROFILE}/experience/{work[0]['id']}", json={"title": "Chief"})
        await admin_client.delete(f"{PROFILE}/experience/{work[1]['id']}")
        await admin_client.post(f"{PROFILE}/social-links", json={"network": "Mastodon"})
        await admin_client.patch(PROFILE, json={"city": None, "headline": "Singer"})
        assert (await client.get(RESUME)).json() == {
            "basics": {
                "name": "Ann",
                "label": "Singer",
                "location": {"moon": 1},
                "profiles": [{"network": "Mastodon"}],
            },
            "work": [{"name": "Acme", "position": "Chief", "x-team": ["A"]}],
            "volunteer": [{"organization": "Choir"}],
        }

    async def test_forgets_what_is_deleted(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        await put(
            admin_client,
            {"basics": {"profiles": [{"network": "X"}]}, "work": [{"name": "Acme"}]},
        )
        for section in ("social-links", "experience"):
            [entry] = (await client.get(f"{PROFILE}/{section}")).json()["items"]
            await admin_client.delete(f"{PROFILE}/{section}/{entry['id']}")
        assert (await client.get(RESUME)).json() == {"basics": {"profiles": []}, "work": []}


class TestReplaceResume:
    async def test_refuses_strangers(self, client: AsyncClient, admin: User) -> None:
        assert (await client.put(RESUME, json={})).status_code == 401

    async def test_refuses_ordinary_accounts(self, user_client: AsyncClient, admin: User) -> None:
        assert (await user_client.put(RESUME, json={})).status_code == 403

    async def test_gives_the_standard_sample_back(
        self, client: AsyncClient, admin_client: AsyncClient, shared_data: Path
    ) -> None:
        sample = json.loads((shared_data / "json-resume" / "sample.resume.json").read_text("utf-8"))
        assert text(await put(admin_client, sample)) == text(sample)
        assert text((await client.get(RESUME)).json()) == text(sample)

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(document=resumes)
    async def test_gives_any_document_back(
        self, client: AsyncClient, admin_client: AsyncClient, document: dict[str, Any]
    ) -> None:
        assert text(await put(admin_client, document)) == text(document)
        assert text((await client.get(RESUME)).json()) == text(document)

    async def test_replaces_all_that_was_there(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        await put(
            admin_client,
            {"basics": {"name": "A", "url": "https://a.example"}, "work": [{}], "meta": {"a": 1}},
        )
        await admin_client.post(f"{PROFILE}/awards", json={"title": "Prize"})
        assert await put(admin_client, {"skills": [{"name": "Go"}]}) == {"skills": [{"name": "Go"}]}
        body = (await client.get(PROFILE)).json()
        assert (body["name"], body["website"], body["experience"]) == (None, None, [])
        assert body["awards"] == []

    async def test_tells_true_from_one(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        for value in (1, True, 1.0):
            document = {"x": [value], "work": [{"x": value}]}
            await put(admin_client, document)
            assert text((await client.get(RESUME)).json()) == text(document)

    async def test_renders_the_summary(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        await put(admin_client, {"basics": {"summary": "I *sing*"}})
        assert "<em>sing</em>" in (await client.get(PROFILE)).json()["summary_html"]

    async def test_fills_two_hundred_entries(self, admin_client: AsyncClient) -> None:
        document = {"work": [{"name": str(n), "highlights": []} for n in range(200)]}
        assert await put(admin_client, document) == document

    @pytest.mark.parametrize(
        ("document", "field"),
        [
            ({"basics": {"name": None}}, "basics.name"),
            ({"work": [{"name": "x" * 301}]}, "work.0.name"),
            ({"work": [{"url": "javascript:alert(1)"}]}, "work.0.url"),
            ({"x": {"y": [1, "\0"]}}, "x.y.1"),
            ([], "body"),
        ],
    )
    async def test_names_the_place_that_is_wrong(
        self, client: AsyncClient, admin_client: AsyncClient, document: Any, field: str
    ) -> None:
        before = await put(admin_client, {"work": [{"name": "Acme"}]})
        response = await admin_client.put(RESUME, json=document)
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == [field]
        assert (await client.get(RESUME)).json() == before

    async def test_tells_how_long_a_field_may_be(self, admin_client: AsyncClient) -> None:
        response = await admin_client.put(RESUME, json={"basics": {"label": "x" * 301}})
        assert "300" in response.json()["detail"]

    async def test_refuses_a_version_that_is_no_longer_the_present_one(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        seen = {"If-Match": (await client.get(RESUME)).headers["ETag"]}
        await admin_client.post(f"{PROFILE}/skills", json={"name": "Go"})
        assert (await admin_client.put(RESUME, json={}, headers=seen)).status_code == 412
        assert (await client.get(RESUME)).json()["skills"] == [{"name": "Go"}]
