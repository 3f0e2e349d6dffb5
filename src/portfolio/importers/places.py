"""Where a document lies in its site, which is what it is known by from one import to the next."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

SITE_FILES = (
    *(f"config.{ending}" for ending in ("toml", "yaml", "yml", "json")),
    *(f"hugo.{ending}" for ending in ("toml", "yaml", "yml", "json")),
    *(f"_config.{ending}" for ending in ("yml", "yaml", "toml")),
    *(f"gatsby-config.{ending}" for ending in ("js", "mjs", "ts")),
    *(f"astro.config.{ending}" for ending in ("mjs", "js", "ts")),
    *(f"next.config.{ending}" for ending in ("js", "mjs", "ts")),
    *(f"eleventy.config.{ending}" for ending in ("js", "cjs", "mjs", "ts")),
    ".eleventy.js",
    "package.json",
)
CONTENT_FOLDERS = frozenset({"content", "src", "_posts", "_drafts"})
BUNDLE_NAMES = frozenset({"index", "readme"})


@dataclass(frozen=True, slots=True)
class Place:
    """`source`: the path from `base_of(root)`, with slashes, in Unicode's composed form.

    `folders`: those around the page, outermost first, and the root's own name where it may tell
    the kind. `name`: the file's without its ending; of `index.md` and `README.md` their folder's,
    which then is none of the folders.
    """

    source: str
    folders: list[str]
    name: str


def is_site(folder: Path) -> bool:
    return any((folder / name).is_file() for name in SITE_FILES)


def base_of(root: Path) -> Path:
    """The folder that sources are counted from.

    It is the nearest site (a folder with a known configuration) at or above the root; else the
    folder that holds the outermost of content, src, _posts and _drafts at or above the root; else
    the root itself. So importing a site, its content or one section of it gives a document the
    same source, and no two documents of one import share theirs.
    """
    root = root.resolve()
    folder = root if root.is_dir() else root.parent
    line = [folder, *folder.parents]
    if site := next((place for place in line if is_site(place)), None):
        return site
    outermost = [place.parent for place in line if place.name in CONTENT_FOLDERS]
    return outermost[-1] if outermost else folder


def place_of(path: Path, root: Path) -> Place:
    """Raise ValueError when the path leads out of the root, as a symlink may."""
    real_root, real_path = root.resolve(), path.resolve()
    if not real_path.is_relative_to(real_root):
        raise ValueError("lies outside the folder that is imported")
    base = base_of(root)
    source = unicodedata.normalize("NFC", real_path.relative_to(base).as_posix())
    *folders, file_name = source.split("/")
    stem = file_name.rsplit(".", 1)[0]
    first, dot, language = stem.partition(".")
    if folders and first.lower() in BUNDLE_NAMES:
        stem = folders.pop() + dot + language
    if base == real_root and not is_site(base):
        folders.insert(0, base.name)
    return Place(source, folders, stem)
