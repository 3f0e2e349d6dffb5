"""The counts of many things that somebody may see, whatever they are called by."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, literal, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from portfolio.core.clock import utc_now
from portfolio.db.prepared import Prepared, Run, prepared
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.visibility import (
    PUBLIC,
    SCOPES,
    public_in_any_order,
    speaks,
    visible_to,
)
from portfolio.models.comments import Comment
from portfolio.models.entities import EntityType, ReactionTarget
from portfolio.models.types import BIGINT
from portfolio.models.users import User


@dataclass(frozen=True, slots=True)
class Counted:
    id: int
    slug: str | None
    comments: int
    views: int


@dataclass(slots=True)
class Asked:
    """Things of one kind, by id or by slug."""

    ids: set[int] = field(default_factory=set)
    slugs: set[str] = field(default_factory=set)


class CountRepository:
    async def find(
        self, db: AsyncSession, target: ReactionTarget, asked: Asked, viewer: User | None
    ) -> list[Counted]:
        """Those that `viewer` may see; of comments those whose words are shown."""
        scope = visible_to(viewer)
        values = {"now": utc_now(), "ids": sorted(asked.ids), "slugs": sorted(asked.slugs)}
        if target is ReactionTarget.COMMENTS:
            statements: Collection[Prepared] = [
                _comments(kind, scope) for kind in EntityRepository.publications
            ]
        else:
            statements = [_publications(EntityType(target), scope)]

        def read(run: Run) -> list[Counted]:
            return [Counted(*row) for each in statements for row in run(each, values)]

        return await prepared(db, read)


def _within(model: Any, scope: str) -> Any:
    # Found by their ids: SQLite would else begin with all that is public.
    return public_in_any_order(model) if scope == PUBLIC else SCOPES[scope](model)


@lru_cache(maxsize=8)
def _publications(kind: EntityType, scope: str) -> Prepared:
    model = EntityRepository.publications[kind]
    columns = model.id, model.slug, model.comments_count, model.views_count
    visible = select(*columns).where(_within(model, scope))
    by_id = visible.where(model.id.in_(bindparam("ids", type_=BIGINT, expanding=True)))
    # In two steps, and no OR: SQLite would rather go through all that is published.
    called, slugs = aliased(model), bindparam("slugs", type_=model.slug.type, expanding=True)
    by_slug = visible.join(called, called.id == model.id).where(called.slug.in_(slugs))
    return Prepared(union_all(by_id, by_slug))


@lru_cache(maxsize=8)
def _comments(kind: EntityType, scope: str) -> Prepared:
    model = EntityRepository.publications[kind]
    return Prepared(
        select(Comment.id, null(), Comment.replies_count, literal(0))
        .join(model, model.id == Comment.entity_id)
        .where(
            Comment.id.in_(bindparam("ids", type_=BIGINT, expanding=True)),
            Comment.entity_type == kind,
            speaks(),
            _within(model, scope),
        )
    )
