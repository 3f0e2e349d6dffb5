"""What visitors write by the contact form, and where they come from."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import httpx2
from fastapi import FastAPI

URL = "/api/v1/contact"
INBOX = f"{URL}/messages"
LETTER = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "subject": "Your talk about looms",
    "message": "Hello!\n\nCould we have your slides?",
}
# As a browser asks that sent a form by itself.
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
_addresses = count(1)


def somebody(app: FastAPI) -> httpx2.AsyncClient:
    """A client from an address that nobody had before."""
    number = next(_addresses)
    transport = httpx2.ASGITransport(app=app, client=(f"10.7.{number // 250}.{number % 250}", 1))
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


async def write(client: httpx2.AsyncClient, **changes: Any) -> httpx2.Response:
    return await client.post(URL, json=LETTER | changes)


async def fill_in(
    client: httpx2.AsyncClient, headers: Mapping[str, str] = BROWSER, **changes: Any
) -> httpx2.Response:
    """The same by a plain form."""
    return await client.post(URL, data=LETTER | changes, headers=headers)


async def inbox(admin_client: httpx2.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await admin_client.get(f"{INBOX}{query}")).json()["items"]
    return found


async def newest(admin_client: httpx2.AsyncClient) -> str:
    """The address of the newest message."""
    return f"{INBOX}/{(await inbox(admin_client))[0]['id']}"
