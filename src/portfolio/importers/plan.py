"""What is to be done, before anything is: the documents found, set against what is here already."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import get_args

from portfolio.core.config import SiteSettings
from portfolio.core.errors import InvalidInputException
from portfolio.core.refs import slug_of
from portfolio.db.repositories.bookkeeping import Imported
from portfolio.importers import documents, order
from portfolio.importers.documents import Document, DocumentError, Skipped
from portfolio.importers.files import ENDINGS
from portfolio.importers.internal_links import InternalLinks
from portfolio.importers.kinds import Kind
from portfolio.importers.material import Gatherer
from portfolio.importers.pictures import Pictures, content_root
from portfolio.importers.report import Outcome, Result
from portfolio.models.bookkeeping import ImportSource
from portfolio.models.types import ADDRESS_LENGTH
from portfolio.models.users import User

KINDS: tuple[Kind, ...] = get_args(Kind)

EDITED = "edited here since the last import; use --overwrite"
DELETED = "deleted here"
DRAFT_JOB = "a draft, which a profile has no place for"


@dataclass(frozen=True, slots=True)
class Options:
    kind: Kind | None = None
    is_dry: bool = False
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A document and what became of it before: `source` as it was noted, `row` as it is now."""

    document: Document
    slug: str | None
    source: ImportSource | None
    row: Imported | None

    @property
    def is_edited(self) -> bool:
        return bool(self.source and self.row and self.row.version != self.source.entity_version)

    def decide(self, digest: str, options: Options) -> tuple[Result, str | None]:
        """What to do with it, and the reason for leaving it alone."""
        if reason := self._obstacle():
            return Result.SKIPPED, reason
        if self.source is None:
            return Result.MADE, None
        if self.source.digest == digest and not (self.is_edited and options.overwrite):
            return Result.UNCHANGED, None
        if self.is_edited and not options.overwrite:
            return Result.SKIPPED, EDITED
        return Result.CHANGED, None

    def _obstacle(self) -> str | None:
        kind = self.document.kind
        if kind == "experience" and self.document.draft:
            return DRAFT_JOB
        if self.source and self.source.entity_type != kind:
            return f"was imported as {self.source.entity_type} before"
        return DELETED if self.source and self.row is None else None


@dataclass(slots=True)
class Plan:
    """`settled` is what the files alone decide; `rows` are those of each kind, in their order."""

    options: Options
    owner: User
    settled: list[Outcome]
    tasks: list[Task]
    gatherer: Gatherer
    rows: dict[Kind, list[Imported]]
    ranks: dict[Kind, dict[int, order.Rank]]

    def __len__(self) -> int:
        return len(self.settled) + len(self.tasks)

    def version(self, task: Task) -> int | None:
        """The version that its row has by now, as far as this import knows."""
        mine = task.row.id if task.row else None
        return next((row.version for row in self.rows[task.document.kind] if row.id == mine), None)

    def keep(self, document: Document, row_id: int, rows: list[Imported]) -> None:
        """A document was written: this is its row, and these are all of its kind."""
        self.rows[document.kind] = rows
        self.ranks[document.kind][row_id] = order.rank(document)


def read_folder(root: Path, kind: Kind | None) -> tuple[list[Document], list[Outcome]]:
    """The documents in the order of their ranks, and what happened to files that are none.

    Raises InvalidInputException where there is nothing to read.
    """
    if root.is_file() and root.suffix.lower() not in ENDINGS:
        raise InvalidInputException(f"{root} is no Markdown file ({', '.join(sorted(ENDINGS))})")
    found: list[Document] = []
    settled = []
    for path in documents.scan(root):
        try:
            read = documents.read(path, root, kind)
        except DocumentError as error:
            settled.append(failed(error))
            continue
        if isinstance(read, Skipped):
            settled.append(Outcome(file=path, result=Result.SKIPPED, reason=read.reason))
        elif len(read.source) > ADDRESS_LENGTH:
            long = f"its path in the site is longer than {ADDRESS_LENGTH} characters"
            settled.append(failed(DocumentError(path, long)))
        else:
            found.append(read)
    if not found and not settled:
        raise InvalidInputException(f"{root} holds no Markdown files")
    return sorted(found, key=lambda document: (document.kind, order.rank(document))), settled


def failed(error: DocumentError, document: Document | None = None) -> Outcome:
    return Outcome(
        file=error.path,
        result=Result.FAILED,
        kind=document.kind if document else None,
        reason=error.message,
        line=error.line,
    )


def make_plan(
    root: Path,
    options: Options,
    owner: User,
    site: SiteSettings,
    found: tuple[list[Document], list[Outcome]],
    sources: Mapping[str, ImportSource],
    rows: dict[Kind, list[Imported]],
) -> Plan:
    read, settled = found
    tasks = list(_tasks(read, sources, rows, options))
    by_source = {task.document.source: task for task in tasks}
    paths = {"posts": site.post_path, "projects": site.project_path}

    def path_of(document: Document) -> str | None:
        task = by_source[document.source]
        is_here = task.source is None or task.row is not None
        return paths[document.kind].format(slug=task.slug) if task.slug and is_here else None

    ranks: dict[Kind, dict[int, order.Rank]] = {kind: {} for kind in rows}
    for task in tasks:
        if task.row is not None:
            ranks[task.document.kind][task.row.id] = order.rank(task.document)
    links = InternalLinks(read, content_root(root))
    gatherer = Gatherer(Pictures(root), links, path_of)
    return Plan(options, owner, settled, tasks, gatherer, rows, ranks)


def _tasks(
    read: Sequence[Document],
    sources: Mapping[str, ImportSource],
    rows: Mapping[Kind, Sequence[Imported]],
    options: Options,
) -> Iterator[Task]:
    present = {kind: {row.id: row for row in rows[kind]} for kind in rows}
    taken = {kind: {row.slug for row in rows[kind]} for kind in rows}
    claimed: dict[tuple[Kind, str], Document] = {}
    for document in read:
        source = sources.get(document.source)
        row = _row(source, document.kind, present[document.kind]) if source else None
        slug = None
        if document.kind != "experience":
            task = Task(document, None, source, row)
            slug = _slug(task, taken[document.kind], options)
            taken[document.kind].add(slug)
            for address in document.aliases:
                first = claimed.setdefault((document.kind, address.casefold()), document)
                if first is not document:
                    document.warnings.append(f"{address} is an old address of {first.path}, too")
        yield Task(document, slug, source, row)


def _row(source: ImportSource, kind: Kind, present: Mapping[int, Imported]) -> Imported | None:
    """What was made of it, unless it is gone; a later row may have got its id."""
    row = present.get(source.entity_id) if source.entity_type == kind else None
    if row is None or row.deleted_at is not None or row.created_at > source.created_at:
        return None
    return row


def _slug(task: Task, taken: set[str | None], options: Options) -> str:
    wanted = slug_of(task.document.slug, task.document.kind.removesuffix("s"))
    if task.row and task.row.slug:
        is_own = re.fullmatch(rf"{re.escape(wanted)}(-\d+)?", task.row.slug)
        if is_own or (task.is_edited and not options.overwrite):
            return task.row.slug
    candidates = chain([wanted], (f"{wanted}-{number}" for number in count(2)))
    return next(slug for slug in candidates if slug not in taken)
