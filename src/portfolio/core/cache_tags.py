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


def counts(noun: str) -> str:
    """The tag of the counts of things of this kind: views, comments, reactions.

    Only some answers show them.
    """
    return one(noun, "counts")


def comments(noun: str, key: object) -> str:
    """The tag of what is said about one thing."""
    return one(f"{noun}_comments", key)


def reactions(noun: str, key: object) -> str:
    """The tag of the reactions to one thing, by kind."""
    return one(f"{noun}_reactions", key)


def one(noun: str, key: object) -> str:
    """The tag of a single thing; `*` stands for any of its kind, where a write cannot say which."""
    return f"{noun}:{key}"
