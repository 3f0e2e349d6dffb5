"""Commands are imported when they are asked for: a start should not wait for all the others."""

import gc
import importlib
from types import ModuleType


def load(name: str) -> ModuleType:
    """Import a module without garbage collection, which would take a quarter of the time."""
    gc.disable()
    module = importlib.import_module(name)
    # What is loaded stays: the collector need never look through it.
    gc.freeze()
    gc.enable()
    return module
