"""What editors do to content stands in the trail, with what changed."""

from typing import Any

import httpx2
import pytest

API = "/api/v1"
pytestmark = pytest.mark.requirement("78")


async def trail(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    """Oldest first, without the accounts of the tests themselves."""
    items = (await client.get(f"{API}/audit?limit=100")).json()["items"]
    return [item for item in reversed(items) if not item["action"].startswith("user:")]


@pytest.mark.parametrize(("plural", "noun"), [("posts", "post"), ("projects", "project")])
class TestPublications:
    async def test_leave_an_entry_for_each_verb(
        self, admin_client: httpx2.AsyncClient, plural: str, noun: str
    ) -> None:
        client, base = admin_client, f"{API}/{plural}"
        made = (await client.post(base, json={"title": "One"})).json()
        address = f"{base}/{made['id']}"
        await client.patch(address, json={"title": "Two", "body_markdown": "Text"})
        await client.post(f"{address}/publish", json={})
        await client.post(f"{address}/unpublish")
        await client.delete(address)
        await client.post(f"{address}/restore")
        await client.delete(address)
        assert (await client.delete(f"{address}?permanent=true")).status_code == 204
        entries = await trail(client)
        verbs = [
            "created",
            "updated",
            "published",
            "unpublished",
            "deleted",
            "restored",
            "deleted",
            "deleted",
        ]
        assert [entry["action"] for entry in entries] == [f"{noun}:{verb}" for verb in verbs]
        changed = entries[1]["changes"]
        assert changed["before"]["title"] == "One"
        assert changed["after"]["title"] == "Two"
        assert changed["after"]["fields"] == ["body_markdown", "title"]
        assert "Text" not in str(entries)

    async def test_leave_none_for_what_was_refused(
        self, admin_client: httpx2.AsyncClient, plural: str, noun: str
    ) -> None:
        await admin_client.post(f"{API}/{plural}", json={"title": "One", "slug": "one"})
        again = await admin_client.post(f"{API}/{plural}", json={"title": "Two", "slug": "one"})
        assert again.status_code == 409
        assert len(await trail(admin_client)) == 1


class TestGroups:
    async def test_leave_an_entry_for_each_verb(self, admin_client: httpx2.AsyncClient) -> None:
        for name in ("One", "Other"):
            await admin_client.post(f"{API}/tags", json={"name": name})
        await admin_client.patch(f"{API}/tags/one", json={"name": "First"})
        await admin_client.patch(f"{API}/tags/one", json={"merge_into": "other"})
        await admin_client.delete(f"{API}/tags/other")
        await admin_client.post(f"{API}/series", json={"name": "Row"})
        actions = [entry["action"] for entry in await trail(admin_client)]
        verbs = ["created", "created", "updated", "merged", "deleted"]
        assert actions == [*(f"tag:{verb}" for verb in verbs), "series:created"]


class TestProfile:
    async def test_leaves_an_entry_for_each_change(self, admin_client: httpx2.AsyncClient) -> None:
        await admin_client.patch(f"{API}/profile", json={"headline": "Builds things"})
        await admin_client.post(f"{API}/profile/languages", json={"language": "Esperanto"})
        await admin_client.put(f"{API}/profile/resume.json", json={"basics": {"name": "Ada"}})
        entries = await trail(admin_client)
        assert [entry["action"] for entry in entries] == [
            "profile:updated",
            "profile:updated",
            "resume:replaced",
        ]
        assert entries[0]["changes"]["after"] == {"fields": ["headline"]}
        assert entries[1]["changes"]["after"]["section"] == "languages"
