"""The command `portfolio`."""

import sys
from collections.abc import Callable

from portfolio.cli.loading import load
from portfolio.core.environment import SettingsError
from portfolio.core.errors import AppError


def main() -> None:
    # serve alone needs no other command, nor the parser for them.
    if sys.argv[1:] == ["serve"]:
        _run(load("portfolio.cli.server").serve)
    else:
        _run(load("portfolio.cli.commands").app)


def _run(command: Callable[[], object]) -> None:
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


if __name__ == "__main__":
    main()
