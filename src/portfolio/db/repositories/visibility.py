"""Who may see which publications, and what is said about them, as conditions.

Those about publications want the value `now`.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import ColumnElement, and_, bindparam, not_, select, true
from sqlalchemy.orm import aliased

from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.publications import Publishable, Status
from portfolio.models.types import UTCDateTime
from portfolio.models.users import User

NOW = bindparam("now", type_=UTCDateTime())
PUBLIC, SCHEDULED, ALL = "published", "scheduled", "all"


def published(model: type[Publishable]) -> ColumnElement[bool]:
    """What a stranger may read, now or once its time has come."""
    return and_(model.status == Status.PUBLISHED, model.deleted_at.is_(None))


def public(model: type[Publishable]) -> ColumnElement[bool]:
    """What a stranger may read: published, its time come, not binned."""
    return and_(published(model), model.listed_at <= NOW)


def coming(model: type[Publishable]) -> ColumnElement[bool]:
    """What is published ahead of its time; few, and found first of all.

    Said of their ids, it keeps databases from any other way to them that grows with the rest.
    """
    later = aliased(model)
    return model.id.in_(select(later.id).where(published(later), later.listed_at > NOW))


def public_in_any_order(model: type[Publishable]) -> ColumnElement[bool]:
    """As public(), for lists that do not go by listed_at: SQLite would begin there, and sort."""
    return and_(published(model), not_(coming(model)))


SCOPES: Mapping[str, Callable[[type[Publishable]], ColumnElement[bool]]] = {
    PUBLIC: public,
    SCHEDULED: lambda model: and_(published(model), model.listed_at > NOW),
    "draft": lambda model: and_(model.status == Status.DRAFT, model.deleted_at.is_(None)),
    "archived": lambda model: and_(model.status == Status.ARCHIVED, model.deleted_at.is_(None)),
    "binned": lambda model: model.deleted_at.is_not(None),
    "any": lambda model: model.deleted_at.is_(None),
    ALL: lambda _model: true(),
}


def speaks(comment: type[Comment] = Comment) -> ColumnElement[bool]:
    """As Comment.speaks: its words are shown where what it is about is."""
    return and_(comment.status == CommentStatus.APPROVED, comment.deleted_at.is_(None))


def visible_to(viewer: User | None) -> str:
    """The scope that this viewer reads in: the one place that says who may read which."""
    return ALL if viewer is not None and viewer.is_admin else PUBLIC
