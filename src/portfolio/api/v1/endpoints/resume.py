from typing import Any

from starlette.responses import JSONResponse

from portfolio.api.conditional import versioned
from portfolio.api.deps import DbRead, DbWrite, Editor, IfMatch, ResumeDep
from portfolio.api.errors import errors
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import NotFoundException, PreconditionFailedException
from portfolio.schemas.resume import Resume, ResumeDocument
from portfolio.services.resume import ResumeView

router = v1_router("profile")


@router.get("/profile/resume.json", response_model=Resume, responses=errors(NotFoundException))
async def get_resume(db: DbRead, resume: ResumeDep) -> Any:
    """The site owner's résumé (JSON Resume 1.0.0)."""
    return _as_it_is(await resume.of_owner(db))


@router.put(
    "/profile/resume.json",
    response_model=Resume,
    responses=errors(NotFoundException, PreconditionFailedException),
)
async def replace_resume(
    document: ResumeDocument, db: DbWrite, resume: ResumeDep, user: Editor, if_match: IfMatch
) -> Any:
    """Replace your profile and all of its sections; what the standard does not know is kept."""
    return _as_it_is(await resume.replace(db, document, user, if_match))


def _as_it_is(view: ResumeView) -> JSONResponse:
    """Without a further look at it: every byte was checked when it came in."""
    response = JSONResponse(view.document)
    versioned(response, view.version)
    return response
