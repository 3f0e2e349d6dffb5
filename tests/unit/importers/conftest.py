from collections.abc import Callable
from pathlib import Path

import pytest

from portfolio.importers import documents


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a site's configuration, so that sources count from it."""
    (tmp_path / "hugo.toml").touch()
    return tmp_path


@pytest.fixture
def write(site: Path) -> Callable[..., Path]:
    def write(name: str, text: str | bytes = "Text.\n") -> Path:
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def read(site: Path, write: Callable[..., Path]) -> Callable[..., documents.Document]:
    """Read front matter, written as lines of YAML, as the document of that name."""

    def read(
        front_matter: str, body: str = "Text.", name: str = "posts/name.md"
    ) -> documents.Document:
        path = write(name, f"---\n{front_matter}\n---\n{body}\n")
        document = documents.read(path, site)
        assert isinstance(document, documents.Document)
        return document

    return read
