"""What a linter cannot say: each test names the file and the line that break the rule."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from tests.factories.apps import make_application
from tests.factories.world import PAGES

from portfolio.api.answers import Answer
from portfolio.api.identity import DEMANDING, get_caller
from portfolio.api.openapi import repeated_operation_ids
from portfolio.api.v1 import endpoints
from portfolio.api.v1.endpoints.sections import KINDS
from portfolio.core.errors import AppError
from portfolio.core.markdown import Heading as MadeHeading
from portfolio.core.pagination import Page
from portfolio.db.repositories import ready_cards
from portfolio.db.repositories.cards import ready_card
from portfolio.models import projections
from portfolio.models.entities import EntityType, ReactionTarget
from portfolio.models.media import VideoProvider
from portfolio.schemas.page import PageRead
from portfolio.schemas.posts import PostRead, PostSummary
from portfolio.schemas.projects import ProjectRead, ProjectSummary
from portfolio.schemas.publications import Heading

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "portfolio"
LONGEST_FILE = 300
SHAPELESS = {"utils", "util", "helpers", "helper", "common", "misc"}
DIALECTS = {"mssql", "sqlite", "postgresql"}

# Everybody may read these, and the answer is the same for everybody.
SECTIONS = [f"/api/v1/profile/{kind.section.replace('_', '-')}" for kind in KINDS]
PUBLIC = {
    "GET /api": "the versions of the API",
    "GET /health": "asked by probes, which have no account",
    "GET /health/live": "same",
    "GET /health/ready": "same",
    "GET /metrics": "asked by Prometheus; guarded by address (METRICS_CLIENTS)",
    "GET /openapi.json": "the documentation; DOCS_ENABLED hides it",
    "GET /docs": "same",
    "GET /docs/swagger.js": "same",
    "GET /redoc": "same",
    "GET /docs/redoc.js": "same",
    "GET /setup": "guarded by the token in the link, while there is no admin",
    "POST /setup": "same",
    "POST /api/v1/auth/setup": "same",
    **{
        f"{method} /account/{page}": "guarded by the token in a link that was mailed"
        for page in PAGES
        for method in ("GET", "POST")
    },
    "POST /api/v1/auth/register": "who registers is nobody yet",
    "POST /api/v1/auth/verify-email": "guarded by the token in a link that was mailed",
    "POST /api/v1/auth/verify-email/resend": "answers the same whoever is asked for",
    "POST /api/v1/auth/password/forgot": "same",
    "POST /api/v1/auth/password/reset": "guarded by the token in a link that was mailed",
    "POST /api/v1/auth/unlock": "same",
    "POST /api/v1/auth/login": "who signs in is nobody yet",
    "POST /api/v1/auth/token": "same",
    "POST /api/v1/auth/refresh": "the refresh token says who",
    "POST /api/v1/auth/2fa/send": "same; guarded by the challenge that a right password gets",
    "POST /api/v1/auth/2fa/verify": "same",
    "POST /api/v1/contact": "anybody may write to the owner",
    "POST /api/v1/posts/{ref}/comments": "guests may, if the setting says so",
    "POST /api/v1/projects/{ref}/comments": "same",
    "POST /api/v1/comments/confirm": "guarded by the token in a link that was mailed",
    "POST /api/v1/comments/{id}/report": "who can read it can call a moderator",
    "GET /api/v1/comments/unsubscribe": "guarded by the token in a link that was mailed",
    "POST /api/v1/comments/unsubscribe": "same",
    "GET /api/v1/profile": "the owner's profile has no private part",
    "GET /api/v1/profile/resume.json": "same",
    **{f"GET {path}": "same" for path in SECTIONS},
    **{f"GET {path}/{{id}}": "same" for path in SECTIONS},
    "GET /api/v1/profiles/{ref}": "only what its owner publishes",
    "GET /api/v1/redirects": "only addresses of what is public",
    **{
        f"{method} /api/v1/{target}/{{ref}}/reactions/{{kind}}": "guests may, if the setting says so"
        for method in ("PUT", "DELETE")
        for target in ReactionTarget
    },
    "POST /api/v1/counts": "of what the caller may see, and nothing else",
    "POST /api/v1/posts/{ref}/views": "a beacon: one more reader of something public",
    "POST /api/v1/projects/{ref}/views": "same",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return make_application(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def modules() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def where(path: Path, node: ast.expr | ast.stmt) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def listed(found: Iterable[str]) -> str:
    """All of them: pytest's own explanation stops at the first."""
    return "\n".join(["", *sorted(found)])


