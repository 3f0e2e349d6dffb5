"""The pictures that documents show, found among the files of their site and nowhere else."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

from portfolio.adapters.imaging import CONTENT_TYPES, MAX_IMAGE_BYTES, identify
from portfolio.importers.places import base_of, is_site

# Where generators keep what they copy as it is: beside the content, or anywhere in the site.
_BESIDE = ("static", "public", "assets")
_IN_SITE = (*_BESIDE, "source", "content")
KINDS = ", ".join(CONTENT_TYPES)
_CONTENT_FOLDERS = frozenset({"content", "_posts", "_drafts"})
_BEGINNING = 1024


class PictureError(Exception):
    """A file that cannot be shown, and why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`digest` is the SHA-256 of the file, in hexadecimal. `is_drawing`: SVG, which is not kept."""

    path: Path
    digest: str
    is_drawing: bool = False


def content_root(root: Path) -> Path:
    """The nearest folder at or above the root that generators keep content in, or the root."""
    folder = root.resolve() if root.is_dir() else root.resolve().parent
    base = base_of(root)
    line = [place for place in (folder, *folder.parents) if place.is_relative_to(base)]
    return next((place for place in line if place.name in _CONTENT_FOLDERS), folder)


class Pictures:
    def __init__(self, root: Path) -> None:
        content, base = content_root(root), base_of(root)
        assets = [base / name for name in _IN_SITE] if is_site(base) else []
        if not is_site(content):
            assets += [content.parent / name for name in _BESIDE]
        # As they stand, so that a folder which is a link to elsewhere contains nothing.
        self._areas = [content, *assets]

    def find(self, path: str, document: Path) -> Picture | None:
        """The picture that a document means by a decoded local path; None where no file is.

        Raises PictureError for a file outside the site, above 10 MiB or of no known kind.
        """
        outside = None
        for candidate in self._candidates(path, document):
            try:
                if not candidate.is_file():
                    continue
                real = candidate.resolve()
            except (OSError, ValueError, RuntimeError):
                continue
            if any(real.is_relative_to(area) for area in self._areas):
                return _read(real, path)
            outside = candidate
        if outside is not None:
            raise PictureError(f"{path} lies outside the folder that is imported")
        return None

    def _candidates(self, path: str, document: Path) -> Iterator[Path]:
        relative = path.lstrip("/")
        if not path.startswith("/"):
            yield document.parent / relative
            yield document.with_suffix("") / relative
        yield from (area / relative for area in self._areas)


def _read(path: Path, written: str) -> Picture:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_IMAGE_BYTES + 1)
    except OSError as error:
        raise PictureError(f"{written} cannot be read: {error.strerror}") from error
    if len(content) > MAX_IMAGE_BYTES:
        raise PictureError(f"{written} is above {MAX_IMAGE_BYTES // 1024**2} MiB")
    is_drawing = path.suffix.lower() == ".svg" or b"<svg" in content[:_BEGINNING]
    if identify(content) is None and not is_drawing:
        raise PictureError(f"{written} is left behind: only pictures are kept ({KINDS})")
    return Picture(path, sha256(content).hexdigest(), is_drawing)


class _Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "img" and (source := values.get("src")):
            self.found.setdefault(source, values.get("alt") or "")


def alternative_texts(html: str) -> dict[str, str]:
    """By the address of each image in safe HTML, what it says of it."""
    parser = _Images()
    parser.feed(html)
    return parser.found
