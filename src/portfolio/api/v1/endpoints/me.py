from fastapi import APIRouter

from portfolio.api.answers import AnswerDep
from portfolio.api.deps import CurrentUser, DbWrite, IfMatch, UsersDep
from portfolio.api.errors import errors
from portfolio.api.route import Door
from portfolio.core.errors import PreconditionFailedException, UnauthorizedException
from portfolio.models.users import User
from portfolio.schemas.users import Me, MeUpdate

router = APIRouter(prefix="/me", tags=["me"], route_class=Door)


@router.get(
    "",
    response_model=Me,
    summary="Your account",
    responses=errors(UnauthorizedException),
)
async def get_me(user: CurrentUser, answer: AnswerDep) -> User:
    return answer.versioned(user)


@router.patch(
    "",
    response_model=Me,
    summary="Change your account",
    responses=errors(UnauthorizedException, PreconditionFailedException),
)
async def update_me(
    changes: MeUpdate,
    db: DbWrite,
    users: UsersDep,
    user: CurrentUser,
    if_match: IfMatch,
    answer: AnswerDep,
) -> User:
    return answer.versioned(await users.update(db, user, changes, if_match))
