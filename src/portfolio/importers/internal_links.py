"""Links from one document to another, in whatever way the former site wrote them."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

from portfolio.importers import addresses, dates
from portfolio.importers.documents import Document
from portfolio.importers.files import ENDINGS
from portfolio.importers.places import BUNDLE_NAMES, CONTENT_FOLDERS

_FILE_NAME = re.compile(r"[^/]\.[A-Za-z][A-Za-z0-9]{0,9}$")
_PAGE_ENDING = re.compile(r"(?:(?:^|/)index)?\.(?:html?|md|markdown|mdx)$")


def local_path(address: str) -> str | None:
    """The decoded path of an address on the same site; None for any other and for a fragment."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return None
    is_local = not parts.scheme and not parts.netloc and "{" not in address
    return unquote(parts.path) or None if is_local else None


def is_file_name(path: str) -> bool:
    return _FILE_NAME.search(path) is not None


class InternalLinks:
    """Knows the documents of one import by their files and by the addresses they had."""

    def __init__(self, documents: Sequence[Document], content: Path) -> None:
        self._content = str(content)
        self._own: dict[str, list[str]] = {}
        self._by_file: dict[str, Document] = {}
        self._by_address: dict[str, Document] = {}
        for document in documents:
            self._own[document.source] = [*document.aliases, *_natural(document)]
            for name in _file_names(document.path.resolve()):
                self._by_file.setdefault(name, document)
            for address in document.aliases:
                self._by_address.setdefault(address.casefold(), document)
        # What an author declared counts before what a folder suggests.
        for document in documents:
            for address in self._own[document.source]:
                self._by_address.setdefault(address.casefold(), document)

    def target(self, source: Document, address: str) -> Document | None:
        """The document that a link in `source` leads to, if it is one of this import."""
        path = local_path(address)
        if path is None:
            return None
        path = path[1:] if path.startswith("@/") else path  # Zola's way to name a file
        for file in self._files(source, path):
            if found := self._by_file.get(os.path.normpath(file)):
                return found
        for candidate in self._addresses(source, path):
            normal = addresses.normalise(_PAGE_ENDING.sub("", candidate))
            for known in (addresses.normalise(candidate), normal):
                if known and (found := self._by_address.get(known.casefold())):
                    return found
        return None

    def _files(self, source: Document, path: str) -> Iterator[str]:
        here = str(source.path.resolve().parent)
        if path.startswith("/"):
            # Without an ending it is an address, which an author may have declared.
            yield from [self._content + path] if is_file_name(path) else []
        else:
            yield f"{here}/{path}"
            yield f"{here}/{_PAGE_ENDING.sub('', path)}"

    def _addresses(self, source: Document, path: str) -> Iterator[str]:
        written = _quoted(path)
        if path.startswith("/"):
            yield written
        else:
            for own in map(_quoted, self._own[source.source]):
                yield urljoin(f"/{own}/", written)
                yield urljoin(f"/{own}", written)


def _quoted(path: str) -> str:
    return quote(path, errors="replace")


def _file_names(path: Path) -> Iterator[str]:
    yield str(path)
    bare = path.with_suffix("") if path.suffix.lower() in ENDINGS else path
    yield str(bare.parent if bare.name.lower() in BUNDLE_NAMES else bare)


def _natural(document: Document) -> Iterator[str]:
    """The addresses that most generators would give a file at this place."""
    *folders, file_name = document.source.split("/")
    name = file_name.rpartition(".")[0]
    if folders and name.lower() in BUNDLE_NAMES:
        name = folders.pop()
    while folders and folders[0] in CONTENT_FOLDERS:
        folders = folders[1:]
    for known in dict.fromkeys((name, dates.in_name(name)[1], document.slug)):
        if known:
            yield "/".join([*folders, known])