def calls(path: Path, tree: ast.Module, name: str) -> Iterator[tuple[str, ast.Call]]:
    """Calls of a function or a method by its last name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=found) | ast.Attribute(attr=found) if found == name:
                    yield where(path, node), node


class TestSource:
    def test_commits_in_one_place(self, modules: dict[Path, ast.Module]) -> None:
        found = [
            place
            for path, tree in modules.items()
            if path != PACKAGE / "db" / "session.py"
            for place, _ in calls(path, tree, "commit")
        ]
        assert not found, listed(found)

    def test_knows_databases_apart_in_db_and_in_column_types(
        self, modules: dict[Path, ast.Module]
    ) -> None:
        allowed = PACKAGE / "db", PACKAGE / "models" / "types.py"
        # A URL is configuration; the bare name asks which database this is.
        found = [
            where(path, node)
            for path, tree in modules.items()
            if not any(path.is_relative_to(place) for place in allowed)
            for node in ast.walk(tree)
            if (isinstance(node, ast.Constant) and node.value in DIALECTS)
            or (isinstance(node, ast.ImportFrom) and "dialects" in (node.module or "").split("."))
        ]
        assert not found, listed(found)

    def test_loads_no_relation_behind_its_back(self, modules: dict[Path, ast.Module]) -> None:
        found = [
            place
            for path, tree in modules.items()
            for place, call in calls(path, tree, "relationship")
            if not any(
                keyword.arg == "lazy" and ast.unparse(keyword.value) == "'raise'"
                for keyword in call.keywords
            )
        ]
        assert not found, listed(found)

    def test_hides_no_import_in_a_function(self, modules: dict[Path, ast.Module]) -> None:
        found = [
            where(path, inner)
            for path, tree in modules.items()
            for outer in ast.walk(tree)
            if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for inner in ast.walk(outer)
            if isinstance(inner, ast.Import | ast.ImportFrom)
        ]
        assert not found, listed(found)

    @pytest.mark.parametrize("layer", ["api", "importers", "services", "adapters", "schemas"])
    def test_sees_no_more_of_sqlalchemy_than_a_session(
        self, modules: dict[Path, ast.Module], layer: str
    ) -> None:
        found = [
            f"{where(path, node)} {name}"
            for path, tree in modules.items()
            if path.is_relative_to(PACKAGE / layer)
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in _imported(node)
            if name.startswith("sqlalchemy") and name != "sqlalchemy.ext.asyncio.AsyncSession"
        ]
        assert not found, listed(found)

    def test_has_no_file_that_nobody_reads_to_the_end(
        self, modules: dict[Path, ast.Module]
    ) -> None:
        lengths = {path: len(path.read_text("utf-8").splitlines()) for path in modules}
        found = [
            f"{path.relative_to(ROOT)}:{length}"
            for path, length in lengths.items()
            if length > LONGEST_FILE
        ]
        assert not found, listed(found)

    def test_has_no_drawer_for_odds_and_ends(self, modules: dict[Path, ast.Module]) -> None:
        found = [
            str(path.relative_to(ROOT))
            for path in PACKAGE.rglob("*")
            if path.stem in SHAPELESS and (path.is_dir() or path in modules)
        ]
        assert not found, listed(found)


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
    return [prefix + alias.name for alias in node.names]


def error_classes(kind: type[AppError] = AppError) -> Iterator[type[AppError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from error_classes(child)


class TestErrors:
    def test_have_a_code_of_their_own(self, app: FastAPI) -> None:
        ours = [kind for kind in error_classes() if kind.__module__.startswith("portfolio.")]
        public = [kind for kind in ours if not kind.__name__.startswith("_")]
        counts = Counter(kind.code for kind in public)
        found = [
            f"{kind.__module__}.{kind.__name__}: {kind.code}"
            for kind in public
            if counts[kind.code] > 1 or not _has_code(kind)
        ]
        assert not found, listed(found)


def _has_code(kind: type[AppError]) -> bool:
    return {"status", "code", "title"} <= vars(kind).keys()


def _dependencies(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for part in dependant.dependencies:
        yield from _dependencies(part)


def routes(app: FastAPI) -> Iterator[tuple[str, Any, set[Any]]]:
    """Each route by method and path, with its function and all that it depends on."""
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            dependant: Dependant | None = getattr(route, "dependant", None)
            known = set(_dependencies(dependant)) if dependant else set()
            yield f"{method} {route.path_format}", getattr(route, "endpoint", None), known


class TestRoutes:
    def test_say_who_may_use_them(self, app: FastAPI) -> None:
        # What writes takes a caller along for its session: only somebody signed in counts there.
        silent = {
            name: f"{function.__code__.co_filename}:{function.__code__.co_firstlineno} {name}"
            for name, function, known in routes(app)
            if ({get_caller} if name.startswith("GET ") else DEMANDING).isdisjoint(known)
        }
        found = [place for name, place in silent.items() if name not in PUBLIC]
        assert not found, listed(found)
        assert not PUBLIC.keys() - silent.keys(), "these ask who is there by now, or are gone"

    def test_have_operation_ids_that_tell_them_apart(self, app: FastAPI) -> None:
        assert repeated_operation_ids(app.openapi()) == []

    def test_of_every_endpoint_module_are_mounted(self, app: FastAPI) -> None:
        mounted = {function.__module__ for _, function, _ in routes(app)}
        folder = Path(endpoints.__file__ or "").parent
        written = {f"{endpoints.__name__}.{path.stem}" for path in folder.glob("[!_]*.py")}
        assert not written - mounted, listed(written - mounted)


def differences(made: Any, declared: Any, path: str) -> Iterator[str]:
    """Where the JSON of a projection and that of its schema part, by their types."""
    if made is Any or isinstance(made, TypeVar):
        return  # From a JSON column, or whatever the page is of.
    (made, made_null), (declared, declared_null) = _bare(made), _bare(declared)
    if made_null != declared_null:
        yield f"{path}: null in one of them only"
    if is_dataclass(made):
        hints = get_type_hints(made)
        known = {name: field.annotation for name, field in declared.model_fields.items()}
        yield from (f"{path}.{name}: in one of them only" for name in hints.keys() ^ known.keys())
        for name in hints.keys() & known.keys():
            yield from differences(hints[name], known[name], f"{path}.{name}")
    elif get_origin(made) is dict and _is_model(declared):
        for name, field in declared.model_fields.items():
            yield from differences(get_args(made)[1], field.annotation, f"{path}.{name}")
    elif get_origin(made) in {list, dict}:
        if get_origin(declared) is not get_origin(made):
            yield f"{path}: {made} and {declared}"
        else:
            yield from differences(get_args(made)[-1], get_args(declared)[-1], f"{path}[]")
    elif _scalar(made) is not _scalar(declared):
        yield f"{path}: {made} and {declared}"


def _bare(kind: Any) -> tuple[Any, bool]:
    """The type without None, and whether None was there."""
    if get_origin(kind) not in {Union, UnionType}:
        return kind, False
    (only,) = [option for option in get_args(kind) if option is not NoneType]
    return only, NoneType in get_args(kind)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _scalar(kind: Any) -> Any:
    if get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, StrEnum)):
        return str
    return kind


MOMENT = datetime(2026, 11, 22, 10, 0, 0, 120_000, tzinfo=UTC)
IMAGE = projections.ImageRef(
    id=5,
    entity_type=EntityType.POSTS,
    entity_id=1,
    url="/media/ab/c.png",
    alt="A harbour",
    caption=None,
    position=0,
    cover=True,
    width=640,
    height=480,
    bytes=1000,
    content_type="image/png",
    placeholder=None,
    focal_point={"x": 0.5, "y": 0.25},
)
VIDEO = projections.VideoRef(
    id=6,
    entity_type=EntityType.PROJECTS,
    entity_id=1,
    url="https://youtu.be/aaaaaaaaaaa",
    provider=VideoProvider.YOUTUBE,
    embed_url="https://www.youtube-nocookie.com/embed/aaaaaaaaaaa",
    poster=None,
    title="A tour",
    duration=12.5,
    position=0,
    width=None,
    height=None,
    bytes=None,
    content_type=None,
    captions=[projections.CaptionRef(language="en", label="English", url="/media/ab/c.vtt")],
)
CARD: dict[str, Any] = {
    "id": 2**53,
    "slug": "hello",
    "title": "Ünïcode \u2028 and 😀",
    "reading_time": 3,
    "status": "scheduled",
    "published_at": MOMENT,
    "created_at": MOMENT.replace(microsecond=0),
    "updated_at": MOMENT.replace(year=1970, microsecond=1),
    "deleted_at": None,
    "featured": True,
    "canonical_url": None,
    "counts": projections.Counts(comments=0, reactions=1, views=2),
    "author": projections.AuthorRef(id=1, username="ada", display_name="Ada", avatar_url=None),
    "version": 4,
    "cover": IMAGE,
}
BODY: dict[str, Any] = {
    "body_markdown": "# Hi",
    "html": "<h1>Hi</h1>",
    "toc": [{"level": 1, "id": "hi", "text": "Hi"}],
    "seo": projections.Seo(title=None, description="About", image=None),
    "images": [IMAGE],
    "videos": [VIDEO],
    "comments_enabled": True,
    "comments_close_at": MOMENT,
}
TAGS = [projections.TagRef(id=7, slug="notes", name="Notes")]
SERIES = projections.SeriesRef(id=8, slug="tour", name="Tour", position=None)
POST = projections.PostDetail(
    **CARD, **BODY, excerpt="Hi", tags=TAGS, authors=["Ada", "Bob"], series=SERIES
)
PROJECT = projections.ProjectDetail(
    **CARD,
    **BODY,
    summary="Hi",
    technologies=TAGS,
    links={"repository": "https://example.com"},
    role=None,
    client="ACME",
    started_on="2021-06",
    ended_on=None,
    position=9,
)


class TestProjections:
    """Hot reads are written as they are: nothing but these tests holds them to their schemas."""

    @pytest.mark.parametrize(
        ("made", "declared"),
        [
            (projections.PostCard, PostSummary),
            (projections.PostDetail, PostRead),
            (projections.ProjectCard, ProjectSummary),
            (projections.ProjectDetail, ProjectRead),
            (Page, PageRead[PostSummary]),
            (MadeHeading, Heading),
        ],
    )
    def test_have_the_shape_of_their_schema(self, made: type, declared: type) -> None:
        found = list(differences(made, declared, made.__name__))
        assert not found, listed(found)

    @pytest.mark.parametrize(("made", "declared"), [(POST, PostRead), (PROJECT, ProjectRead)])
    def test_become_the_json_that_their_schema_would_write(
        self, made: Any, declared: type[BaseModel]
    ) -> None:
        assert written(made) == declared.model_validate(made).model_dump(mode="json")

    @pytest.mark.parametrize(
        ("whole", "card", "declared"),
        [
            (POST, projections.PostCard, PostSummary),
            (PROJECT, projections.ProjectCard, ProjectSummary),
        ],
    )
    def test_become_the_same_when_they_are_kept_as_cards(
        self, whole: Any, card: type, declared: type[BaseModel]
    ) -> None:
        shown = {field.name: getattr(whole, field.name) for field in fields(card)}
        made = card(**{**shown, "status": "published"})
        kept = ready_card((ready_cards._serialised(made), 0, 1, 2))
        assert written(kept) == declared.model_validate(made).model_dump(mode="json")


def written(value: Any) -> Any:
    return orjson.loads(Answer(Request({"type": "http"}), Response()).ready(value).body)
