"""The statements of lists and of their totals, for every shape that can be asked for."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from sqlalchemy import ColumnElement, Integer, Select, bindparam, exists, func, select
from sqlalchemy.orm import aliased

from portfolio.core.pagination import Sort
from portfolio.db.prepared import Prepared
from portfolio.db.repositories.base import ROW_ID, SORT_VALUE, BaseRepository, behind, ordered
from portfolio.db.repositories.cards import ready_columns
from portfolio.db.repositories.facets import LISTINGS, RANKS
from portfolio.db.repositories.visibility import (
    NOW,
    PUBLIC,
    SCHEDULED,
    SCOPES,
    coming,
    public,
    public_in_any_order,
    published,
)
from portfolio.models.entities import EntityType
from portfolio.models.listings import Facet, PublicationTally
from portfolio.models.publications import Publishable

M = TypeVar("M", bound=Publishable)


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a list, and how the value asked for fills its parameters.

    With a facet, and the number that it has to have, strangers' lists walk its listings instead.
    `ranked` says the same as the condition of what is listed anyway, by its rank.
    """

    condition: ColumnElement[bool]
    bind: Callable[[Any], dict[str, Any]]
    facet: Facet | None = None
    number: ColumnElement[Any] | None = None
    ranked: Callable[[Any], ColumnElement[bool]] | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """All that makes two list statements differ but for their values."""

    scope: str
    filters: frozenset[str]
    sort: Sort
    by_cursor: bool
    ready: bool


class ListedRepository(BaseRepository[M]):
    entity_type: ClassVar[EntityType]
    # Those first that leave least: a list walks the listings of the first, and probes the others.
    filters: ClassVar[Mapping[str, Filter]]

    @abstractmethod
    def card_columns(self) -> Select[Any]:
        """Columns in the order that to_card() takes them, joined with what they come from."""

    def _build_list(self, shape: Shape) -> Prepared:
        model, listing = self.model, LISTINGS[self.entity_type]
        column = self.sortable[shape.sort.key]
        by_date = column is model.listed_at
        statement = select(*ready_columns(model)) if shape.ready else self.card_columns()
        faceted, plain = self._parted(shape.filters)
        if shape.scope != PUBLIC:
            visible = SCOPES[shape.scope](model)
        else:
            visible = public(model) if by_date else public_in_any_order(model)
        # In the order of dates the index of the table itself does where nothing is filtered.
        if shape.scope == PUBLIC and column is self._rank and (faceted or not by_date):
            keys = listing.rank, listing.entity_id
            statement = statement.join(listing, listing.entity_id == model.id).where(
                *self._walked(faceted), *(each.condition for each in plain)
            )
            if by_date:
                # Last: of two upper bounds SQLite begins at the first.
                statement = statement.where(listing.rank <= NOW)
        else:
            keys = column, model.id
            statement = statement.where(*self._conditions(shape.filters))
        statement = (
            statement.add_columns(keys[0].label(SORT_VALUE), keys[1].label(ROW_ID))
            .where(visible)
            .order_by(*ordered(keys, shape.sort))
            .limit(bindparam("row_limit", type_=Integer))
        )
        if shape.by_cursor:
            return Prepared(statement.where(behind(keys, shape.sort)))
        return Prepared(statement.offset(bindparam("row_offset", type_=Integer)))

    def _build_count(self, scope: str, names: frozenset[str]) -> Prepared:
        counted, conditions = select(func.count(self.model.id)), self._conditions(names)
        if scope != PUBLIC:
            return Prepared(counted.where(SCOPES[scope](self.model), *conditions))
        faceted, plain = self._parted(names)
        if plain:
            early = counted.where(coming(self.model), *conditions)
            every = counted.where(published(self.model), *conditions).scalar_subquery()
            return Prepared(select(every - early.scalar_subquery()))
        keys = self._rank, self.model.id
        early = counted.where(
            SCOPES[SCHEDULED](self.model), *(self._listed(each, keys) for each in faceted)
        )
        return Prepared(select(self._tallied(faceted) - early.scalar_subquery()))

    def _tallied(self, faceted: Sequence[Filter]) -> ColumnElement[int]:
        """How many are found under all of these, with those whose time has not come."""
        if len(faceted) > 1:
            both = select(func.count()).select_from(LISTINGS[self.entity_type])
            return both.where(*self._walked(faceted)).scalar_subquery()
        facet, number = _walks(faceted)
        tally = select(PublicationTally.published).where(
            PublicationTally.entity_type == self.entity_type,
            PublicationTally.facet == facet,
            PublicationTally.value == number,
        )
        return func.coalesce(tally.scalar_subquery(), 0)

    def _walked(self, faceted: Sequence[Filter]) -> list[ColumnElement[bool]]:
        """Conditions on the listings of the first, of what is listed under the others as well."""
        listing = LISTINGS[self.entity_type]
        facet, number = _walks(faceted)
        keys = listing.rank, listing.entity_id
        return [
            listing.facet == facet,
            listing.value == number,
            *(self._listed(each, keys) for each in faceted[1:]),
        ]

    def _listed(self, under: Filter, keys: tuple[Any, Any]) -> ColumnElement[bool]:
        other, (rank, row_id) = aliased(LISTINGS[self.entity_type]), keys
        if under.ranked is not None:
            return under.ranked(rank)
        return exists().where(
            other.facet == under.facet,
            other.value == under.number,
            other.rank == rank,
            other.entity_id == row_id,
        )

    def _parted(self, names: frozenset[str]) -> tuple[list[Filter], list[Filter]]:
        """Those with a facet and those without."""
        asked = [each for name, each in self.filters.items() if name in names]
        return [each for each in asked if each.facet], [each for each in asked if not each.facet]

    def _conditions(self, names: frozenset[str]) -> list[ColumnElement[bool]]:
        return [self.filters[name].condition for name in sorted(names)]

    @property
    def _rank(self) -> Any:
        return RANKS[self.entity_type]


def _walks(faceted: Sequence[Filter]) -> tuple[Any, Any]:
    """The facet, and the number under it, whose listings are read."""
    return (faceted[0].facet, faceted[0].number) if faceted else (Facet.ALL, 0)
