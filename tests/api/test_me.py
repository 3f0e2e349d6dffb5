"""The own account."""

from typing import Any

import httpx2
import pytest

from portfolio.models.users import User

URL = "/api/v1/me"


class TestReadMe:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(URL)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    async def test_shows_the_account(self, user_client: httpx2.AsyncClient, user: User) -> None:
        answer = await user_client.get(URL)
        assert answer.status_code == 200
        found = answer.json()
        assert found.pop("created_at")
        assert found.pop("updated_at")
        assert found == {
            "id": user.id,
            "email": "reader@example.com",
            "username": "reader",
            "display_name": "reader",
            "avatar_url": None,
            "role": "user",
        }

    async def test_is_kept_by_nobody(self, user_client: httpx2.AsyncClient) -> None:
        assert (await user_client.get(URL)).headers["Cache-Control"] == "private, no-store"


class TestChangeMe:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        answer = await client.patch(URL, json={"display_name": "Nobody"})
        assert answer.status_code == 401

    async def test_changes_what_is_given(self, user_client: httpx2.AsyncClient) -> None:
        answer = await user_client.patch(
            URL, json={"display_name": " Ada 🧮 ", "avatar_url": "https://example.com/ada.png"}
        )
        assert answer.status_code == 200
        assert answer.json()["display_name"] == "Ada 🧮"
        answer = await user_client.patch(URL, json={"avatar_url": None})
        assert answer.json()["avatar_url"] is None
        assert (await user_client.get(URL)).json()["display_name"] == "Ada 🧮"

    @pytest.mark.parametrize(
        "changes",
        [
            {"role": "admin"},
            {"is_admin": True},
            {"is_active": False},
            {"id": 1},
            {"email": "other@example.com"},
            {"username": "other"},
            {"password": "another password"},
            {"password_hash": "x"},
            {"version": 7},
            {"created_at": "2020-01-01T00:00:00Z"},
            {"display_name": None},
            {"display_name": ""},
            {"display_name": "two\nlines"},
            {"display_name": "x" * 301},
            {"avatar_url": "javascript:alert(1)"},
            {"avatar_url": "//elsewhere.example/a.png"},
            {"avatar_url": "https://example.com/" + "a" * 2000},
        ],
    )
    async def test_refuses_what_is_not_for_the_account_to_say(
        self, user_client: httpx2.AsyncClient, changes: dict[str, Any]
    ) -> None:
        before = (await user_client.get(URL)).json()
        answer = await user_client.patch(URL, json={"display_name": "Ada"} | changes)
        assert answer.status_code == 422
        assert (await user_client.get(URL)).json() == before

    async def test_overwrites_no_change_that_was_not_seen(
        self, user_client: httpx2.AsyncClient
    ) -> None:
        seen = (await user_client.get(URL)).headers["ETag"]
        fresh = await user_client.patch(
            URL, json={"display_name": "Ada"}, headers={"If-Match": seen}
        )
        assert fresh.status_code == 200
        stale = await user_client.patch(
            URL, json={"display_name": "Bob"}, headers={"If-Match": seen}
        )
        assert stale.status_code == 412
        again = await user_client.patch(
            URL, json={"display_name": "Bob"}, headers={"If-Match": fresh.headers["ETag"]}
        )
        assert again.status_code == 200
