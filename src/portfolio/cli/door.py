"""How commands are loaded, and how they end."""

import gc
import importlib
import sys
from collections.abc import Callable
from types import ModuleType

from portfolio.core.environment import SettingsError
from portfolio.core.errors import AppError


def _load_structlog() -> None:
    """Without rich, which it takes for tracebacks that we never show: a twentieth of a start."""
    if "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]  # how Python notes "cannot be found"
        importlib.import_module("structlog")
        del sys.modules["rich"]


_load_structlog()


def loaded(name: str) -> ModuleType:
    """The module, for those who need it only now."""
    # What is loaded stays: the collector would look through it again and again for nothing.
    gc.disable()
    module = importlib.import_module(name)
    gc.freeze()
    gc.enable()
    return module


def answered(command: Callable[[], object]) -> None:
    """Errors on purpose become one clear line each, and the exit code 2."""
    try:
        command()
    except SettingsError as error:
        lines = error.lines
    except AppError as error:
        lines = [error.detail]
    else:
        return
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.exit(2)
