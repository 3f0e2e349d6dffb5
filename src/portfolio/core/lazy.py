"""Modules that are loaded with their first use: a start should not wait for them."""

import importlib
from typing import Any


class LazyModule:
    """Stands for a module; type checkers are shown the real one, by `if TYPE_CHECKING`.

    Unlike importlib.util.LazyLoader it imports no parent packages before that, and threads may
    race for the first use, which with Python 3.11 breaks that one.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value
