"""Who asks, and from where: known to every layer without being passed along."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class RequestContext:
    """One request or command. `client` is the address after trusted proxies were taken off."""

    request_id: str = "-"
    actor_id: int | None = None
    client: str = "-"
    agent: str = ""


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current() -> RequestContext:
    """The context of the running request; an empty one outside of any."""
    return _current.get() or RequestContext()


def enter(context: RequestContext) -> None:
    """Make this the context of the current task and of those that it starts."""
    _current.set(context)
