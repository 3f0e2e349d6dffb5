"""Where workers count so that any of them can tell the sum."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from portfolio.core.environment import SettingsError

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share(data_dir: Path) -> None:
    """To be called once, before there are workers. Raises SettingsError for a closed DATA_DIR."""
    folder = data_dir.resolve() / "run" / "metrics"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = _locked(folder, fcntl.LOCK_EX)
        try:
            _clear(folder)
            mine = Path(tempfile.mkdtemp(dir=folder))
            _locked(mine, fcntl.LOCK_EX)  # for as long as this process lives
        finally:
            os.close(place)
    except OSError as error:
        raise SettingsError([f"DATA_DIR: {error.strerror}: {error.filename}"]) from error
    os.environ[_VARIABLE] = str(mine)


def forget(pid: int | None) -> None:
    """The present state of a process that has ended; what it has counted stays."""
    for path in Path(os.environ[_VARIABLE]).glob(f"gauge_*_{pid}.db"):
        path.unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Of servers that have ended: another one may be serving with the same DATA_DIR."""
    for left in folder.glob("*/"):
        try:
            place = _locked(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        os.close(place)
        shutil.rmtree(left)


def _locked(folder: Path, how: int) -> int:
    place = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(place, how)
    except OSError:
        os.close(place)
        raise
    return place
