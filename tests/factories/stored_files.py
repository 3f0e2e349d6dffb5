"""The files of uploads: which there are, what becomes of them, and a disk that takes no more."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.core.config import Settings
from portfolio.services.files import SETTLING_SECONDS
from portfolio.wiring import Services

_FULL, _OPEN = Path("/dev/full"), Path("/proc/self/fd")


def files_in(settings: Settings) -> set[Path]:
    """All that is kept, and what is half done."""
    root = settings.storage.data_dir
    media = {path for path in (root / "media").rglob("*") if path.is_file()}
    return media | set((root / "run" / "staging").glob("*/*"))


async def forget(services: Services) -> None:
    """What happens once what was stored has settled."""
    for number in (1, 2):
        with travel(utc_now() + number * timedelta(seconds=SETTLING_SECONDS + 1)):
            await services.outbox.run_due()


def fill_disk(folder: Path) -> None:
    """There is no room any more for the files that are open in this folder."""
    if not (_FULL.exists() and _OPEN.exists()):
        pytest.skip("this system has no device that is full")
    full = os.open(_FULL, os.O_RDWR)
    for number in os.listdir(_OPEN):  # noqa: PTH208 - their names are numbers
        if int(number) != full and folder in _target(number).parents:
            os.dup2(full, int(number), inheritable=False)
    os.close(full)


def _target(number: str) -> Path:
    try:
        return (_OPEN / number).readlink()
    except FileNotFoundError:
        # That of the listing itself.
        return Path()
