"""Where workers count so that any of them can tell the sum."""

import os
from pathlib import Path

from portfolio.adapters.own_folder import OwnFolder

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share(data_dir: Path) -> None:
    """To be called once, before there are workers. Raises SettingsError for a closed DATA_DIR."""
    os.environ[_VARIABLE] = str(OwnFolder(data_dir / "run" / "metrics").path)


def forget(pid: int | None) -> None:
    """The present state of a process that has ended; what it has counted stays."""
    for path in Path(os.environ[_VARIABLE]).glob(f"gauge_*_{pid}.db"):
        path.unlink(missing_ok=True)
