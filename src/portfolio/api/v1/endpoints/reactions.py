"""Reactions to posts, projects and comments."""

from typing import Annotated

from fastapi import Path

from portfolio.api.deps import DbRead, DbWrite, ReactionsDep, Ref, Viewer
from portfolio.api.errors import errors
from portfolio.api.guests import KnownPerson, ReactingPerson, WithdrawingPerson
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    ForbiddenException,
    InsufficientScopeException,
    NotFoundException,
    UnauthorizedException,
)
from portfolio.models.entities import ReactionTarget
from portfolio.models.reactions import KIND_LENGTH
from portfolio.schemas.reactions import ReactionsRead
from portfolio.services.reactions import Reactions

ABSENT = errors(NotFoundException)
CHANGE = errors(
    NotFoundException, UnauthorizedException, ForbiddenException, InsufficientScopeException
)
Kind = Annotated[str, Path(min_length=1, max_length=KIND_LENGTH, examples=["like"])]
router = v1_router("reactions")


def _add_target(target: ReactionTarget) -> None:
    one, path = target.noun, f"/{target}/{{ref}}/reactions"

    @router.get(
        path,
        response_model=ReactionsRead,
        responses=ABSENT,
        name=f"get_{one}_reactions",
        summary=f"The reactions to a {one}",
    )
    async def get_reactions(
        ref: Ref, db: DbRead, reactions: ReactionsDep, person: KnownPerson, viewer: Viewer
    ) -> Reactions:
        """By kind, and which of them are the caller's."""
        return await reactions.read(db, target, ref, person, viewer)

    @router.put(
        f"{path}/{{kind}}",
        response_model=ReactionsRead,
        responses=CHANGE,
        name=f"put_{one}_reaction",
        summary=f"React to a {one}",
    )
    async def put_reaction(
        ref: Ref,
        kind: Kind,
        person: ReactingPerson,
        db: DbWrite,
        reactions: ReactionsDep,
        viewer: Viewer,
    ) -> Reactions:
        """Once of each kind, however often it is sent. Guests get a cookie that tells them apart."""
        return await reactions.react(db, target, ref, kind, person, viewer)

    @router.delete(
        f"{path}/{{kind}}",
        response_model=ReactionsRead,
        responses=CHANGE,
        name=f"delete_{one}_reaction",
        summary=f"Take a reaction to a {one} back",
    )
    async def delete_reaction(
        ref: Ref,
        kind: Kind,
        person: WithdrawingPerson,
        db: DbWrite,
        reactions: ReactionsDep,
        viewer: Viewer,
    ) -> Reactions:
        """The same answer where there was none."""
        return await reactions.withdraw(db, target, ref, kind, person, viewer)


for _target in ReactionTarget:
    _add_target(_target)
