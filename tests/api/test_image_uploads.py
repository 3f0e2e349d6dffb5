"""Pictures that come as files."""

from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories import photos, pictures
from tests.factories.posts import make_post
from tests.factories.stored_files import files_in, forget

from portfolio.core.config import Settings
from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"
LIBRARY = f"{API}/images"


@pytest.fixture
async def post(services: Services, admin: User) -> str:
    return f"{API}/posts/{(await make_post(services, admin)).id}/images"


def photo(width: int = 700, height: int = 400) -> bytes:
    return photos.encoded(photos.quarters(width, height))


async def upload(client: AsyncClient, to: str, content: bytes, **fields: str) -> Any:
    return await client.post(to, files={"file": ("../a\r\nb.jpg", content)}, data=fields)


class TestUpload:
    async def test_is_for_admins_only(
        self, client: AsyncClient, user_client: AsyncClient, post: str
    ) -> None:
        assert (await upload(client, post, photo())).status_code == 401
        assert (await upload(user_client, post, photo())).status_code == 403

    async def test_makes_the_picture_ready_for_every_screen(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        response = await upload(admin_client, post, photo(), alt="Harbour", cover="true")
        assert response.status_code == 201
        image = response.json()
        assert (image["alt"], image["cover"], image["position"]) == ("Harbour", True, 0)
        assert (image["width"], image["height"], image["content_type"]) == (700, 400, "image/jpeg")
        assert image["placeholder"].startswith("data:image/webp;base64,")
        assert image["color"].startswith("#")
        sizes = [(each["format"], each["width"]) for each in image["variants"]]
        assert sizes == [("avif", 320), ("avif", 640), ("webp", 320), ("webp", 640)]
        for made in [image, *image["variants"]]:
            served = await admin_client.get(made["url"])
            assert len(served.content) == made["bytes"]
            assert "immutable" in served.headers["Cache-Control"]

    async def test_is_shown_with_its_variants_wherever_the_picture_is(
        self, admin_client: AsyncClient, client: AsyncClient, post: str
    ) -> None:
        image = (await upload(admin_client, post, photo(), cover="true")).json()
        (listed,) = (await client.get(f"{API}/posts")).json()["items"]
        detail = (await client.get(f"{API}/posts/{listed['slug']}")).json()
        assert listed["cover"]["variants"] == image["variants"]
        assert detail["images"][0]["variants"] == image["variants"]
        assert detail["images"][0]["color"] == image["color"]

    async def test_takes_what_is_said_about_it(self, admin_client: AsyncClient, post: str) -> None:
        fields = {"caption": "At dawn", "position": "7", "focal_point": '{"x": 0.25, "y": 1}'}
        image = (await upload(admin_client, post, photo(), **fields)).json()
        assert image["caption"] == "At dawn"
        assert image["position"] == 7
        assert image["focal_point"] == {"x": 0.25, "y": 1}

    async def test_goes_into_the_library_without_a_target(self, admin_client: AsyncClient) -> None:
        image = (await upload(admin_client, LIBRARY, photo())).json()
        assert (image["entity_type"], image["entity_id"]) == (None, None)
        assert (await admin_client.get(LIBRARY)).json()["items"][0]["id"] == image["id"]

    async def test_of_the_same_picture_again_is_the_same_image(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        first, second = [(await upload(admin_client, post, photo())).json() for _ in range(2)]
        assert first["id"] == second["id"]

    @pytest.mark.parametrize(
        ("content", "status"),
        [
            (b"", 415),
            (b"hello", 415),
            (pictures.svg(), 415),
            (b"%PDF-1.7\n", 415),
            (pictures.png(12_001, 2), 422),
            (photo()[:2000], 422),
        ],
        ids=["empty", "text", "svg", "pdf", "too long a side", "truncated"],
    )
    async def test_is_refused_for_what_is_no_picture_to_keep(
        self,
        admin_client: AsyncClient,
        settings: Settings,
        post: str,
        content: bytes,
        status: int,
    ) -> None:
        before = files_in(settings)
        assert (await upload(admin_client, post, content)).status_code == status
        assert files_in(settings) == before
        assert (await admin_client.get(post)).json()["items"] == []

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"position": "first"}, "position"),
            ({"focal_point": "{"}, "focal_point"),
            ({"focal_point": '{"x": 2, "y": 0}'}, "focal_point.x"),
            ({"url": "https://example.com/a.jpg"}, "url"),
        ],
    )
    async def test_names_the_field_that_is_wrong(
        self, admin_client: AsyncClient, post: str, fields: dict[str, str], field: str
    ) -> None:
        response = await upload(admin_client, post, photo(), **fields)
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == [field]

    async def test_wants_a_file(self, admin_client: AsyncClient, post: str) -> None:
        response = await admin_client.post(post, files={"other": ("a.jpg", photo())})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "file"

    async def test_is_refused_beyond_its_limit(self, admin_client: AsyncClient, post: str) -> None:
        response = await upload(admin_client, post, bytes(10 * 1024 * 1024 + 1))
        assert response.status_code == 413

    async def test_by_address_takes_no_more_than_other_json(
        self, admin_client: AsyncClient, post: str
    ) -> None:
        body = {"url": "https://example.com/a.jpg", "caption": "x" * 1024 * 1024}
        assert (await admin_client.post(post, json=body)).status_code == 413

    async def test_is_refused_when_it_is_packed(self, admin_client: AsyncClient, post: str) -> None:
        headers = {"Content-Encoding": "gzip"}
        response = await admin_client.post(post, files={"file": pictures.png()}, headers=headers)
        assert response.status_code == 415
        assert response.headers["Accept-Encoding"] == "identity"

    async def test_takes_text_in_utf_8_only(self, admin_client: AsyncClient, post: str) -> None:
        part = b'--x\r\nContent-Disposition: form-data; name="alt"\r\n\r\n\xff\xfe\r\n--x--\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        response = await admin_client.post(post, content=part, headers=headers)
        assert response.status_code == 400
        assert response.json()["detail"] == "A field is not valid UTF-8."

    async def test_leaves_nothing_where_nothing_is_to_show_it(
        self, admin_client: AsyncClient, services: Services, settings: Settings
    ) -> None:
        before = files_in(settings)
        missing = await upload(admin_client, f"{API}/posts/none/images", photo(311, 207))
        assert missing.status_code == 404
        assert files_in(settings) - before
        await forget(services)
        assert files_in(settings) == before

    async def test_that_is_deleted_takes_all_of_its_files_along(
        self, admin_client: AsyncClient, services: Services, settings: Settings, post: str
    ) -> None:
        before = files_in(settings)
        image = (await upload(admin_client, post, photo(641, 99))).json()
        await forget(services)
        assert len(files_in(settings) - before) == 1 + len(image["variants"])
        assert (await admin_client.delete(f"{LIBRARY}/{image['id']}")).status_code == 204
        await forget(services)
        assert files_in(settings) == before
