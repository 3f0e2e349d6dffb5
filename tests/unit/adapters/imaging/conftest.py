from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from portfolio.adapters.imaging import Imaging, Renditions

Render = Callable[[bytes], Awaitable[Renditions]]


@pytest.fixture
async def imaging() -> AsyncIterator[Imaging]:
    """Patient, for the machine may have other things to do."""
    imaging = Imaging(workers=2, seconds=120, patience=600)
    yield imaging
    await imaging.close()


@pytest.fixture
def render(imaging: Imaging, tmp_path: Path) -> Render:
    async def render(content: bytes) -> Renditions:
        source, folder = tmp_path / "source", tmp_path / "made"
        source.write_bytes(content)
        folder.mkdir(exist_ok=True)
        return await imaging.render(source, folder)

    return render
