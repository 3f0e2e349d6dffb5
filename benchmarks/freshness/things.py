"""What is written in a run, and which of its states a read may show.

Each thing has one writer, who numbers the writes from 1 and puts the number into what is written:
`steady0-n17`. Whoever knows which write was acknowledged before a read began, and which one had
begun when it ended, knows all that this read may show.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

# What a flickering thing goes through again and again.
CYCLE = (
    "create",
    "rename",
    "unpublish",
    "rename",
    "publish",
    "rename",
    "bin",
    "restore",
    "rename",
    "bin",
    "purge",
)


@dataclass(frozen=True, slots=True)
class Span:
    """A read: numbers acknowledged before it, numbers begun at its end; Unix microseconds."""

    acknowledged: Sequence[int]
    begun: Sequence[int]
    start: int
    end: int


@dataclass(frozen=True)
class Thing:
    """Its text holds the number of the last write. `place` is where the board has it."""

    name: str
    place: int

    def may_show(self, span: Span) -> Collection[int | None]:
        """The numbers that may be seen; None: that it is not there."""
        last = span.begun[self.place]
        return {self.shown(number) for number in range(span.acknowledged[self.place], last + 1)}

    def shown(self, number: int) -> int | None:
        """What is to be seen after this write."""
        return number or None


class Flickering(Thing):
    """Hidden now and then, deleted and made anew."""

    def shown(self, number: int) -> int | None:
        step = (number - 1) % len(CYCLE)
        named = _NAMED[step] if number else None
        return None if named is None else number - step + named


class Due(Thing):
    """It becomes public by itself: the board has the microsecond in place of a number."""

    def may_show(self, span: Span) -> Collection[int | None]:
        scheduled, due = span.acknowledged[self.place], span.begun[self.place]
        if not due or span.end < due:
            return {None}
        return {1} if scheduled and scheduled <= span.start else {None, 1}


def verb_of(number: int) -> str:
    return CYCLE[(number - 1) % len(CYCLE)]


def _named() -> Iterator[int | None]:
    """Which step of the cycle gave the name that is to be seen after each."""
    named, visible = 0, False
    for step, verb in enumerate(CYCLE):
        if verb in {"create", "rename"}:
            named = step
        visible = verb in {"create", "publish", "restore"} or (visible and verb == "rename")
        yield named if visible else None


_NAMED = list(_named())


def _numbered(kind: type[Thing], noun: str, count: int) -> list[Thing]:
    things = [kind(f"{noun}{number}", len(THINGS) + number) for number in range(count)]
    THINGS.update((thing.name, thing) for thing in things)
    return things


def one(name: str) -> Thing:
    return THINGS[name]


THINGS: dict[str, Thing] = {}
STEADY = _numbered(Thing, "steady", 3)
FLICKERING = _numbered(Flickering, "flicker", 4)
MOVING = _numbered(Thing, "mover", 2)
DUE = _numbered(Due, "due", 40)
IMPORTED = _numbered(Thing, "import", 3)
PROJECTS = _numbered(Flickering, "project", 2)
TAGS = _numbered(Thing, "tag", 2)
SERIES = _numbered(Thing, "series", 1)
PROFILE = _numbered(Thing, "profile", 1)
SKILL = _numbered(Thing, "skill", 1)
AUTHOR = _numbered(Thing, "author", 1)
COVER = _numbered(Thing, "cover", 1)
# Counts of views, with no text.
VIEWS = _numbered(Thing, "views", 1)
POSTS = [*STEADY, *FLICKERING, *MOVING, *DUE, *IMPORTED]
# The first tag is borne by these, the second by the rest of the posts that are written over HTTP.
TAGGED = [*STEADY, *FLICKERING]
ALSO_TAGGED = [*MOVING, *DUE]


def public(things: Iterable[Thing], span: Span) -> tuple[int, int]:
    """How many of them may be public, at least and at most."""
    may_show = [thing.may_show(span) for thing in things]
    return sum(None not in each for each in may_show), sum(set(each) != {None} for each in may_show)
