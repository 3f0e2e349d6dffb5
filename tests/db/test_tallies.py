import asyncio
import random
from contextlib import suppress

import pytest
from sqlalchemy import func, select, update
from tests.factories.posts import make_post, make_posts
from tests.factories.publications import NOUNS, make

from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException, NotFoundException
from portfolio.db.repositories.tallies import TALLIED, recount
from portfolio.db.session import Database
from portfolio.models.bookkeeping import PublicationTally
from portfolio.models.publications import Status
from portfolio.models.users import User
from portfolio.schemas.posts import PostUpdate
from portfolio.schemas.projects import ProjectUpdate
from portfolio.wiring import Services

STATUSES = ("draft", "published", "archived")


async def differences(database: Database) -> dict[str, int]:
    """By how much each tally is wrong."""
    found = {}
    async with database.reading() as db:
        for kind, model in TALLIED.items():
            kept = select(PublicationTally.published).where(PublicationTally.entity_type == kind)
            counted = select(func.count(model.id)).where(
                model.status == Status.PUBLISHED, model.deleted_at.is_(None)
            )
            found[kind.value] = (await db.execute(kept)).scalar_one() - (
                await db.execute(counted)
            ).scalar_one()
    return found


RIGHT = dict.fromkeys(NOUNS, 0)


class BrokenOff(Exception):
    pass


class Life:
    """Things that happen to a post or a project, each in a transaction that may be broken off."""

    def __init__(self, services: Services, author: User, noun: str, seed: int) -> None:
        self.services, self.author, self.noun = services, author, noun
        self.rows = services.posts if noun == "posts" else services.projects
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.ids: list[int] = []

    async def step(self) -> None:
        if not self.ids or self.chance.random() < 0.3:
            status = self.chance.choice(STATUSES)
            self.ids.append((await make(self.services, self.noun, self.author, status=status)).id)
            return
        row_id = self.chance.choice(self.ids)
        # Refused, gone or broken off: all of it is part of this life.
        with suppress(ConflictException, NotFoundException, BrokenOff):
            async with self.services.database.transaction() as db:
                match self.chance.choice(
                    ["change", "publish", "unpublish", "bin", "back", "purge"]
                ):
                    case "change":
                        kind = PostUpdate if self.noun == "posts" else ProjectUpdate
                        changes = kind.model_validate({"status": self.chance.choice(STATUSES)})
                        await self.rows.update(db, row_id, changes)
                    case "publish":
                        await self.rows.publish(db, row_id, utc_now())
                    case "unpublish":
                        await self.rows.unpublish(db, row_id)
                    case "bin":
                        await self.rows.delete(db, row_id, permanent=False)
                    case "back":
                        await self.rows.restore(db, row_id)
                    case "purge":
                        await self.rows.delete(db, row_id, permanent=True)
                if self.chance.random() < 0.3:
                    raise BrokenOff


class TestTallies:
    @pytest.mark.parametrize("seed", range(3))
    async def test_are_what_a_count_would_say_whatever_happens(
        self, services: Services, database: Database, admin: User, seed: int
    ) -> None:
        lives = [Life(services, admin, noun, seed) for noun in NOUNS]
        for _ in range(40):
            for life in lives:
                await life.step()
            assert await differences(database) == RIGHT

    async def test_are_right_after_many_things_at_once(
        self, services: Services, database: Database, admin: User
    ) -> None:
        posts = await make_posts(services, admin, 10)

        async def bin_it(row_id: int) -> None:
            async with database.transaction() as db:
                await services.posts.delete(db, row_id, permanent=False)

        await asyncio.gather(
            *(make_post(services, admin) for _ in range(10)),
            *(bin_it(post.id) for post in posts),
        )
        assert await differences(database) == RIGHT

    async def test_are_set_right_at_the_start(
        self, services: Services, database: Database, admin: User
    ) -> None:
        await make_posts(services, admin, 3)
        async with database.transaction() as db:
            await db.execute(update(PublicationTally).values(published=77))
        async with database.transaction() as db:
            await recount(db)
        assert await differences(database) == RIGHT

    async def test_are_set_right_while_others_write(
        self, services: Services, database: Database, admin: User
    ) -> None:
        async def start() -> None:
            async with database.transaction() as db:
                await recount(db)

        await asyncio.gather(
            *(make_post(services, admin) for _ in range(15)), *(start() for _ in range(5))
        )
        assert await differences(database) == RIGHT
