"""Accounts, for admins."""

from typing import Annotated

from fastapi import Depends

from portfolio.api.answers import AnswerDep
from portfolio.api.deps import (
    AdministrationDep,
    AdminUser,
    DbRead,
    DbWrite,
    IfMatch,
    PageDep,
    RowId,
)
from portfolio.api.errors import errors
from portfolio.api.identity import Caller, FreshAdmin
from portfolio.api.query import QueryOf
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    ConflictException,
    NotFoundException,
    PreconditionFailedException,
)
from portfolio.core.pagination import Page
from portfolio.schemas.page import PageRead
from portfolio.schemas.sessions import SessionRead
from portfolio.schemas.users import UserAdmin, UserQuery, UserUpdate
from portfolio.services.administration import UserView
from portfolio.services.sessions import SessionView

ONE = errors(NotFoundException)
CHANGE = errors(NotFoundException, ConflictException, PreconditionFailedException)
router = v1_router("users", prefix="/users")


@router.get("", response_model=PageRead[UserAdmin])
async def list_users(
    asked: Annotated[UserQuery, Depends(QueryOf(UserQuery))],
    db: DbRead,
    administration: AdministrationDep,
    _admin: AdminUser,
    answer: AnswerDep,
) -> Page[UserView]:
    """All accounts, by user name."""
    return answer.page(await administration.page(db, asked.page_request(), asked.filters()))


@router.get("/{id}", response_model=UserAdmin, responses=ONE)
async def get_user(
    id: RowId, db: DbRead, administration: AdministrationDep, _admin: AdminUser, answer: AnswerDep
) -> UserView:
    """One account."""
    return answer.versioned(await administration.read(db, id))


@router.patch("/{id}", response_model=UserAdmin, responses=CHANGE)
async def update_user(
    id: RowId,
    changes: UserUpdate,
    db: DbWrite,
    administration: AdministrationDep,
    _admin: FreshAdmin,
    if_match: IfMatch,
    answer: AnswerDep,
) -> UserView:
    """Promote, demote, deactivate or activate it; one active admin remains."""
    return answer.versioned(await administration.update(db, id, changes, if_match))


@router.delete("/{id}", status_code=204, responses=CHANGE)
async def delete_user(
    id: RowId,
    db: DbWrite,
    administration: AdministrationDep,
    _admin: FreshAdmin,
    if_match: IfMatch,
) -> None:
    """For good, with all that is personal; what it wrote for the site goes to the owner."""
    await administration.delete(db, id, if_match)


@router.post("/{id}/unlock", response_model=UserAdmin, responses=ONE)
async def unlock_user(
    id: RowId, db: DbWrite, administration: AdministrationDep, _admin: AdminUser, answer: AnswerDep
) -> UserView:
    """Let it sign in again, after whoever failed too often."""
    return answer.versioned(await administration.unlock(db, id))


@router.get("/{id}/sessions", response_model=PageRead[SessionRead], responses=ONE)
async def list_user_sessions(
    id: RowId,
    page: PageDep,
    db: DbRead,
    administration: AdministrationDep,
    _admin: AdminUser,
    caller: Caller,
    answer: AnswerDep,
) -> Page[SessionView]:
    """Where it is signed in, the one used last first."""
    asking = caller.session_id if caller else None
    return answer.page(await administration.sessions(db, id, page, asking))


@router.delete("/{id}/sessions", status_code=204, responses=ONE)
async def end_user_sessions(
    id: RowId, db: DbWrite, administration: AdministrationDep, _admin: AdminUser
) -> None:
    """Sign it out everywhere; API tokens stay."""
    await administration.end_sessions(db, id)


@router.delete("/{id}/two-factor", status_code=204, responses=CHANGE)
async def reset_two_factor(
    id: RowId, db: DbWrite, administration: AdministrationDep, _admin: FreshAdmin
) -> None:
    """Take its second factors off, for who has lost them all."""
    await administration.reset_two_factor(db, id)
