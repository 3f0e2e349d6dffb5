"""What a document brings along: its pictures, its links to others, and a digest of it all."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from portfolio.core.errors import InvalidInputException
from portfolio.core.markdown.addresses import image_addresses, rewrite_addresses
from portfolio.importers.addresses import web_address
from portfolio.importers.documents import Document, DocumentError
from portfolio.importers.internal_links import InternalLinks, is_file_name, local_path
from portfolio.importers.pictures import Picture, PictureError, Pictures

# Raise it when documents are to be read or written otherwise: all are imported again then.
VERSION = 1
# Where a document stands in its folder is no part of what it says.
_PLACE = ("path", "body_line", "warnings")
# Parsing takes a hundred times as long as seeing that all addresses are on the web.
_PERHAPS_LOCAL = re.compile(
    r"(?:\]\(|\]:|\b(?:src|href)\s*=)[\s<\"']*+(?!https?:|mailto:|#)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Material:
    """`pictures` and `links` are by address as written.

    The document's cover and SEO image are None where they cannot be shown; `warnings` tells of
    all that is missing, and is added to by those who write it.
    """

    document: Document
    warnings: list[str]
    pictures: dict[str, Picture]
    links: dict[str, str]
    digest: str

    def without(self, refused: Mapping[str, str]) -> "Material":
        """What is left where pictures cannot be shown, for these reasons."""
        self.warnings.extend(f"{at} is left behind: {reason}" for at, reason in refused.items())
        document = self.document
        cover = None if document.cover in refused else document.cover
        seo = document.seo
        if seo.image in refused:
            seo = replace(seo, image=None)
        shown = {at: picture for at, picture in self.pictures.items() if at not in refused}
        return replace(self, document=replace(document, cover=cover, seo=seo), pictures=shown)

    def body(self, stored: Mapping[str, str]) -> str:
        """The text with the addresses that its pictures and the linked documents have here."""
        known = {**self.links, **stored}
        if not known:
            return self.document.body
        return rewrite_addresses(self.document.body, lambda address: known.get(address, address))


class Gatherer:
    """`path_of` gives the path of a document on the new site, None where it has none."""

    def __init__(
        self,
        pictures: Pictures,
        links: InternalLinks,
        path_of: Callable[[Document], str | None],
    ) -> None:
        self._pictures = pictures
        self._links = links
        self._path_of = path_of

    def gather(self, document: Document) -> Material:
        """Raises DocumentError for a text that cannot be rendered."""
        warnings = list(document.warnings)
        written = _local_addresses(document)
        targets = {address: self._links.target(document, address) for address in written}
        links = {
            address: path + address[len(address.partition("#")[0]) :]
            for address, target in targets.items()
            if target and (path := self._path_of(target))
        }
        unknown = [address for address, target in targets.items() if target is None]
        found, missing = self._find(document, unknown, warnings)
        images = set(image_addresses(document.body)) if missing else set()
        warnings += [
            f"{address} is not there (line {_line(document, address)})"
            for address in missing
            if address in images or is_file_name(local_path(address) or "")
        ]
        cover = self._shown(document, document.cover, found, warnings)
        seo_image = self._shown(document, document.seo.image, found, warnings)
        seo = replace(document.seo, image=seo_image)
        complete = replace(document, cover=cover, seo=seo)
        pictures = {at: picture for at, picture in found.items() if not picture.is_drawing}
        # A drawing that an import of former times took in is no reason to import once more.
        return Material(complete, warnings, pictures, links, _digest(document, found))

    def _find(
        self, document: Document, addresses: list[str], warnings: list[str]
    ) -> tuple[dict[str, Picture], list[str]]:
        """The pictures among these addresses, and those where nothing is."""
        pictures: dict[str, Picture] = {}
        missing = []
        for address in addresses:
            try:
                picture = self._picture(document, local_path(address) or "")
            except PictureError as error:
                warnings.append(str(error))
                continue
            if picture is None:
                missing.append(address)
                continue
            pictures[address] = picture
            if picture.is_drawing:
                warnings.append(
                    f"{address} is an SVG drawing: those can carry scripts and are not kept"
                )
        return pictures, missing

    def _picture(self, document: Document, path: str) -> Picture | None:
        if found := self._pictures.find(path, document.path):
            return found
        # Addressed as a part of another page, by whatever address that has.
        folder, slash, name = path.rpartition("/")
        page = self._links.target(document, folder + slash) if slash else None
        return self._pictures.find(name, page.path) if page else None

    def _shown(
        self,
        document: Document,
        address: str | None,
        pictures: dict[str, Picture],
        warnings: list[str],
    ) -> str | None:
        """The address of a cover if it can be shown: one on the web, or that of a picture found."""
        if address is None:
            return None
        if address not in pictures:
            if local_path(address) is None:
                return web_address(address)
            found, missing = self._find(document, [address], warnings)
            pictures.update(found)
            warnings += [f"{path} is not there" for path in missing]
        picture = pictures.get(address)
        return address if picture and not picture.is_drawing else None


def _local_addresses(document: Document) -> list[str]:
    """Each once, in the order of the text."""
    found: dict[str, None] = {}

    def note(address: str) -> str:
        found[address] = None
        return address

    try:
        if _PERHAPS_LOCAL.search(document.body):
            rewrite_addresses(document.body, note)
    except InvalidInputException as error:
        raise DocumentError(document.path, error.detail) from error
    return [address for address in found if local_path(address)]


def _line(document: Document, address: str) -> int:
    return document.body_line + document.body.partition(address)[0].count("\n")


def _digest(document: Document, pictures: dict[str, Picture]) -> str:
    said = {name: value for name, value in asdict(document).items() if name not in _PLACE}
    shown = {address: picture.digest for address, picture in sorted(pictures.items())}
    parts = json.dumps([VERSION, said, shown], default=str, sort_keys=True)
    return sha256(parts.encode()).hexdigest()
