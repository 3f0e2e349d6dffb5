"""Images, made through the API."""

from typing import Any

from httpx2 import AsyncClient, Response

API = "/api/v1"
LIBRARY = f"{API}/images"
ADDRESS = "https://example.com/harbour.jpg"


async def place_for_images(admin: AsyncClient, noun: str, **fields: Any) -> str:
    """The path of the images of a new post or project, or of the owner's profile."""
    if noun == "profiles":
        await admin.patch(f"{API}/profile", json={"name": "The Owner"})
        return f"{API}/profiles/owner/images"
    response = await admin.post(f"{API}/{noun}", json={"title": "Harbour", **fields})
    assert response.status_code == 201, response.text
    return f"{API}/{noun}/{response.json()['id']}/images"


async def add_image(admin: AsyncClient, place: str, **fields: Any) -> dict[str, Any]:
    response = await admin.post(place, json={"url": ADDRESS, **fields})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def refused_fields(response: Response) -> list[str]:
    assert response.status_code == 422, response.text
    return [error["field"] for error in response.json()["errors"]]
