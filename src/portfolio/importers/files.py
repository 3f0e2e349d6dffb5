"""The Markdown files in a folder, and their text."""

import os
from collections.abc import Iterator
from pathlib import Path

from portfolio.importers.places import is_site

LIMIT = 1024 * 1024
ENDINGS = frozenset({".md", ".markdown", ".mdx"})
# Never the author's own text, wherever they lie, and at the top of a site.
_SKIPPED_FOLDERS = frozenset(
    {"node_modules", "bower_components", "_site", "_includes", "_layouts", "_data", "_sass"}
)
_SITE_FOLDERS = frozenset(
    {"archetypes", "build", "dist", "layouts", "out", "public"}
    | {"static", "target", "templates", "themes", "vendor"}
)


class DocumentError(Exception):
    """A file that cannot be read; `line` counts from 1 where it is known."""

    def __init__(self, path: Path, message: str, line: int | None = None) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path = path
        self.message = message
        self.line = line


def scan(root: Path) -> Iterator[Path]:
    """The Markdown files in the folder, or the one file, in an order that is always the same.

    Hidden folders, a generator's own and its output are passed over, and symlinks are not
    followed. A folder that cannot be listed is given itself, so that `read` says so.
    """
    if not root.is_dir():
        yield root
        return
    unlisted: list[Path] = []
    for name, folders, files in os.walk(
        root, onerror=lambda error: unlisted.append(error.filename)
    ):
        folder = Path(name)
        excluded = _SKIPPED_FOLDERS | (_SITE_FOLDERS if is_site(folder) else frozenset())
        folders[:] = sorted(at for at in folders if at[0] != "." and at.lower() not in excluded)
        yield from (folder / file for file in sorted(files) if _is_markdown(folder / file))
    yield from map(Path, unlisted)


def _is_markdown(path: Path) -> bool:
    is_text = path.suffix.lower() in ENDINGS and not path.name.startswith(".")
    return is_text and path.is_file() and not path.is_symlink()


def read_text(path: Path) -> str:
    """Raise DocumentError for what is no regular file, above 1 MiB or not UTF-8."""
    try:
        if path.is_dir():
            raise DocumentError(path, "is a folder that cannot be listed")
        if path.exists() and not path.is_file():
            raise DocumentError(path, "is no regular file")
        with path.open("rb") as file:
            content = file.read(LIMIT + 1)
    except OSError as error:
        raise DocumentError(path, error.strerror or "cannot be read") from error
    if len(content) > LIMIT:
        raise DocumentError(path, f"is above {LIMIT // 1024**2} MiB")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 (byte 0x{content[error.start]:02X})"
        raise DocumentError(path, message, line) from error
    if "\0" in text:
        raise DocumentError(path, "holds a NUL byte", text[: text.index("\0")].count("\n") + 1)
    return text
