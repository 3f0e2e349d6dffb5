"""The verbs that posts and projects have in common, as routes."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from portfolio.api.answers import AnswerDep
from portfolio.api.deps import (
    DbRead,
    DbWrite,
    Editor,
    IfMatch,
    PageDep,
    Ref,
    RowId,
    Viewer,
)
from portfolio.api.errors import errors
from portfolio.core.errors import (
    ConflictException,
    MovedException,
    NotFoundException,
    PreconditionFailedException,
)
from portfolio.schemas.page import PageRead
from portfolio.schemas.publications import (
    PreviewLink,
    PreviewRequest,
    Publish,
    RevisionDetail,
    RevisionRead,
)

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
CHANGE = errors(NotFoundException, PreconditionFailedException, ConflictException)


def add_verbs(  # noqa: C901 - one route after the other, none with a branch
    router: APIRouter,
    noun: str,
    service: Any,
    read: type[BaseModel],
    summary: type[BaseModel],
) -> None:
    """Publish, bin, restore, look back, preview, neighbours and views for /{noun}s."""
    base = f"/{noun}s"

    @router.delete(f"{base}/{{id}}", status_code=204, responses=CHANGE, name=f"delete_{noun}")
    async def delete(
        id: RowId,
        db: DbWrite,
        rows: service,
        _user: Editor,
        if_match: IfMatch,
        permanent: Annotated[bool, Query(description="For good; only from the bin")] = False,
    ) -> None:
        """Put it into the bin."""
        await rows.delete(db, id, permanent=permanent, expected=if_match)

    @router.post(
        f"{base}/{{id}}/restore",
        response_model=read,
        responses=errors(NotFoundException),
        name=f"restore_{noun}",
    )
    async def restore(
        id: RowId, db: DbWrite, rows: service, _user: Editor, answer: AnswerDep
    ) -> Any:
        """Take it out of the bin."""
        return answer.versioned(await rows.restore(db, id))

    @router.post(
        f"{base}/{{id}}/publish", response_model=read, responses=CHANGE, name=f"publish_{noun}"
    )
    async def publish(
        id: RowId,
        db: DbWrite,
        rows: service,
        _user: Editor,
        if_match: IfMatch,
        answer: AnswerDep,
        data: Publish | None = None,
    ) -> Any:
        """Make it public, now or at a time to come."""
        at = data.publish_at if data else None
        return answer.versioned(await rows.publish(db, id, at, if_match))

    @router.post(
        f"{base}/{{id}}/unpublish", response_model=read, responses=CHANGE, name=f"unpublish_{noun}"
    )
    async def unpublish(
        id: RowId,
        db: DbWrite,
        rows: service,
        _user: Editor,
        if_match: IfMatch,
        answer: AnswerDep,
    ) -> Any:
        """Make it a draft again."""
        return answer.versioned(await rows.unpublish(db, id, if_match))

    @router.get(
        f"{base}/{{id}}/revisions",
        response_model=PageRead[RevisionRead],
        responses=errors(NotFoundException),
        name=f"list_{noun}_revisions",
    )
    async def list_revisions(
        id: RowId,
        db: DbRead,
        rows: service,
        _user: Editor,
        page: PageDep,
        answer: AnswerDep,
    ) -> Any:
        """Earlier texts, the newest first."""
        return answer.page(await rows.revisions(db, id, page))

    @router.get(
        f"{base}/{{id}}/revisions/{{number}}",
        response_model=RevisionDetail,
        responses=errors(NotFoundException),
        name=f"get_{noun}_revision",
    )
    async def get_revision(
        id: RowId, number: Number, db: DbRead, rows: service, _user: Editor
    ) -> Any:
        """One earlier text."""
        return await rows.revision(db, id, number)

    @router.post(
        f"{base}/{{id}}/revisions/{{number}}/restore",
        response_model=read,
        responses=CHANGE,
        name=f"restore_{noun}_revision",
    )
    async def restore_revision(
        id: RowId,
        number: Number,
        db: DbWrite,
        rows: service,
        _user: Editor,
        if_match: IfMatch,
        answer: AnswerDep,
    ) -> Any:
        """Bring an earlier text back, as a new revision."""
        return answer.versioned(await rows.restore_revision(db, id, number, if_match))

    @router.post(
        f"{base}/{{id}}/preview-links",
        status_code=201,
        responses=errors(NotFoundException),
        name=f"create_{noun}_preview_link",
    )
    async def create_preview_link(
        id: RowId,
        db: DbRead,
        rows: service,
        _user: Editor,
        answer: AnswerDep,
        data: PreviewRequest | None = None,
    ) -> PreviewLink:
        """A token that shows the draft to whoever has it."""
        life = timedelta(hours=(data or PreviewRequest()).expires_in_hours)
        token, expires_at, slug = await rows.preview_link(db, id, life)
        url = answer.request.url_for(f"get_{noun}", ref=slug).path + f"?preview_token={token}"
        return answer.private(PreviewLink(token=token, expires_at=expires_at, url=url))

    @router.get(
        f"{base}/{{ref}}/related",
        response_model=list[summary],  # type: ignore[valid-type]  # one of two schemas
        responses=errors(NotFoundException, MovedException),
        name=f"list_related_{noun}s",
    )
    async def list_related(ref: Ref, db: DbRead, rows: service, viewer: Viewer) -> Any:
        """Up to five that share the most tags with it."""
        return await rows.related(db, ref, viewer)

    @router.post(
        f"{base}/{{ref}}/views",
        status_code=204,
        responses=errors(NotFoundException),
        name=f"count_{noun}_view",
    )
    async def count_view(ref: Ref, db: DbWrite, rows: service) -> None:
        """Beacon: somebody reads it."""
        await rows.count_view(db, ref)
