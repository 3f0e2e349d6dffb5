"""What an answer depends on, noted by the reads that it is made of.

A tag names public content: all of a kind (`posts`), or one of it (`post:17`, `tag:3`). A write
raises the tags of what it changed (db/changes.py), and every answer that bears one is out of date.
"""

from contextvars import ContextVar

_noted: ContextVar[set[str] | None] = ContextVar("cache_tags", default=None)


def collect() -> set[str]:
    """The set into which the current task notes its tags from here on."""
    noted: set[str] = set()
    _noted.set(noted)
    return noted


def note(*tags: str) -> None:
    """What is being read now changes whenever one of these tags is raised."""
    noted = _noted.get()
    if noted is not None:
        noted.update(tags)


def views(noun: str) -> str:
    """The tag of how often things of this kind were read, which only some answers show."""
    return one(noun, "views")


def one(noun: str, key: object) -> str:
    """The tag of a single thing; `*` stands for any of its kind, where a write cannot say which."""
    return f"{noun}:{key}"
