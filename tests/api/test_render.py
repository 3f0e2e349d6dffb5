from httpx2 import AsyncClient

RENDER = "/api/v1/render"


class TestRender:
    async def test_is_for_admins_only(self, client: AsyncClient, user_client: AsyncClient) -> None:
        for caller, expected in ((client, 401), (user_client, 403)):
            assert (await caller.post(RENDER, json={"markdown": "x"})).status_code == expected

    async def test_shows_what_the_post_would_be(self, admin_client: AsyncClient) -> None:
        markdown = "# Title\n\nA *text* with <script>alert(1)</script>."
        rendered = (await admin_client.post(RENDER, json={"markdown": markdown})).json()
        created = await admin_client.post(
            "/api/v1/posts", json={"title": "T", "body_markdown": markdown}
        )
        post = created.json()
        for name in ("html", "toc", "excerpt", "reading_time"):
            assert rendered[name] == post[name]
        assert "<script" not in rendered["html"]

    async def test_is_bounded(self, admin_client: AsyncClient) -> None:
        response = await admin_client.post(RENDER, json={"markdown": "x" * 500_001})
        assert response.status_code == 422
