"""Whatever happens to content, its listings and tallies are what a count of its rows would say."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import delete, func, insert, select, update
from tests.factories.posts import make_post, make_posts
from tests.factories.publications import NOUNS, make, make_hidden
from tests.factories.users import make_user

from portfolio.core.errors import (
    ConflictException,
    InvalidInputException,
    NotFoundException,
    RetryableException,
)
from portfolio.db.repositories import authorship, tallies
from portfolio.db.repositories.facets import LISTINGS
from portfolio.db.session import Database
from portfolio.models.entities import EntityType
from portfolio.models.listings import PostListing, PublicationTally
from portfolio.models.posts import BlogPost
from portfolio.models.projects import Project
from portfolio.models.taxonomy import PostTag, ProjectTag, Tag
from portfolio.models.users import Role, User
from portfolio.schemas.posts import PostUpdate
from portfolio.schemas.projects import ProjectUpdate
from portfolio.schemas.taxonomy import TagUpdate
from portfolio.wiring import Services

API = "/api/v1"
STATUSES = ("draft", "published", "archived")
TAGS = ("one", "two", "three", "four", "five")
DATES = [datetime(year, 12, 31, 23, 30, tzinfo=UTC) for year in (2019, 2020, 2099)]


async def right(db: Any) -> dict[EntityType, set[tuple[Any, ...]]]:
    """The listings that there should be, by facet, value, rank and id."""
    found: dict[EntityType, set[tuple[Any, ...]]] = {kind: set() for kind in LISTINGS}
    links: dict[Any, Counter[Any]] = {PostTag: Counter(), ProjectTag: Counter()}
    for link, key in ((PostTag, PostTag.post_id), (ProjectTag, ProjectTag.project_id)):
        for owner, tag in await db.execute(select(key, link.tag_id)):
            links[link][owner, tag] += 1
    shown = ("status", "deleted_at", "featured")
    for post in (
        await db.execute(
            select(
                BlogPost.id,
                *(getattr(BlogPost, name) for name in shown),
                BlogPost.listed_at,
                BlogPost.author_id,
                BlogPost.series_id,
            )
        )
    ).all():
        if post.status == "published" and post.deleted_at is None:
            values = {
                "all": 0,
                "author": post.author_id,
                "series": post.series_id,
                "featured": int(post.featured),
                "year": post.listed_at.year,
            }
            found[EntityType.POSTS] |= {
                (facet, value, post.listed_at, post.id)
                for facet, value in [
                    *values.items(),
                    *(("tag", tag) for owner, tag in links[PostTag] if owner == post.id),
                ]
                if value is not None
            }
    for row in (
        await db.execute(
            select(Project.id, Project.position, *(getattr(Project, name) for name in shown))
        )
    ).all():
        if row.status == "published" and row.deleted_at is None:
            tags = [("tag", tag) for owner, tag in links[ProjectTag] if owner == row.id]
            found[EntityType.PROJECTS] |= {
                (facet, value, row.position, row.id)
                for facet, value in [("all", 0), ("featured", int(row.featured)), *tags]
            }
    return found


async def check(database: Database) -> None:
    async with database.reading() as db:
        for kind, meant in (await right(db)).items():
            listing = LISTINGS[kind]
            rows = await db.execute(
                select(listing.facet, listing.value, listing.rank, listing.entity_id)
            )
            assert {tuple(row) for row in rows} == meant
            kept = await db.execute(
                select(
                    PublicationTally.facet, PublicationTally.value, PublicationTally.published
                ).where(PublicationTally.entity_type == kind)
            )
            numbers = {(facet, value): number for facet, value, number in kept if number}
            assert numbers == Counter((facet, value) for facet, value, *_ in meant)


class BrokenOff(Exception):
    pass


class Life:
    """Things that happen to posts or projects, each in a transaction that may be broken off."""

    def __init__(self, services: Services, authors: list[User], noun: str, seed: int) -> None:
        self.services, self.authors, self.noun = services, authors, noun
        self.rows: Any = services.posts if noun == "posts" else services.projects
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.ids: list[int] = []

    def fields(self) -> dict[str, Any]:
        given: dict[str, Any] = {
            "status": self.chance.choice(STATUSES),
            "featured": self.chance.random() < 0.5,
            "tags": self.chance.sample(TAGS, self.chance.randrange(4)),
        }
        if self.noun == "posts":
            given["series"] = self.chance.choice([None, "Saga", "Epic"])
        return given

    async def step(self) -> None:
        """Refused, gone, broken off or to be tried again: all of it is part of this life."""
        with suppress(
            *(ConflictException, NotFoundException, InvalidInputException, BrokenOff),
            RetryableException,
        ):
            if not self.ids or self.chance.random() < 0.2:
                author = self.chance.choice(self.authors)
                self.ids.append((await make(self.services, self.noun, author, **self.fields())).id)
            else:
                await self.happen(self.chance.choice(self.ids))

    async def happen(self, row_id: int) -> None:
        deeds = [
            *(self.change, self.publish, self.unpublish, self.bin, self.bring_back, self.purge),
            *(self.merge_tags, self.delete_a_tag, self.delete_a_series, self.hand_over),
            self.reorder,
        ]
        async with self.services.database.transaction() as db:
            await self.chance.choice(deeds)(db, row_id)
            if self.chance.random() < 0.2:
                raise BrokenOff

    async def change(self, db: Any, row_id: int) -> None:
        given = self.fields()
        if self.noun == "projects":
            given["technologies"] = given.pop("tags")
        kind: Any = PostUpdate if self.noun == "posts" else ProjectUpdate
        await self.rows.update(db, row_id, kind.model_validate(given))

    async def publish(self, db: Any, row_id: int) -> None:
        await self.rows.publish(db, row_id, self.chance.choice(DATES))

    async def unpublish(self, db: Any, row_id: int) -> None:
        await self.rows.unpublish(db, row_id)

    async def bin(self, db: Any, row_id: int) -> None:
        await self.rows.delete(db, row_id, permanent=False)

    async def bring_back(self, db: Any, row_id: int) -> None:
        await self.rows.restore(db, row_id)

    async def purge(self, db: Any, row_id: int) -> None:
        await self.rows.delete(db, row_id, permanent=True)

    async def merge_tags(self, db: Any, _row_id: int) -> None:
        tag, into = self.chance.sample(TAGS, 2)
        changes = TagUpdate(merge_into=into)
        await self.services.tags.update(db, tag, changes, None)

    async def delete_a_tag(self, db: Any, _row_id: int) -> None:
        await self.services.tags.delete(db, self.chance.choice(TAGS), None)

    async def delete_a_series(self, db: Any, _row_id: int) -> None:
        await self.services.series.delete(db, self.chance.choice(["saga", "epic"]), None)

    async def hand_over(self, db: Any, _row_id: int) -> None:
        giver, taker = self.chance.sample(self.authors, 2)
        await authorship.hand_over(db, giver.id, taker.id)

    async def reorder(self, db: Any, _row_id: int) -> None:
        known = list(await db.scalars(select(Project.id).where(Project.deleted_at.is_(None))))
        self.chance.shuffle(known)
        await self.services.projects.reorder(db, known)


@pytest.fixture
async def authors(services: Services, admin: User) -> list[User]:
    return [admin, await make_user(services, "editor", Role.ADMIN)]


class TestTallies:
    @pytest.mark.parametrize("seed", range(4))
    async def test_are_what_a_count_would_say_whatever_happens(
        self, services: Services, database: Database, authors: list[User], seed: int
    ) -> None:
        lives = [Life(services, authors, noun, seed) for noun in NOUNS]
        for _ in range(40):
            for life in lives:
                await life.step()
            await check(database)

    @pytest.mark.parametrize("seed", range(2))
    async def test_are_what_a_count_would_say_when_many_things_happen_at_once(
        self, services: Services, database: Database, authors: list[User], seed: int
    ) -> None:
        first = Life(services, authors, "posts", seed)
        for _ in range(6):
            await first.step()
        lives = [Life(services, authors, noun, seed + turn) for noun in NOUNS for turn in range(4)]
        for life in lives:
            # They meet at the same posts.
            life.ids = first.ids if life.noun == "posts" else life.ids

        async def live(life: Life) -> None:
            for _ in range(12):
                await life.step()

        await asyncio.gather(*map(live, lives))
        await check(database)

    async def test_are_right_for_rows_deleted_while_they_are_public(
        self, services: Services, database: Database, admin: User
    ) -> None:
        post = await make_post(services, admin, tags=["one"])
        async with database.transaction() as db:
            await db.delete(await db.get_one(BlogPost, post.id))
        await check(database)

    async def test_forget_what_a_savepoint_took_back(
        self, services: Services, database: Database, admin: User
    ) -> None:
        post = await make_post(services, admin, tags=["one"])
        async with database.transaction() as db:
            with suppress(BrokenOff):
                async with db.begin_nested():
                    await services.posts.update(db, post.id, PostUpdate(tags=["two", "three"]))
                    raise BrokenOff
        await check(database)

    async def test_do_not_wait_for_each_other_before_the_end(
        self, services: Services, database: Database, admin: User
    ) -> None:
        """Nobody holds a number while it still looks for rows: that could never end."""
        posts = await make_posts(services, admin, 10, tags=["one", "two"])

        async def exchange(row_id: int, tags: list[str]) -> None:
            async with database.transaction() as db:
                await services.posts.update(db, row_id, PostUpdate(tags=tags))

        for tags in (["two", "one"], ["one"], ["two", "three"]):
            await asyncio.gather(
                *(exchange(post.id, tags if post.id % 2 else tags[::-1]) for post in posts)
            )
        await check(database)


class TestStart:
    async def test_sets_wrong_tallies_right(
        self, services: Services, database: Database, admin: User
    ) -> None:
        await make_posts(services, admin, 3, tags=["one"])
        async with database.transaction() as db:
            await db.execute(update(PublicationTally).values(published=77))
            await db.execute(delete(PublicationTally).where(PublicationTally.facet == "tag"))
        async with database.transaction() as db:
            await tallies.recount(db)
        await check(database)

    async def test_sets_them_right_while_others_write(
        self, services: Services, database: Database, admin: User
    ) -> None:
        async def start() -> None:
            async with database.transaction() as db:
                await tallies.recount(db)

        await asyncio.gather(
            *(make_post(services, admin, tags=["one"]) for _ in range(15)),
            *(start() for _ in range(5)),
        )
        await check(database)

    async def test_writes_nothing_where_all_is_right(
        self, services: Services, database: Database, admin: User, count_queries: list[str]
    ) -> None:
        await make_posts(services, admin, 3, tags=["one"])
        count_queries.clear()
        async with database.transaction() as db:
            await tallies.recount(db)
        assert not [line for line in count_queries if not line.startswith("SELECT")]

    async def test_lists_what_other_hands_wrote_and_deleted(
        self, services: Services, database: Database, admin: User
    ) -> None:
        posts = await make_posts(services, admin, 6, tags=["one"])
        async with database.transaction() as db:
            connection = await db.connection()
            table: Any = BlogPost.__table__
            for row_id, values in (
                (posts[0].id, {"status": "draft"}),
                (posts[1].id, {"deleted_at": DATES[0]}),
            ):
                await connection.execute(update(table).where(table.c.id == row_id).values(**values))
            await connection.execute(delete(table).where(table.c.id == posts[2].id))
        async with database.transaction() as db:
            await tallies.recount(db)
        async with database.transaction() as db:
            assert await services.cards.renew_outdated(db) == 2
        await check(database)

    async def test_fills_empty_listings(
        self, services: Services, database: Database, admin: User
    ) -> None:
        await make_posts(services, admin, 3, tags=["one"])
        async with database.transaction() as db:
            await db.execute(delete(PostListing))
            await db.execute(update(PublicationTally).values(published=0))
        async with database.transaction() as db:
            await tallies.recount(db)
            assert await services.cards.renew_outdated(db) == 3
        await check(database)


Ask = Callable[[AsyncClient], Awaitable[Any]]


class TestTotals:
    """What strangers are told, against what they are shown."""

    FILTERS = ("tag=one", "tag=two", "featured=true", "featured=false", "tag=one&featured=true")
    POST_FILTERS = (
        *("series=saga", "author=owner", "author=editor", "year=2020", "year=2099"),
        *("tag=one&year=2020", "author=owner&year=2020&featured=true", "series=saga&tag=two"),
        *("updated_since=2000-01-01T00:00:00Z", "tag=one&updated_since=2000-01-01T00:00:00Z"),
        "tag=nobody-has-this",
    )

    @pytest.mark.parametrize("noun", NOUNS)
    async def test_are_how_many_are_found_under_each_filter(
        self, services: Services, client: AsyncClient, authors: list[User], noun: str
    ) -> None:
        chance = random.Random(7)  # noqa: S311 - no secret
        for number in range(24):
            given: dict[str, Any] = {
                "featured": number % 3 == 0,
                "tags": chance.sample(["one", "two", "three"], 2),
                "published_at": datetime(2018 + number % 4, 6, 1, tzinfo=UTC),
            }
            if noun == "posts":
                given["series"] = chance.choice([None, "Saga"])
            await make(services, noun, authors[number % 2], f"Number {number}", **given)
        for how in ("draft", "scheduled", "binned"):
            await make_hidden(services, noun, authors[0], how, tags=["one"], featured=True)
        filters = self.FILTERS + (self.POST_FILTERS if noun == "posts" else ())
        for asked in filters:
            for sort in ("", "&sort=title", "&sort=-published_at", "&sort=published_at"):
                address = f"{API}/{noun}?limit=4&{asked}{sort}"
                page = (await client.get(address)).json()
                total, seen = page["total"], page["items"]
                numbered = []
                for number in range(1, page["pages"] + 1):
                    numbered += (await client.get(f"{address}&page={number}")).json()["items"]
                while page["next_cursor"]:
                    page = (await client.get(f"{address}&cursor={page['next_cursor']}")).json()
                    seen = [*seen, *page["items"]]
                assert len(seen) == total, asked
                assert [item["id"] for item in seen] == [item["id"] for item in numbered], asked
                assert len({item["id"] for item in seen}) == total, asked
                if "published_at" in sort:
                    dates = [item["published_at"] for item in seen]
                    assert dates == sorted(dates, reverse="-" in sort), asked
                if "tag=" in asked:
                    named = [item.get("tags", item.get("technologies")) for item in seen]
                    wanted = asked.partition("tag=")[2].partition("&")[0]
                    assert all(wanted in [tag["slug"] for tag in tags] for tags in named)

    async def test_of_a_tag_are_what_its_page_says(
        self, services: Services, client: AsyncClient, admin_client: AsyncClient, admin: User
    ) -> None:
        for number in range(3):
            await make(services, "posts", admin, f"Post {number}", tags=["one", "two"])
        await make(services, "projects", admin, tags=["one"])
        await make_hidden(services, "posts", admin, "scheduled", tags=["one"])
        await make_hidden(services, "posts", admin, "draft", tags=["one"])
        merged = await admin_client.patch(f"{API}/tags/two", json={"merge_into": "one"})
        read = await client.get(f"{API}/tags/one")
        listed = (await client.get(f"{API}/tags")).json()["items"]
        for said in (merged.json(), read.json(), listed[0]):
            assert (said["posts_count"], said["projects_count"]) == (3, 1)


async def test_a_tag_that_other_hands_attached_is_counted_with_the_next_change(
    services: Services, database: Database, admin: User
) -> None:
    post = await make_post(services, admin, tags=["one"])
    async with database.transaction() as db:
        db.add(Tag(slug="two", name="Two"))
        await db.flush()
        two = (await db.execute(select(func.max(Tag.id)))).scalar_one()
        await db.execute(insert(PostTag).values(post_id=post.id, position=1, tag_id=two))
    async with database.transaction() as db:
        await services.posts.update(db, post.id, PostUpdate(title="Another"))
    await check(database)
