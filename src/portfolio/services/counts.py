"""The counts of all that a page lists, at once."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.refs import parse_ref
from portfolio.db.repositories.counts import Asked, Counted, CountRepository
from portfolio.models.entities import ReactionTarget
from portfolio.models.reactions import Person, Standing
from portfolio.models.users import User
from portfolio.schemas.reactions import TargetCounts, TargetInput
from portfolio.services.reactions import Reactions, ReactionService

_NOTHING = Counted(id=0, slug=None, comments=0, views=0)


class CountService:
    def __init__(self, counts: CountRepository, reactions: ReactionService) -> None:
        self._counts = counts
        self._reactions = reactions

    async def read(
        self,
        db: AsyncSession,
        targets: Sequence[TargetInput],
        person: Person | None,
        viewer: User | None,
    ) -> list[TargetCounts]:
        """In the order of the targets; what `viewer` may not see counts nothing, as what is not."""
        asked: dict[ReactionTarget, Asked] = {}
        refs = [_ref_of(target) for target in targets]
        for target, ref in zip(targets, refs, strict=True):
            of_kind = asked.setdefault(target.type, Asked())
            if isinstance(ref, int):
                of_kind.ids.add(ref)
            else:
                of_kind.slugs.add(ref)
        known: dict[tuple[ReactionTarget, int | str | None], Counted] = {}
        ids = {}
        for kind, of_kind in asked.items():
            found = await self._counts.find(db, kind, of_kind, viewer)
            known.update(((kind, each.id), each) for each in found)
            known.update(((kind, each.slug), each) for each in found)
            ids[kind] = [each.id for each in found]
        reactions = await self._reactions.of(db, ids, person)
        none = self._reactions.shown(Standing())
        items = []
        for target, ref in zip(targets, refs, strict=True):
            counted = known.get((target.type, ref))
            of_it = reactions[target.type, counted.id] if counted else none
            items.append(_item(target.type, counted, of_it))
        return items


def _ref_of(target: TargetInput) -> int | str:
    return target.id if target.id is not None else parse_ref(target.ref or "")


def _item(kind: ReactionTarget, counted: Counted | None, reactions: Reactions) -> TargetCounts:
    shown = counted or _NOTHING
    return TargetCounts(
        type=kind,
        id=counted.id if counted else None,
        slug=shown.slug,
        found=counted is not None,
        comments=shown.comments,
        reactions=reactions.counts,
        total=reactions.total,
        views=shown.views,
        mine=reactions.mine,
    )
