import asyncio

from httpx2 import AsyncClient
from tests.factories.posts import make_post

from portfolio.models.users import User
from portfolio.wiring import Services

POSTS = "/api/v1/posts"


class TestViews:
    async def test_count_everybody_who_reads(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin)
        answers = await asyncio.gather(
            *(client.post(f"{POSTS}/{ref}/views") for ref in [post.id, post.slug] * 5)
        )
        assert {answer.status_code for answer in answers} == {204}
        assert (await client.get(f"{POSTS}/{post.id}")).json()["counts"]["views"] == 10

    async def test_are_no_change_of_the_post(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin)
        before = await client.get(f"{POSTS}/{post.id}")
        await client.post(f"{POSTS}/{post.id}/views")
        after = await client.get(f"{POSTS}/{post.id}")
        assert after.json()["updated_at"] == before.json()["updated_at"]
        assert after.headers["ETag"].partition(".")[0] == before.headers["ETag"].partition(".")[0]

    async def test_sort_the_list(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        for title, views in (("Few", 1), ("Many", 3), ("Some", 2)):
            post = await make_post(services, admin, title)
            for _ in range(views):
                await client.post(f"{POSTS}/{post.id}/views")
        items = (await client.get(f"{POSTS}?sort=-views")).json()["items"]
        assert [item["title"] for item in items] == ["Many", "Some", "Few"]
