"""The import of a folder of Markdown, document by document."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from portfolio.core.config import SiteSettings
from portfolio.core.context import RequestContext, enter
from portfolio.core.errors import (
    AppError,
    PreconditionFailedException,
    UnavailableException,
)
from portfolio.db.repositories.bookkeeping import ImportSourceRepository
from portfolio.db.session import Database
from portfolio.importers.documents import DocumentError
from portfolio.importers.plan import (
    EDITED,
    KINDS,
    Options,
    Plan,
    Task,
    failed,
    make_plan,
    read_folder,
)
from portfolio.importers.report import Outcome, Result
from portfolio.importers.writer import Writer
from portfolio.services.users import UserService


class MarkdownImporter:
    """Each document is a transaction of its own, so a stop loses nothing: the next run goes on."""

    def __init__(
        self,
        database: Database,
        sources: ImportSourceRepository,
        writer: Writer,
        users: UserService,
        site: SiteSettings,
    ) -> None:
        self._database = database
        self._sources = sources
        self._writer = writer
        self._users = users
        self._site = site

    async def plan(self, root: Path, options: Options) -> Plan:
        """Read the folder and what is known of it. Writes nothing.

        Raises NotFoundException while the site has no owner, InvalidInputException for a path
        with nothing to import.
        """
        async with self._database.reading() as db:
            owner = await self._users.owner(db)
            sources = await self._sources.known(db)
            rows = {kind: await self._sources.rows(db, kind, owner.id) for kind in KINDS}
        found = await asyncio.to_thread(read_folder, root, options.kind)
        return await asyncio.to_thread(
            make_plan, root, options, owner, self._site, found, sources, rows
        )

    async def run(self, plan: Plan) -> AsyncIterator[Outcome]:
        """Do it, and tell of each document as soon as it is done.

        Raises UnavailableException when the database or the storage is away.
        """
        enter(RequestContext(request_id="import", actor_id=plan.owner.id))
        for outcome in plan.settled:
            yield outcome
        for task in plan.tasks:
            yield await self._outcome(plan, task)

    async def _outcome(self, plan: Plan, task: Task) -> Outcome:
        document = task.document
        result, reason, warnings = Result.FAILED, None, document.warnings
        try:
            material = await asyncio.to_thread(plan.gatherer.gather, document)
            warnings = material.warnings
            result, reason = task.decide(material.digest, plan.options)
            if result in {Result.MADE, Result.CHANGED}:
                if plan.options.is_dry:
                    await self._writer.rehearse(task, material)
                else:
                    await self._writer.write(plan, task, material)
        except DocumentError as error:
            return replace(failed(error, document), warnings=tuple(warnings))
        except UnavailableException:
            raise
        except PreconditionFailedException:
            result, reason = Result.SKIPPED, EDITED
        except AppError as error:
            result, reason = Result.FAILED, error.detail
        return Outcome(
            file=document.path,
            result=result,
            kind=document.kind,
            slug=task.slug,
            reason=reason,
            warnings=tuple(dict.fromkeys(warnings)),
        )
