"""Which answers a write puts out of date: from each model to the cache tags of its rows.

Rows written through the ORM raise the tags of just these rows. A statement that names no rows
raises those of any row, unless it says better: `.execution_options(cache_tags=…)`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, object_session

from portfolio.core import cache_tags
from portfolio.core.cache_tags import one
from portfolio.core.events import touch
from portfolio.models.audit import AuditEntry, AuditOrigin, AuditSeal
from portfolio.models.base import Base
from portfolio.models.bookkeeping import (
    CacheFence,
    IdempotencyKey,
    ImportSource,
    ReplicationMark,
)
from portfolio.models.comments import Comment, CommentReport
from portfolio.models.contact import ContactMessage, ContactReply
from portfolio.models.credentials import ApiToken, OneTimeToken
from portfolio.models.entities import EntityType, ReactionTarget
from portfolio.models.history import Redirect, Revision
from portfolio.models.listings import PostListing, ProjectListing, PublicationTally
from portfolio.models.live import LiveEvent
from portfolio.models.lockout import AttemptCounter
from portfolio.models.media import FileUse, Image, ReplacedFile, Video
from portfolio.models.notifications import DigestItem, MailChoice
from portfolio.models.outbox import OutboxJob
from portfolio.models.posts import BlogPost
from portfolio.models.profiles import Profile, Section
from portfolio.models.projects import Project
from portfolio.models.reactions import Reaction, ReactionTally
from portfolio.models.sessions import SpentRefreshToken, UserSession
from portfolio.models.spam import SpamWord
from portfolio.models.taxonomy import PostTag, ProjectTag, Series, Tag
from portfolio.models.two_factor import LoginChallenge, RecoveryCode, SecondFactor
from portfolio.models.users import User

TagsOf = Callable[[Any], Iterable[str]]
POSTS, PROJECTS, PROFILES = EntityType.POSTS, EntityType.PROJECTS, EntityType.PROFILES
# What others see of an account.
_SHOWN = ("username", "display_name", "avatar_url", "role", "is_active")


class _AnyRow:
    """Stands for the rows of a statement that does not say which they are."""

    entity_type = None

    def __getattr__(self, name: str) -> str:
        return "*"


ANY: Any = _AnyRow()


def _of_owner(row: Any) -> Iterable[str]:
    """Of the thing that a picture or video belongs to."""
    kinds = EntityType if row is ANY else [row.entity_type]
    for kind in kinds:
        if kind is not None:
            yield kind
            yield one(kind.noun, row.entity_id)


def _of_author(row: User) -> Iterable[str]:
    """Only if others see the difference: whoever signs in changes the row as well."""
    if row is not ANY:
        session, fields = object_session(row), inspect(row).attrs
        changed = any(fields[name].history.has_changes() for name in _SHOWN)
        if session is None or row in session.new or not (changed or row in session.deleted):
            return ()
    return one("user", row.id), PROFILES


def _of_comment(row: Any) -> Iterable[str]:
    """What is said about something, and the counts that it is shown with."""
    if row is not ANY and inspect(row).pending and not row.speaks:
        return  # A new one that nobody sees: a flood of spam must put nothing out of date.
    kinds = (POSTS, PROJECTS) if row is ANY else [row.entity_type]
    for kind in kinds:
        yield cache_tags.comments(kind.noun, row.entity_id)
        yield cache_tags.counts(kind.noun)
        yield one(kind.noun, row.entity_id)


def _of_tally(row: Any) -> Iterable[str]:
    """The counts of something. Whose comment it is, only the writer knows, and says so."""
    for kind in ReactionTarget if row is ANY else [row.target_type]:
        yield cache_tags.reactions(kind.noun, row.target_id)
        if kind is not ReactionTarget.COMMENTS:
            yield cache_tags.counts(kind.noun)
            yield one(kind.noun, row.target_id)


TAGS: Mapping[type[Base], TagsOf] = {
    BlogPost: lambda row: (POSTS, one(POSTS.noun, row.id)),
    Project: lambda row: (PROJECTS, one(PROJECTS.noun, row.id)),
    PostTag: lambda row: (POSTS, one(POSTS.noun, row.post_id)),
    ProjectTag: lambda row: (PROJECTS, one(PROJECTS.noun, row.project_id)),
    Tag: lambda row: ("tags", one("tag", row.id)),
    Series: lambda row: ("series", one("series", row.id)),
    Image: _of_owner,
    Video: _of_owner,
    Redirect: lambda _row: ("redirects",),
    Comment: _of_comment,
    ReactionTally: _of_tally,
    User: _of_author,
    Profile: lambda _row: (PROFILES,),
    **{section: lambda _row: (PROFILES,) for section in Section.__subclasses__()},
}
# Nothing of these is in an answer for strangers, or only together with a row of the others.
PRIVATE: frozenset[type[Base]] = frozenset(
    {
        ApiToken,
        AttemptCounter,
        AuditEntry,
        AuditOrigin,
        AuditSeal,
        CacheFence,
        CommentReport,
        ContactMessage,
        ContactReply,
        DigestItem,
        FileUse,
        IdempotencyKey,
        ImportSource,
        LiveEvent,
        LoginChallenge,
        MailChoice,
        OneTimeToken,
        OutboxJob,
        PostListing,
        ProjectListing,
        PublicationTally,
        Reaction,
        RecoveryCode,
        ReplacedFile,
        ReplicationMark,
        Revision,
        SecondFactor,
        SpamWord,
        SpentRefreshToken,
        UserSession,
    }
)
_BY_TABLE: dict[Any, TagsOf] = {model.__table__: tags_of for model, tags_of in TAGS.items()}


@event.listens_for(Session, "after_flush")
def _rows_written(session: Session, *_rest: Any) -> None:
    for row in [*session.new, *session.dirty, *session.deleted]:
        tags_of = TAGS.get(type(row))
        if tags_of is not None:
            touch(session, tags_of(row))


@event.listens_for(Session, "do_orm_execute")
def _statement_run(state: ORMExecuteState) -> None:
    if state.is_select:
        return
    said = state.execution_options.get("cache_tags")
    tags_of = _BY_TABLE.get(getattr(state.statement, "table", None))
    if said is not None:
        touch(state.session, said)
    elif tags_of is not None:
        touch(state.session, tags_of(ANY))
