"""What each committed transaction wrote, by its statements, and what it then told of."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event
from tests.databases import WRITTEN

from portfolio.core.events import Changed
from portfolio.db.session import Database
from portfolio.models.base import Base
from portfolio.models.comments import Comment
from portfolio.models.history import Redirect
from portfolio.models.listings import PostListing, ProjectListing, PublicationTally
from portfolio.models.posts import BlogPost
from portfolio.models.profiles import Profile, Section
from portfolio.models.projects import Project
from portfolio.models.reactions import ReactionTally
from portfolio.models.taxonomy import PostTag, ProjectTag, Series, Tag

_KINDS: dict[type[Base], set[str]] = {
    BlogPost: {"posts", "post:counts"},
    PostTag: {"posts"},
    PostListing: {"posts"},
    Project: {"projects", "project:counts"},
    ProjectTag: {"projects"},
    ProjectListing: {"projects"},
    PublicationTally: {"posts", "projects"},
    Comment: {"post:counts", "project:counts", "post_comments:*", "project_comments:*"},
    ReactionTally: {"post_reactions:*", "project_reactions:*", "comment_reactions:*"},
    Tag: {"tags"},
    Series: {"series"},
    Redirect: {"redirects"},
    Profile: {"profiles"},
    **{section: {"profiles"} for section in Section.__subclasses__()},
}
# By table, the tags of which a transaction raises one that writes to it; `*` for the one that it
# wrote. Not of accounts, pictures and videos: most of what is written there nobody else sees.
EXPECTED = {model.__tablename__: tags for model, tags in _KINDS.items()}


@dataclass
class Transaction:
    tables: set[str]
    told: set[str] = field(default_factory=set)

    @property
    def untold(self) -> set[str]:
        told = self.told | {tag.partition(":")[0] + ":*" for tag in self.told}
        return {table for table in self.tables if told.isdisjoint(EXPECTED[table])}


class Ledger:
    """Of one task: what is told belongs to the transaction that was committed last."""

    def __init__(self) -> None:
        self.transactions: list[Transaction] = []
        self._open: dict[Connection, set[str]] = {}

    def _execute(self, connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        match = WRITTEN.match(statement)
        if match and match[1] in EXPECTED:
            self._open.setdefault(connection, set()).add(match[1])

    def _commit(self, connection: Connection) -> None:
        self.transactions.append(Transaction(self._open.pop(connection, set())))

    def _rollback(self, connection: Connection) -> None:
        self._open.pop(connection, None)

    async def tell(self, changed: Changed) -> None:
        self.transactions[-1].told |= changed.tags

    @property
    def untold(self) -> list[set[str]]:
        return [each.untold for each in self.transactions if each.untold]

    @contextmanager
    def watching(self, database: Database) -> Iterator[None]:
        engine = database.engines.write.sync_engine
        listeners: dict[str, Callable[..., Any]] = {
            "after_cursor_execute": self._execute,
            "commit": self._commit,
            "rollback": self._rollback,
        }
        for name, listener in listeners.items():
            event.listen(engine, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners.items():
                event.remove(engine, name, listener)
