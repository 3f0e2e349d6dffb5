from httpx2 import AsyncClient
from tests.factories.posts import make_post, make_posts

from portfolio.models.users import User
from portfolio.wiring import Services

POSTS = "/api/v1/posts"


class TestRelatedPosts:
    async def test_come_by_the_number_of_shared_tags_then_by_date(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin, "This", tags=["a", "b", "c"])
        for title, tags, year in (
            ("One", ["a"], 2024),
            ("Two, older", ["a", "b"], 2020),
            ("Two, newer", ["b", "c", "x"], 2021),
            ("None", ["x"], 2025),
        ):
            at = f"{year}-01-01T00:00:00Z"
            await make_post(services, admin, title, tags=tags, published_at=at)
        response = await client.get(f"{POSTS}/{post.slug}/related")
        assert [item["title"] for item in response.json()] == ["Two, newer", "Two, older", "One"]
        assert "body_markdown" not in response.json()[0]

    async def test_are_five_at_most(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        posts = await make_posts(services, admin, 8, tags=["a"])
        assert len((await client.get(f"{POSTS}/{posts[0].id}/related")).json()) == 5

    async def test_are_none_without_tags(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin)
        assert (await client.get(f"{POSTS}/{post.id}/related")).json() == []
