"""What shows which stored file: whether one may be read, and when it may go."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import (
    ColumnElement,
    Unicode,
    and_,
    bindparam,
    delete,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from portfolio.core.clock import utc_now
from portfolio.db.prepared import Prepared, prepared
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.visibility import public
from portfolio.models.entities import EntityType
from portfolio.models.media import KEY_LENGTH, FileUse, Image, ReplacedFile, Video
from portfolio.models.profiles import Profile
from portfolio.models.users import Role, User

Owner = tuple[EntityType | None, int | None]

_KEY = bindparam("key", type_=Unicode(KEY_LENGTH))
# Rendered as literals: a text may name any number of files, and databases limit parameters.
KEYS = bindparam("keys", type_=Unicode(KEY_LENGTH), expanding=True, literal_execute=True)
_MEDIA = Image.__tablename__, Video.__tablename__


def _shown_by(kind: EntityType) -> ColumnElement[bool]:
    """That a use belongs to something of this kind that is public."""
    if kind is EntityType.PROFILES:
        shown = select(Profile.id).join(User, User.id == Profile.user_id)
        shown = shown.where(Profile.id == FileUse.entity_id, User.role == Role.ADMIN)
    else:
        model = EntityRepository.publications[kind]
        shown = select(model.id).where(model.id == FileUse.entity_id, public(model))
    return and_(FileUse.entity_type == kind, shown.exists())


_PUBLIC = Prepared(
    select(FileUse.id)
    .where(
        FileUse.key == _KEY,
        # What is in the library waits to be shown somewhere.
        or_(FileUse.entity_type.is_(None), *map(_shown_by, EntityType)),
    )
    .limit(1)
)


class FileUseRepository:
    async def put(
        self, db: AsyncSession, used_by: str, row_id: int, keys: Iterable[str], owner: Owner
    ) -> None:
        """Note that this row shows just these files."""
        before, now = set(await self.keys_of(db, used_by, row_id)), dict.fromkeys(keys)
        if gone := [key for key in before if key not in now]:
            of_row = FileUse.used_by == used_by, FileUse.used_by_id == row_id
            outdated = delete(FileUse).where(*of_row, FileUse.key.in_(KEYS))
            options = {"synchronize_session": False}
            await db.execute(outdated.execution_options(**options), {"keys": gone})
        kind, entity_id = owner
        shared = {"used_by": used_by, "used_by_id": row_id}
        # What stays is left alone: whoever waits for it in hold() would find it gone.
        uses = [
            {**shared, "key": key, "entity_type": kind, "entity_id": entity_id}
            for key in now
            if key not in before
        ]
        if uses:
            await db.execute(insert(FileUse), uses)

    async def drop(self, db: AsyncSession, used_by: str, row_id: int) -> None:
        """Note that this row shows nothing any more."""
        of_row = FileUse.used_by == used_by, FileUse.used_by_id == row_id
        await db.execute(delete(FileUse).where(*of_row))

    async def keys_of(self, db: AsyncSession, used_by: str, row_id: int) -> list[str]:
        of_row = FileUse.used_by == used_by, FileUse.used_by_id == row_id
        return list(await db.scalars(select(FileUse.key).where(*of_row)))

    async def hold(self, db: AsyncSession, *keys: str) -> bool:
        """Whether anything shows one of these; what does will, until this transaction ends."""
        held = (
            select(FileUse.id)
            .where(FileUse.key.in_(KEYS))
            .order_by(FileUse.id)
            .with_for_update(key_share=True)
            .with_hint(FileUse, "WITH (UPDLOCK, ROWLOCK)", "mssql")
        )
        return bool((await db.scalars(held, {"keys": keys})).all())

    async def unused(self, db: AsyncSession, keys: Sequence[str]) -> list[str]:
        """Those among them that nothing shows."""
        found = select(FileUse.key).where(FileUse.key.in_(KEYS))
        used = set(await db.scalars(found, {"keys": keys}))
        return [key for key in keys if key not in used]

    async def is_public(self, db: AsyncSession, key: str) -> bool:
        """Whether strangers may read it: something public shows it, or the library."""
        values = {"key": key, "now": utc_now()}
        return bool(await prepared(db, lambda run: run(_PUBLIC, values)))

    async def texts_with(
        self, db: AsyncSession, keys: Sequence[str], limit: int, after: int = 0
    ) -> dict[int, tuple[EntityType, int]]:
        """The things whose texts name one of these files, by the use, behind the use `after`."""
        # By any other order SQLite would look at the uses of all texts.
        found = (
            select(FileUse.id, FileUse.used_by, FileUse.used_by_id)
            .where(FileUse.key.in_(KEYS), FileUse.used_by.in_([*EntityType]), FileUse.id > after)
            .order_by(FileUse.id)
            .limit(limit)
        )
        rows = await db.execute(found, {"keys": keys})
        return {use: (EntityType(used_by), row_id) for use, used_by, row_id in rows}

    # Files that took the place of others

    async def replace(self, db: AsyncSession, key: str, successor: str) -> None:
        """Whoever asks for this file from now on means that one, which is a present one again."""
        outdated = ReplacedFile.key.in_([key, successor])
        await db.execute(delete(ReplacedFile).where(outdated))
        # One step from each: whoever asks for the first of many must not make us walk them all.
        further = update(ReplacedFile).where(ReplacedFile.successor == key)
        further = further.values(successor=successor)
        await db.execute(further.execution_options(synchronize_session=False))
        await db.execute(insert(ReplacedFile).values(key=key, successor=successor))

    async def successors(
        self, db: AsyncSession, keys: Sequence[str], *, even_if_shown: bool = False
    ) -> dict[str, str]:
        """By the keys among these whose place another file took everywhere, the newest one.

        `even_if_shown`: or took somewhere.
        """
        replaced = select(ReplacedFile.key, ReplacedFile.successor)
        replaced = replaced.where(ReplacedFile.key.in_(KEYS))
        shown = select(FileUse.id).where(
            FileUse.key == ReplacedFile.key, FileUse.used_by.in_([*_MEDIA])
        )
        chain: dict[str, str] = {}
        ahead = set(keys)
        while ahead:
            if chain or not even_if_shown:
                replaced = replaced.where(not_(shown.exists()))
            found = await db.execute(replaced, {"keys": sorted(ahead)})
            steps = {row.key: row.successor for row in found}
            chain |= steps
            ahead = set(steps.values()) - chain.keys()
        return {key: _end_of(chain, key) for key in keys if key in chain}

    async def forget_replaced(self, db: AsyncSession, by: Sequence[str]) -> None:
        """These files are gone: nothing leads to them any more, unless it leads on from there."""
        further = aliased(ReplacedFile)
        leads_on = select(further.key).where(further.key == ReplacedFile.successor)
        gone = delete(ReplacedFile).where(ReplacedFile.successor.in_(KEYS), not_(leads_on.exists()))
        await db.execute(gone.execution_options(synchronize_session=False), {"keys": [*by]})


def _end_of(chain: Mapping[str, str], key: str) -> str:
    passed = {key}
    while (key := chain[key]) in chain and key not in passed:
        passed.add(key)
    return key
