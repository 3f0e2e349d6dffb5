"""What is read in a run, and what is wrong with an answer."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.freshness import things
from benchmarks.freshness.things import THINGS, Span, Thing

BASE = "/api/v1"
# Nothing else in an answer looks like this.
NUMBERED = re.compile(rb"\b([a-z]+\d+)-n(\d+)\b")
ALL = "limit=100"

Bounds = Callable[[Span], tuple[int, int]]


@dataclass(frozen=True)
class Page:
    """`holds`: all that it shows as long as there is something to be seen of it."""

    target: str
    holds: Sequence[Thing] = ()
    figures: Sequence[tuple[str, Bounds]] = ()
    # Of these, which become public one by one, only the latest is sure to be there.
    latest_of: Sequence[Thing] = ()
    may_be_absent: bool = False

    def complaints(self, text: bytes, span: Span) -> Iterator[str]:
        """Sentences on what this answer shows and should not, or does not show and should."""
        found: dict[str, set[int]] = {}
        for name, number in NUMBERED.findall(text):
            found.setdefault(name.decode(), set()).add(int(number))
        for name, numbers in found.items():
            may_show = THINGS[name].may_show(span)
            if wrong := numbers - set(may_show):
                yield f"{name} is {_listed(wrong)} and not {_listed(may_show)}"
        for thing in [*self.holds, *self._latest(span)]:
            if thing.name not in found and None not in (may_show := thing.may_show(span)):
                yield f"{thing.name} is missing and not {_listed(may_show)}"
        for key, bounds in self.figures:
            low, high = bounds(span)
            value = re.search(rb'"%s":(\d+)' % key.encode(), text)
            if value is None or not low <= int(value[1]) <= high:
                yield f"{key} is {value and int(value[1])} and not {low} to {high}"

    def _latest(self, span: Span) -> Sequence[Thing]:
        public = [thing for thing in self.latest_of if None not in thing.may_show(span)]
        return public[-1:]


def _listed(numbers: object) -> str:
    return ", ".join(sorted(map(str, numbers)))  # type: ignore[call-overload]  # any iterable


def _count(of: Sequence[Thing]) -> Bounds:
    return lambda span: things.public(of, span)


def _views(span: Span) -> tuple[int, int]:
    place = things.VIEWS[0].place
    return span.acknowledged[place], span.begun[place]


def _pages() -> Iterator[Page]:
    total, viewed = ("total", _count(things.POSTS)), ("views", _views)
    seen = [*things.POSTS, *things.TAGS, *things.SERIES, *things.AUTHOR, *things.COVER]
    for query in (ALL, f"{ALL}&sort=title", f"sort=-updated_at&{ALL}"):
        yield Page(f"/posts?{query}", seen, [total])
    tagged, also = (_count(each) for each in (things.TAGGED, things.ALSO_TAGGED))
    first, second = things.TAGS
    yield Page(f"/posts?tag=tag0&{ALL}", [*things.TAGGED, first], [("total", tagged)])
    yield Page(f"/posts?tag=tag1&{ALL}", [*things.ALSO_TAGGED, second], [("total", also)])
    steady = things.STEADY[0]
    yield Page("/posts?tag=alone", [steady, *things.COVER], [viewed])
    yield Page("/posts/steady0", [steady, first, *things.AUTHOR, *things.COVER], [viewed])
    yield Page("/posts/steady0/images", things.COVER)
    yield Page("/posts/steady1", [things.STEADY[1], first, *things.SERIES])
    yield Page("/posts/steady2/related")
    for thing in [*things.FLICKERING, *things.IMPORTED]:
        yield Page(f"/posts/{thing.name}", [thing], may_be_absent=True)
    for thing in things.MOVING:
        yield Page(f"/posts/{thing.name}", [thing])
        yield Page(f"/redirects?address={thing.name}", [thing])
    projects = _count(things.PROJECTS)
    yield Page(f"/projects?{ALL}", things.PROJECTS, [("total", projects)])
    for thing in things.PROJECTS:
        yield Page(f"/projects/{thing.name}", [thing], may_be_absent=True)
    yield Page("/tags", things.TAGS)
    yield Page("/tags/tag0", [first], [("posts_count", tagged), ("projects_count", projects)])
    yield Page("/tags/tag1", [second], [("posts_count", also)])
    yield Page("/series", things.SERIES)
    yield Page("/series/series0", things.SERIES)
    yield Page("/profile", [*things.PROFILE, *things.SKILL], latest_of=things.DUE)
    yield Page("/profile/skills", things.SKILL)
    yield Page("/profile/resume.json", things.PROFILE)


PAGES = list(_pages())
DUE = [Page(f"/posts/{thing.name}", [thing], may_be_absent=True) for thing in things.DUE]
