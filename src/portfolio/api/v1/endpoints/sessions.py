from portfolio.api.answers import AnswerDep
from portfolio.api.deps import CurrentUser, DbRead, DbWrite, PageDep, RowId, SessionsDep
from portfolio.api.errors import errors
from portfolio.api.identity import CurrentIdentity
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import NotFoundException
from portfolio.core.pagination import Page
from portfolio.schemas.page import PageRead
from portfolio.schemas.sessions import SessionRead
from portfolio.services.sessions import SessionView

router = v1_router("sessions", prefix="/me/sessions")


@router.get("", response_model=PageRead[SessionRead])
async def list_sessions(
    page: PageDep,
    db: DbRead,
    sessions: SessionsDep,
    identity: CurrentIdentity,
    answer: AnswerDep,
) -> Page[SessionView]:
    """Where you are signed in, the one used last first."""
    return answer.page(await sessions.page(db, identity.user.id, page, asking=identity.session_id))


@router.delete("", status_code=204)
async def end_other_sessions(db: DbWrite, sessions: SessionsDep, identity: CurrentIdentity) -> None:
    """Sign out everywhere but here."""
    await sessions.end_all(db, identity.user.id, but=identity.session_id)


@router.delete("/{id}", status_code=204, responses=errors(NotFoundException))
async def end_session(id: RowId, db: DbWrite, sessions: SessionsDep, user: CurrentUser) -> None:
    """Sign out there; its tokens are refused from now on."""
    await sessions.end(db, user.id, id)
