from pathlib import Path

import pytest
from tests.factories import pictures

from portfolio.adapters.storage import Storage, open_storage
from portfolio.core.config.storage import StorageAddress


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Each kind of them: they differ in where the files are, and in little else."""
    if request.param == "folder":
        return open_storage(StorageAddress.parse((tmp_path / "media").as_uri()))
    return open_storage(StorageAddress.parse(request.getfixturevalue("bucket")))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "Harbour at night.txt"
    path.write_bytes(pictures.png(40, 30))
    return path
