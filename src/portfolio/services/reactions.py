"""Reactions to posts, projects and comments: each kind once from each person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core import cache_tags
from portfolio.core.errors import (
    InvalidInputException,
    NotFoundException,
    UnauthorizedException,
)
from portfolio.core.refs import parse_ref
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.reactions import ReactionRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.models.entities import EntityType, ReactionTarget
from portfolio.models.live import Audience, LiveType
from portfolio.models.reactions import Person, Place, Standing
from portfolio.models.users import User
from portfolio.services.live import LiveService


@dataclass(frozen=True, slots=True)
class Reactions:
    """What is shown: every kind that is offered, and the number of all, offered or not."""

    counts: dict[str, int]
    total: int
    mine: list[str]


class ReactionService:
    def __init__(
        self,
        reactions: ReactionRepository,
        entities: EntityRepository,
        users: UserRepository,
        live: LiveService,
        kinds: Sequence[str],
    ) -> None:
        self._reactions = reactions
        self._entities = entities
        self._users = users
        self._live = live
        self._kinds = kinds

    def shown(self, standing: Standing) -> Reactions:
        return Reactions(
            counts={kind: standing.counts.get(kind, 0) for kind in self._kinds},
            total=sum(standing.counts.values()),
            mine=[kind for kind in self._kinds if kind in standing.mine],
        )

    async def of(
        self,
        db: AsyncSession,
        targets: Mapping[ReactionTarget, Sequence[int]],
        person: Person | None,
    ) -> dict[tuple[ReactionTarget, int], Reactions]:
        """Those to many things that the caller has found visible, in one statement."""
        found = await self._reactions.standings(db, targets, person)
        return {key: self.shown(standing) for key, standing in found.items()}

    async def read(
        self,
        db: AsyncSession,
        target: ReactionTarget,
        ref: str,
        person: Person | None,
        viewer: User | None,
    ) -> Reactions:
        """Raises NotFoundException for what `viewer` may not see, and comments without words."""
        if target is ReactionTarget.COMMENTS:
            target_id = _comment_id(ref)
            kind, entity_id = await self._reactions.entity_of_comment(db, target_id)
            await self._entities.find(db, kind, entity_id, viewer)
            cache_tags.note(cache_tags.comments(kind.noun, entity_id))
        else:
            target_id = await self._entities.find(db, EntityType(target), ref, viewer)
        cache_tags.note(cache_tags.reactions(target.noun, target_id))
        return self.shown(await self._reactions.standing(db, target, target_id, person))

    async def react(
        self,
        db: AsyncSession,
        target: ReactionTarget,
        ref: str,
        kind: str,
        person: Person,
        viewer: User | None,
    ) -> Reactions:
        """Raises what read() raises, and InvalidInputException for a kind that is not offered."""
        if kind not in self._kinds:
            raise self._unknown()
        place, standing = await self._hold(db, target, ref, person, viewer)
        if kind not in standing.mine:
            await self._reactions.add(db, place, standing, kind, person)
            await self._tell(db, place, standing)
        return self.shown(standing)

    async def withdraw(
        self,
        db: AsyncSession,
        target: ReactionTarget,
        ref: str,
        kind: str,
        person: Person | None,
        viewer: User | None,
    ) -> Reactions:
        """Raises what react() raises; but what was given once can be taken back for ever."""
        if person is None:
            if kind not in self._kinds:
                raise self._unknown()
            return await self.read(db, target, ref, None, viewer)
        place, standing = await self._hold(db, target, ref, person, viewer)
        if kind in standing.mine:
            await self._reactions.remove(db, place, standing, kind, person)
            await self._tell(db, place, standing)
        elif kind not in self._kinds:
            raise self._unknown()
        return self.shown(standing)

    async def _hold(
        self,
        db: AsyncSession,
        target: ReactionTarget,
        ref: str,
        person: Person,
        viewer: User | None,
    ) -> tuple[Place, Standing]:
        """The account first, then what is reacted to: as whoever erases an account goes."""
        if target is ReactionTarget.COMMENTS:
            comment_id = _comment_id(ref)
            kind, entity = await self._reactions.entity_of_comment(db, comment_id, holding=person)
            entity_id, is_public = await self._entities.find_held(db, kind, entity, viewer)
            place = Place(target, comment_id, kind, entity_id, is_public)
        else:
            if person.user_id is not None and not await self._users.hold(db, person.user_id):
                raise UnauthorizedException
            kind = EntityType(target)
            entity_id, is_public = await self._entities.find_held(db, kind, ref, viewer)
            place = Place(target, entity_id, kind, entity_id, is_public)
        return place, await self._reactions.standing(db, target, place.id, person)

    async def _tell(self, db: AsyncSession, place: Place, standing: Standing) -> None:
        now = self.shown(standing)
        data = {
            "target_type": place.target,
            "target_id": place.id,
            "counts": now.counts,
            "total": now.total,
        }
        topic = f"{place.entity_type}:{place.entity_id}"
        audience = Audience.EVERYONE if place.is_public else Audience.MODERATORS
        await self._live.tell(db, topic, LiveType.REACTIONS_CHANGED, data, audience)

    def _unknown(self) -> InvalidInputException:
        return InvalidInputException.of("kind", f"use one of {', '.join(self._kinds)}")


def _comment_id(ref: str) -> int:
    """Raises NotFoundException."""
    parsed = parse_ref(ref)
    if isinstance(parsed, str):
        raise NotFoundException
    return parsed
