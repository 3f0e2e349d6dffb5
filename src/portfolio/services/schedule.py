"""When something becomes public by itself: no write tells of it, so answers must end by then."""

from collections.abc import Collection, Mapping
from datetime import datetime
from math import inf
from typing import Any, NamedTuple

from portfolio.adapters.cache import Cache
from portfolio.db.repositories.publications import PublicationRepository
from portfolio.db.session import Database
from portfolio.models.entities import EntityType


class _Due(NamedTuple):
    """The first moment later than `after` at which something becomes public, if there is one."""

    after: datetime
    at: datetime | None

    def answers(self, after: datetime) -> bool:
        return self.after <= after and (self.at is None or self.at > after)


class Schedule:
    def __init__(
        self,
        database: Database,
        cache: Cache,
        publications: Mapping[EntityType, PublicationRepository[Any, Any, Any]],
    ) -> None:
        self._database = database
        self._cache = cache
        self._publications = publications

    async def end_of(self, tags: Collection[str], made_from: datetime) -> float:
        """The Unix time at which an answer with these tags, begun then, is no longer right.

        Raises CacheAwayError, UnavailableException.
        """
        ends = [await self._next(kind, made_from) for kind in self._publications if kind in tags]
        return min((at.timestamp() for at in ends if at is not None), default=inf)

    async def _next(self, kind: EntityType, after: datetime) -> datetime | None:
        since = await self._cache.position()
        known: _Due | None = self._cache.get(("due", kind))
        if known is None or not known.answers(after):
            async with self._database.reading() as db:
                known = _Due(after, await self._publications[kind].next_due(db, after))
            self._cache.set(("due", kind), known, tags=(kind,), since=since)
        return known.at
