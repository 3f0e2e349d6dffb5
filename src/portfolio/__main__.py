"""The command `portfolio`."""

import gc
import importlib


def main() -> None:
    # What is loaded here stays: the collector would look through it again and again for nothing.
    gc.disable()
    cli = importlib.import_module("portfolio.cli")
    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
