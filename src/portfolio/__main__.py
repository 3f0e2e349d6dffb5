"""The command `portfolio`."""

import sys

from portfolio.cli.door import answered, loaded


def main() -> None:
    # A start should not wait for what only other commands need.
    if sys.argv[1:] == ["serve"]:
        answered(loaded("portfolio.cli.server").serve)
    else:
        answered(loaded("portfolio.cli.commands").app)


if __name__ == "__main__":
    main()
