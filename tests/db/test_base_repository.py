import pytest
from sqlalchemy import select

from portfolio.core.errors import (
    ConflictException,
    InvalidInputException,
    NotFoundException,
    PreconditionFailedException,
    RetryableException,
)
from portfolio.core.pagination import PageRequest
from portfolio.db.repositories.taxonomy import TagRepository
from portfolio.db.session import Database
from portfolio.models.taxonomy import Tag
from portfolio.services.versions import require_version

TAGS = TagRepository()


async def make(database: Database, *names: str) -> list[Tag]:
    async with database.transaction() as db:
        return [await TAGS.create(db, Tag(slug=name.lower(), name=name)) for name in names]


class TestGet:
    async def test_gives_the_row_or_nothing(self, database: Database) -> None:
        (tag,) = await make(database, "A")
        async with database.reading() as db:
            found = await TAGS.get(db, tag.id)
            assert found is not None
            assert found.name == "A"
            assert await TAGS.get(db, tag.id + 1) is None

    async def test_of_one_raises_where_there_is_none(self, database: Database) -> None:
        async with database.transaction() as db:
            for get in (TAGS.get_one, TAGS.get_locked):
                with pytest.raises(NotFoundException):
                    await get(db, 404)

    async def test_locked_sees_what_others_committed(self, database: Database) -> None:
        (tag,) = await make(database, "A")
        async with database.transaction() as db:
            changed = await TAGS.get_locked(db, tag.id)
            changed.name = "B"
        async with database.transaction() as db:
            assert (await TAGS.get_locked(db, tag.id)).name == "B"


class TestCreate:
    async def test_numbers_and_dates_the_row(self, database: Database) -> None:
        (tag,) = await make(database, "A")
        assert tag.id > 0
        assert tag.version == 1
        assert tag.created_at.tzinfo is not None

    async def test_conflicts_and_lets_the_rest_go_on(self, database: Database) -> None:
        await make(database, "A")
        async with database.transaction() as db:
            await TAGS.create(db, Tag(slug="b", name="B"))
            with pytest.raises(ConflictException):
                await TAGS.create(db, Tag(slug="a", name="A"))
            await TAGS.create(db, Tag(slug="c", name="C"))
        async with database.reading() as db:
            names = (await db.execute(select(Tag.name).order_by(Tag.name))).scalars().all()
        assert list(names) == ["A", "B", "C"]


class TestUpdate:
    async def test_raises_the_version_and_the_date(self, database: Database) -> None:
        (tag,) = await make(database, "A")
        async with database.transaction() as db:
            row = await TAGS.get_one(db, tag.id)
            await TAGS.update(db, row, {"name": "B"})
        assert (row.version, row.name) == (2, "B")
        assert row.updated_at > row.created_at

    async def test_to_the_same_values_is_none(self, database: Database) -> None:
        (tag,) = await make(database, "A")
        async with database.transaction() as db:
            row = await TAGS.get_one(db, tag.id)
            await TAGS.update(db, row, {"name": "A"})
        assert row.version == 1

    async def test_conflicts_like_create(self, database: Database) -> None:
        _, tag = await make(database, "A", "B")
        async with database.transaction() as db:
            row = await TAGS.get_one(db, tag.id)
            with pytest.raises(ConflictException):
                await TAGS.update(db, row, {"slug": "a"})

    async def test_from_an_old_state_must_be_repeated(self, database: Database) -> None:
        (tag,) = await make(database, "A")
        async with database.transaction() as db:
            (await TAGS.get_one(db, tag.id)).name = "B"

        async def change_what_was_seen() -> None:
            async with database.transaction() as db:
                db.add(tag)
                tag.name = "C"

        with pytest.raises(RetryableException):
            await change_what_was_seen()


class TestDelete:
    async def test_leaves_nothing(self, database: Database) -> None:
        (tag,) = await make(database, "A")
        async with database.transaction() as db:
            await TAGS.delete(db, await TAGS.get_one(db, tag.id))
            assert await TAGS.get(db, tag.id) is None


class TestRequireVersion:
    async def test_asks_for_the_present_one_or_none(self, database: Database) -> None:
        (tag,) = await make(database, "A")
        require_version(tag, None)
        require_version(tag, 1)
        for wrong in (0, 2):
            with pytest.raises(PreconditionFailedException, match="version 1"):
                require_version(tag, wrong)


class TestPage:
    async def test_is_counted_only_by_number(
        self, database: Database, count_queries: list[str]
    ) -> None:
        await make(database, "A", "B", "C")
        async with database.reading() as db:
            count_queries.clear()
            first = await TAGS.all(db, PageRequest(limit=2))
            assert len(count_queries) == 2
            count_queries.clear()
            rest = await TAGS.all(db, PageRequest(limit=2, cursor=first.next_cursor))
            assert len(count_queries) == 1
        assert (first.total, first.pages, first.page) == (3, 2, 1)
        assert (rest.total, rest.pages, rest.page, rest.next_cursor) == (None, None, None, None)
        assert [tag.name for tag in [*first.items, *rest.items]] == ["A", "B", "C"]

    async def test_counts_and_shows_what_meets_the_conditions(self, database: Database) -> None:
        await make(database, "A", "B", "C")
        async with database.reading() as db:
            page = await TAGS.all(db, PageRequest(sort="-name"), Tag.name != "B")
        assert [tag.name for tag in page.items] == ["C", "A"]
        assert page.total == 2

    async def test_is_sorted_by_known_keys_only(self, database: Database) -> None:
        async with database.reading() as db:
            with pytest.raises(InvalidInputException, match="created_at, name, slug"):
                await TAGS.all(db, PageRequest(sort="description"))
