"""What every repository can do. Repositories flush; they never commit."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.base import ExecutableOption

from portfolio.core.errors import ConflictException, InvalidInputException, NotFoundException
from portfolio.core.pagination import Cursor, Page, PageRequest, Sort
from portfolio.models.base import Entity

ModelType = TypeVar("ModelType", bound=Entity)
SORT_VALUE, ROW_ID = "sort_value", "row_id"


class BaseRepository(Generic[ModelType]):
    """Reads and writes of one table.

    `sortable` maps the public names of sort keys to columns that are never NULL.
    """

    model: type[ModelType]
    sortable: ClassVar[Mapping[str, Any]] = {}
    default_sort: ClassVar[str] = "-id"

    async def get(self, db: AsyncSession, row_id: int) -> ModelType | None:
        return await db.get(self.model, row_id)

    async def get_one(self, db: AsyncSession, row_id: int) -> ModelType:
        """Raises NotFoundException."""
        row = await self.get(db, row_id)
        if row is None:
            raise NotFoundException
        return row

    async def get_locked(self, db: AsyncSession, row_id: int, *, wholly: bool = False) -> ModelType:
        """The row, which nobody else changes until the transaction ends.

        `wholly`: nor adds anything that belongs to it. Raises NotFoundException.
        """
        statement = (
            select(self.model)
            .where(self.model.id == row_id)
            .with_for_update(key_share=not wholly)
            .with_hint(self.model, f"WITH ({'X' if wholly else 'UPD'}LOCK, ROWLOCK)", "mssql")
            .execution_options(populate_existing=True)
        )
        row = (await db.execute(statement)).scalar_one_or_none()
        if row is None:
            raise NotFoundException
        return row

    async def create(self, db: AsyncSession, row: ModelType) -> ModelType:
        """Raises ConflictException where a constraint speaks against it; the rest goes on."""
        try:
            async with db.begin_nested():
                db.add(row)
        except IntegrityError as error:
            raise ConflictException from error
        return row

    async def update(
        self, db: AsyncSession, row: ModelType, values: Mapping[str, Any]
    ) -> ModelType:
        """Raises ConflictException like create()."""
        try:
            async with db.begin_nested():
                for name, value in values.items():
                    setattr(row, name, value)
        except IntegrityError as error:
            raise ConflictException from error
        return row

    async def delete(self, db: AsyncSession, row: ModelType) -> None:
        await db.delete(row)
        await db.flush()

    async def page(
        self,
        db: AsyncSession,
        statement: Select[*tuple[Any, ...]],
        request: PageRequest,
        total: int | None,
    ) -> Page[Any]:
        """One page of a statement that selects entities, by number or by cursor."""
        sort = self.sort_of(request)
        keys = self.sortable[sort.key], self.model.id
        if request.cursor is not None:
            cursor = self.cursor_of(request, sort)
            statement = statement.where(behind(keys, sort)).params(
                {SORT_VALUE: cursor.value, ROW_ID: cursor.id}
            )
        else:
            statement = statement.offset(request.offset)
        rows = (
            await db.execute(
                statement.add_columns(keys[0].label(SORT_VALUE), keys[1].label(ROW_ID))
                .order_by(*ordered(keys, sort))
                .limit(request.limit + 1)
            )
        ).all()
        return page_of(rows, [_bare(row) for row in rows], request, sort, total)

    def sort_of(self, request: PageRequest) -> Sort:
        """Raises InvalidInputException for a key that is not in `sortable`."""
        return Sort.parse(request.sort or self.default_sort, self.sortable)

    def cursor_of(self, request: PageRequest, sort: Sort) -> Cursor:
        """Raises InvalidInputException for a cursor that is malformed or of another order."""
        kind = self.sortable[sort.key].type.python_type
        cursor = Cursor.decode(request.cursor or "", kind)
        if cursor.sort != str(sort):
            raise InvalidInputException.of("cursor", f"belongs to sort={cursor.sort}", "cursor")
        return cursor

    async def all(
        self,
        db: AsyncSession,
        request: PageRequest,
        *conditions: ColumnElement[bool],
        values: Mapping[str, Any] | None = None,
        options: Sequence[ExecutableOption] = (),
    ) -> Page[ModelType]:
        """A page of the rows that meet all conditions; they are counted if it has a number."""
        values = values or {}
        total = None
        if request.cursor is None:
            count = select(func.count(self.model.id)).where(*conditions)
            total = (await db.execute(count, values)).scalar_one()
        statement = select(self.model).where(*conditions).options(*options).params(values)
        return await self.page(db, statement, request, total)

    async def first(
        self, db: AsyncSession, *conditions: SQLColumnExpression[bool]
    ) -> ModelType | None:
        """The row with the lowest id that meets all conditions."""
        statement = select(self.model).where(*conditions).order_by(self.model.id).limit(1)
        return (await db.execute(statement)).scalar_one_or_none()


def ordered(keys: tuple[Any, Any], sort: Sort) -> list[ColumnElement[Any]]:
    """By a column, and among equals by the primary key."""
    return [key.desc() if sort.descending else key.asc() for key in keys]


def behind(keys: tuple[Any, Any], sort: Sort) -> ColumnElement[bool]:
    """The rows behind a cursor, written out: SQL Server compares no tuples.

    The first condition follows from the second, and lets SQLite begin at the right place.
    """
    column, key = keys
    value = bindparam(SORT_VALUE, type_=column.type)
    row_id = bindparam(ROW_ID, type_=key.type)
    if sort.descending:
        return and_(column <= value, or_(column < value, and_(column == value, key < row_id)))
    return and_(column >= value, or_(column > value, and_(column == value, key > row_id)))


def _bare(row: Any) -> Any:
    """The row without the two columns that a cursor is made of."""
    return row[0] if len(row) == 3 else row[:-2]  # noqa: PLR2004 - one entity and those two


def page_of(
    rows: Sequence[Any], items: list[Any], request: PageRequest, sort: Sort, total: int | None
) -> Page[Any]:
    """A page from limit + 1 rows that end with their sort value and their id."""
    more = len(rows) > request.limit
    next_cursor = None
    if more:
        value, row_id = rows[request.limit - 1][-2:]
        next_cursor = Cursor(str(sort), value, row_id).encode()
    return Page(
        items=items[: request.limit],
        limit=request.limit,
        total=None if request.cursor is not None else total,
        page=None if request.cursor is not None else request.page,
        next_cursor=next_cursor,
    )
