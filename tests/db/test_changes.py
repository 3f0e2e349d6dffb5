"""No write of public content goes by untold, whichever way its statement takes."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.db.test_session import Remembered, failing_commits
from tests.factories.ledgers import EXPECTED, Ledger
from tests.factories.posts import make_post
from tests.factories.showcase import make_showcase
from tests.factories.users import log_in, make_user
from tests.factories.writes import WRITES, Write

from portfolio.core.events import Changed, EventBus
from portfolio.db.changes import PRIVATE, TAGS
from portfolio.db.repositories import tallies
from portfolio.db.session import Database
from portfolio.models.base import Base
from portfolio.models.entities import EntityType
from portfolio.models.history import Redirect
from portfolio.models.media import Image, Video, VideoProvider
from portfolio.models.posts import BlogPost
from portfolio.models.profiles import Profile, Skill
from portfolio.models.projects import Project
from portfolio.models.sessions import UserSession
from portfolio.models.taxonomy import PostTag, Tag
from portfolio.models.users import User
from portfolio.wiring import Services

TABLES = Base.metadata.tables
STATEMENTS: dict[str, tuple[Any, set[str]]] = {
    "entity": (update(BlogPost).values(featured=True), {"posts", "post:*"}),
    "table": (update(TABLES["blog_posts"]).values(featured=True), {"posts", "post:*"}),
    "returning": (
        update(Project).values(featured=True).returning(Project.id),
        {"projects", "project:*"},
    ),
    "link": (delete(PostTag), {"posts", "post:*"}),
    "redirect": (delete(Redirect), {"redirects"}),
    "section": (delete(Skill), {"profiles"}),
    "profile": (update(Profile).values(name="New"), {"profiles"}),
    "account": (update(User).values(display_name="New"), {"user:*", "profiles"}),
    "picture": (
        delete(Image),
        {"posts", "post:*", "projects", "project:*", "profiles", "profile:*"},
    ),
    "video": (
        update(Video).values(title="New"),
        {"posts", "post:*", "projects", "project:*", "profiles", "profile:*"},
    ),
    "private": (delete(UserSession), set()),
    "that says better": (delete(Tag).execution_options(cache_tags=("tags",)), {"tags"}),
}


@pytest.fixture
def ledger(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    kept, bus = Ledger(), services.bus
    monkeypatch.setattr(bus, "_subscribers", [*bus._subscribers, (Changed, kept.tell)])
    with kept.watching(services.database):
        yield kept


class TestEveryModel:
    def test_is_public_or_private(self) -> None:
        models = {mapper.class_ for mapper in Base.registry.mappers}
        assert models - TAGS.keys() - PRIVATE == set(), "who may see what is in these?"
        assert TAGS.keys() | PRIVATE == models
        assert TAGS.keys() & PRIVATE == set()

    def test_that_is_public_is_watched_here(self) -> None:
        watched = {model for model in TAGS if model.__tablename__ in EXPECTED}
        assert TAGS.keys() - watched == {User, Image, Video}


class TestEveryTransaction:
    @pytest.mark.parametrize("writes", WRITES.values(), ids=WRITES)
    async def test_tells_of_what_it_wrote(
        self, app: FastAPI, services: Services, ledger: Ledger, writes: list[Write]
    ) -> None:
        site = await make_showcase(app, services)
        for write in writes:
            await write.run(site)
        assert ledger.untold == []
        written = {table for each in ledger.transactions for table in each.tables}
        assert {"blog_posts", "projects", "publication_tallies", "skills"} <= written

    async def test_that_makes_numbers_right_tells_of_it(
        self, database: Database, services: Services, admin: User, ledger: Ledger
    ) -> None:
        await make_post(services, admin)
        async with database.transaction() as db:
            connection = await db.connection()
            await connection.execute(update(TABLES["publication_tallies"]).values(published=7))
        ledger.transactions.clear()
        async with database.transaction() as db:
            await tallies.recount(db)
        assert ledger.transactions[-1].told >= {"posts", "projects"}

    async def test_is_found_out_if_it_does_not(self, database: Database, ledger: Ledger) -> None:
        async with database.transaction() as db:
            connection = await db.connection()
            await connection.execute(delete(TABLES["tags"]))
        assert ledger.untold == [{"tags"}]


@pytest.fixture
def told() -> set[str]:
    return set()


@pytest.fixture
def own(database: Database, told: set[str]) -> Database:
    """The database with a bus of our own, which only notes what it is told."""
    bus = EventBus()

    async def note(changed: Changed) -> None:
        told.update(changed.tags)

    bus.subscribe(Changed, note)
    return Database(database.engines, bus)


async def add_tag(db: AsyncSession) -> Tag:
    tag = Tag(slug="a", name="a")
    db.add(tag)
    await db.flush()
    return tag


class TestRows:
    async def test_raise_their_own_tags(self, own: Database, told: set[str]) -> None:
        async with own.transaction() as db:
            tag = await add_tag(db)
        assert told == {"tags", f"tag:{tag.id}"}

    async def test_tell_of_it_again_with_every_change(self, own: Database, told: set[str]) -> None:
        async with own.transaction() as db:
            tag = await add_tag(db)
        for change in ("rename", "delete"):
            told.clear()
            async with own.transaction() as db:
                row = await db.get_one(Tag, tag.id)
                if change == "rename":
                    row.name = "b"
                else:
                    await db.delete(row)
            assert told == {"tags", f"tag:{tag.id}"}

    async def test_that_were_only_read_raise_nothing(self, own: Database, told: set[str]) -> None:
        async with own.transaction() as db:
            tag = await add_tag(db)
        told.clear()
        async with own.transaction() as db:
            await db.get_one(Tag, tag.id)
        assert told == set()

    async def test_of_a_picture_raise_what_it_belongs_to(
        self, own: Database, told: set[str]
    ) -> None:
        async with own.transaction() as db:
            db.add(Image(entity_type=EntityType.PROJECTS, entity_id=17, url="https://example.com"))
        assert told == {"projects", "project:17"}

    async def test_of_a_video_raise_it_too(self, own: Database, told: set[str]) -> None:
        async with own.transaction() as db:
            url, kind = "https://example.com", EntityType.POSTS
            db.add(Video(entity_type=kind, entity_id=17, url=url, provider=VideoProvider.OTHER))
        assert told == {"posts", "post:17"}

    async def test_of_the_library_raise_nothing(self, own: Database, told: set[str]) -> None:
        async with own.transaction() as db:
            db.add(Image(url="https://example.com"))
        assert told == set()


class TestAccounts:
    async def test_raise_their_tags_if_others_see_the_difference(
        self, services: Services, ledger: Ledger
    ) -> None:
        user = await make_user(services, "reader")
        async with services.database.transaction() as db:
            (await db.get_one(User, user.id)).display_name = "New"
        assert ledger.transactions[-1].told >= {f"user:{user.id}", "profiles"}

    async def test_raise_nothing_by_signing_in(
        self, client: AsyncClient, admin: User, ledger: Ledger
    ) -> None:
        assert (await log_in(client)).status_code == 200
        assert {tag for each in ledger.transactions for tag in each.told} == set()


class TestStatements:
    @pytest.mark.parametrize("name", STATEMENTS)
    async def test_raise_the_tags_of_any_row(
        self, own: Database, told: set[str], name: str
    ) -> None:
        statement, tags = STATEMENTS[name]
        async with own.transaction() as db:
            await db.execute(statement.execution_options(synchronize_session=False))
        assert told == tags

    async def test_that_insert_raise_them_too(self, own: Database, told: set[str]) -> None:
        async with own.transaction() as db:
            await db.execute(insert(Tag), [{"slug": "a", "name": "a"}, {"slug": "b", "name": "b"}])
        assert told == {"tags", "tag:*"}

    async def test_put_an_answer_about_one_row_out_of_date(
        self, database: Database, services: Services
    ) -> None:
        cache = services.cache
        for tag in ("post:17", "project:17"):
            cache.set(tag, "an answer", tags={tag}, since=await cache.position())
        async with database.transaction() as db:
            await db.execute(update(BlogPost).values(featured=True))
        assert cache.get("post:17") is None
        assert cache.get("project:17") == "an answer"


class TestTransaction:
    async def test_that_was_rolled_back_tells_nothing(self, own: Database, told: set[str]) -> None:
        with pytest.raises(ValueError, match="never mind"):
            await self.write_and_raise(own, ValueError("never mind"))
        assert told == set()

    async def test_that_failed_but_must_be_remembered_tells(
        self, own: Database, told: set[str]
    ) -> None:
        with pytest.raises(Remembered):
            await self.write_and_raise(own, Remembered())
        assert told > {"tags"}

    async def test_that_may_have_been_committed_tells(self, own: Database, told: set[str]) -> None:
        with failing_commits(own, RuntimeError("gone")), pytest.raises(RuntimeError):
            await self.write_and_raise(own, None)
        assert told > {"tags"}

    async def test_leaves_nothing_to_be_told_by_the_next(
        self, own: Database, told: set[str]
    ) -> None:
        await self.write_and_raise(own, None)
        told.clear()
        async with own.transaction() as db:
            await db.connection()
        assert told == set()

    @staticmethod
    async def write_and_raise(own: Database, error: Exception | None) -> None:
        async with own.transaction() as db:
            await add_tag(db)
            if error is not None:
                raise error
