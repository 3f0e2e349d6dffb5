"""What becomes of reactions and comments when what they are about goes, or who gave them."""

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select
from tests.factories.publications import NOUNS, make, make_hidden
from tests.factories.reactions import API, count_reactions, make_remark, reactions_of

from portfolio.models.base import Base
from portfolio.models.comments import Comment, CommentReport
from portfolio.models.notifications import DigestItem, Occasion
from portfolio.models.reactions import Reaction, ReactionTally
from portfolio.models.users import User
from portfolio.wiring import Services


async def rows(services: Services, *models: type[Base]) -> list[int]:
    async with services.database.reading() as db:
        return [(await db.scalar(select(func.count()).select_from(model))) or 0 for model in models]


class TestDeletingForGood:
    @pytest.mark.parametrize("noun", NOUNS)
    async def test_takes_all_that_was_said_and_given(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        database, (other,) = services.database, set(NOUNS) - {noun}
        # Of another kind, with the same id.
        stays = await make(services, other, admin)
        binned = await make_hidden(services, noun, admin, "binned")
        for kind, entity_id in ((other, stays.id), (noun, binned.id)):
            top = await make_remark(database, kind, entity_id)
            below = await make_remark(database, kind, entity_id, parent_id=top, thread_id=top)
            await make_remark(database, kind, entity_id, parent_id=below, thread_id=top)
            async with database.transaction() as db:
                db.add(CommentReport(comment_id=below, person="user:1"))
                item = DigestItem(comment_id=top, email="a@b.org", occasion=Occasion.COMMENT)
                db.add(item)
            places = [(kind, entity_id), ("comments", top), ("comments", below)]
            for place in places:
                put = await admin_client.put(reactions_of(*place, "like"))
                assert put.status_code == 200
        kept = Comment, CommentReport, DigestItem, Reaction, ReactionTally
        assert await rows(services, *kept) == [6, 2, 2, 6, 6]
        answer = await admin_client.delete(f"{API}/{noun}/{binned.id}?permanent=true")
        assert answer.status_code == 204
        assert await rows(services, *kept) == [3, 1, 1, 3, 3]
        assert await count_reactions(database) == 3
        shown = (await client.get(reactions_of(other, stays.id))).json()
        assert shown["total"] == 1

    async def test_from_the_bin_alone(
        self, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make(services, "posts", admin)
        await admin_client.put(reactions_of("posts", post.id, "like"))
        answer = await admin_client.delete(f"{API}/posts/{post.id}?permanent=true")
        assert answer.status_code == 409
        await admin_client.delete(f"{API}/posts/{post.id}")
        await admin_client.post(f"{API}/posts/{post.id}/restore")
        assert (await admin_client.get(reactions_of("posts", post.id))).json()["total"] == 1


@pytest.mark.requirement("83")
class TestAccount:
    async def test_exports_what_it_gave(
        self, user_client: AsyncClient, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make(services, "posts", admin)
        for asking in (client, user_client):
            await asking.put(reactions_of("posts", post.id, "love"))
        parts = (await user_client.post(f"{API}/me/export")).json()["parts"]
        (given,) = parts["reactions"]
        assert (given["target_type"], given["target_id"]) == ("posts", post.id)
        assert given["kind"] == "love"

    async def test_takes_along_what_it_gave(
        self, user_client: AsyncClient, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make(services, "posts", admin)
        project = await make(services, "projects", admin)
        remark = await make_remark(services.database, "projects", project.id)
        places = [("posts", post.id), ("projects", project.id), ("comments", remark)]
        for place in places:
            await client.put(reactions_of(*place, "like"))
            for kind in ("like", "love"):
                await user_client.put(reactions_of(*place, kind))
        # Kept for strangers, and out of date by what follows.
        shown = [await client.get(reactions_of(*place)) for place in places]
        assert {each.json()["total"] for each in shown} == {3}
        assert (await user_client.delete(f"{API}/me")).status_code == 204
        assert await count_reactions(services.database) == 3
        client.cookies.clear()
        for place in places:
            answer = (await client.get(reactions_of(*place))).json()
            assert (answer["counts"]["like"], answer["total"]) == (1, 1)
        card = (await client.get(f"{API}/posts/{post.id}")).json()
        assert card["counts"]["reactions"] == 1
