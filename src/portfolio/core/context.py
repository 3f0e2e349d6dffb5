"""Who asks, and from where: known to every layer without being passed along."""

from contextvars import ContextVar
from dataclasses import dataclass

# As long as the columns that remember them.
REQUEST_ID_LENGTH, CLIENT_LENGTH, AGENT_LENGTH = 64, 64, 300


@dataclass(slots=True)
class RequestContext:
    """One request or command. `client` is the address after trusted proxies were taken off.

    `shows_unpublished`: what is read is not for strangers. What is too long is cut, so that every
    table can keep it.
    """

    request_id: str = "-"
    actor_id: int | None = None
    client: str = "-"
    agent: str = ""
    shows_unpublished: bool = False

    def __post_init__(self) -> None:
        self.request_id = self.request_id[:REQUEST_ID_LENGTH]
        self.client = self.client[:CLIENT_LENGTH]
        self.agent = self.agent.replace("\0", "")[:AGENT_LENGTH]


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current() -> RequestContext:
    """The context of the running request; an empty one outside of any."""
    return _current.get() or RequestContext()


def enter(context: RequestContext) -> None:
    """Make this the context of the current task and of those that it starts."""
    _current.set(context)
