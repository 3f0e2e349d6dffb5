"""What a document is in the words of this site: the bodies that the services take."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from portfolio.core.text import slugify
from portfolio.importers.documents import Document, DocumentError
from portfolio.schemas.base import Input

S = TypeVar("S", bound=Input)

# Without these there is no document; anything else is left out rather than losing the whole.
_NEEDED = {"title", "slug", "body_markdown", "published_at", "company"}
_LINK_NAME = 40


def fields_of(document: Document, body: str, stored: Mapping[str, str]) -> dict[str, Any]:
    """By the names of the schema for its kind; `stored` gives addresses here for those as written."""
    if document.kind == "experience":
        return _job(document)
    shared = {
        "title": document.title,
        "body_markdown": body,
        "status": "draft" if document.draft else "published",
        "published_at": document.date,
        "featured": document.featured,
        "canonical_url": document.canonical_url,
        "seo": {**asdict(document.seo), "image": _address(document.seo.image, stored)},
        "aliases": list(document.aliases),
        "cover": _cover(document, stored),
    }
    return shared | (_post(document) if document.kind == "posts" else _project(document))


def _post(document: Document) -> dict[str, Any]:
    return {
        "excerpt": document.summary,
        "tags": list(document.tags),
        "authors": list(document.authors),
        "series": document.series,
        "series_position": document.position if document.series else None,
    }


def _project(document: Document) -> dict[str, Any]:
    return {
        "summary": document.summary,
        "technologies": [*document.technologies, *document.tags],
        "links": {
            slugify(name, max_length=_LINK_NAME) or name: address
            for name, address in document.links.items()
        },
        "role": document.role,
        "client": document.company,
        "started_on": document.started_on,
        "ended_on": document.ended_on,
    }


def _job(document: Document) -> dict[str, Any]:
    return {
        "company": document.company or document.title,
        "title": document.role or document.title,
        "location": document.location,
        "url": document.url,
        "started_on": document.started_on,
        "ended_on": document.ended_on,
        "summary": document.summary,
        "highlights": list(document.highlights),
    }


def _cover(document: Document, stored: Mapping[str, str]) -> dict[str, Any] | None:
    address = _address(document.cover, stored)
    return {"url": address, "alt": document.cover_alt} if address else None


def _address(written: str | None, stored: Mapping[str, str]) -> str | None:
    return stored.get(written, written) if written else None


def fitted(schema: type[S], values: dict[str, Any], document: Document, warnings: list[str]) -> S:
    """The values as the schema takes them, without what it refuses, which is warned of.

    Raises DocumentError where it refuses what cannot be left out.
    """
    while True:
        try:
            return schema.model_validate(values)
        except ValidationError as error:
            # One at a time and from behind: the positions of the others stay right.
            problem = error.errors(include_url=False)[-1]
            name = ".".join(map(str, problem["loc"]))
            message = problem["msg"].removeprefix("Value error, ")
            if not problem["loc"] or problem["loc"][0] in _NEEDED:
                raise DocumentError(document.path, f"{name}: {message}") from None
            warnings.append(f"{name} is {_cut(values, problem)}: {message}")


def _cut(values: dict[str, Any], problem: ErrorDetails) -> str:
    """Take out what is refused; says what was done."""
    field, *inner = problem["loc"]
    name = str(field)
    if problem["type"] == "too_long" and not inner:
        limit, whole = problem["ctx"]["max_length"], values[name]
        shortened = dict(list(whole.items())[:limit]) if isinstance(whole, dict) else whole[:limit]
        values[name] = shortened
        return "shortened"
    if not inner or name == "cover":
        del values[name]
    else:
        del values[name][inner[0]]
    return "left out"
