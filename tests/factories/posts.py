from typing import Any

from portfolio.models.projections import PostDetail
from portfolio.models.users import User
from portfolio.schemas.posts import PostCreate
from portfolio.wiring import Services


async def make_post(
    services: Services,
    author: User,
    title: str = "A post",
    *,
    status: str = "published",
    **fields: Any,
) -> PostDetail:
    data = PostCreate.model_validate({"title": title, "status": status, **fields})
    async with services.database.transaction() as db:
        return await services.posts.create(db, data, author)


async def make_posts(
    services: Services, author: User, number: int, **fields: Any
) -> list[PostDetail]:
    """So many in one transaction, called Post 000, Post 001 …"""
    fields = {"status": "published", **fields}
    async with services.database.transaction() as db:
        return [
            await services.posts.create(
                db, PostCreate.model_validate({"title": f"Post {index:03}", **fields}), author
            )
            for index in range(number)
        ]
