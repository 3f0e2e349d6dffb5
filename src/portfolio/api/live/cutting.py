from collections.abc import Callable
from typing import Any

from starlette.types import Scope

# In the state of a connection: where a server that can break it leaves how.
CUT = "cut"


def cut_of(scope: Scope) -> Callable[[], None]:
    """Breaks the connection whatever waits there; does nothing under a server that cannot."""
    state: dict[str, Any] = scope.get("state", {})
    cut: Callable[[dict[str, Any]], None] | None = state.get(CUT)
    return (lambda: cut(state)) if cut is not None else (lambda: None)
