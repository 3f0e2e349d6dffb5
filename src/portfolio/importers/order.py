"""The order that documents give projects and jobs, beside the one that people give by hand."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from portfolio.importers.documents import Document

Rank = tuple[Any, ...]
_STILL = "9999"


def rank(document: Document) -> Rank:
    """Posts from the oldest to the newest, all else as it is to be shown.

    That is: what has a place set by hand, then what is featured, then the newest.
    """
    day = document.date.date().isoformat() if document.date else ""
    if document.kind == "posts":
        return (not day, day, document.source)
    by_hand = (document.position is None, document.position or 0)
    if document.kind == "projects":
        return (*by_hand, not document.featured, _latest_first(day), document.source)
    began = document.started_on or day
    ended = _STILL if document.is_current else document.ended_on or day or began
    return (*by_hand, _latest_first(ended), _latest_first(began), document.source)


def _latest_first(date: str) -> tuple[int, ...]:
    """A key that puts ISO 8601 dates of any precision from the last to the first, then none."""
    return (*(-ord(character) for character in date), 0)


def placed(current: Sequence[int], ranks: Mapping[int, Rank], moved: int) -> list[int]:
    """`current` with `moved` where its rank wants it among those that have one.

    Nothing moves when the others stand in another order than that of their ranks: then somebody
    has arranged them by hand.
    """
    ranked = [entry for entry in current if entry in ranks]
    others = [entry for entry in current if entry != moved]
    if _in_order(ranked, ranks) or not _in_order([e for e in others if e in ranks], ranks):
        return list(current)
    behind = [at for at, entry in enumerate(others) if ranks.get(entry, ()) > ranks[moved]]
    before = [at for at, entry in enumerate(others) if entry in ranks and at not in behind]
    at = behind[0] if behind else before[-1] + 1
    return [*others[:at], moved, *others[at:]]


def _in_order(entries: Sequence[int], ranks: Mapping[int, Rank]) -> bool:
    return all(ranks[one] <= ranks[next_] for one, next_ in pairwise(entries))
