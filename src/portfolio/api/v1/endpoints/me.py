from fastapi import APIRouter, Response

from portfolio.api.conditional import versioned
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
    summary="Read the own account",
    responses=errors(UnauthorizedException),
)
async def get_me(response: Response, user: CurrentUser) -> User:
    versioned(response, user.version)
    return user


@router.patch(
    "",
    response_model=Me,
    summary="Change the own account",
    responses=errors(UnauthorizedException, PreconditionFailedException),
)
async def update_me(
    changes: MeUpdate,
    response: Response,
    user: CurrentUser,
    expected: IfMatch,
    db: DbWrite,
    users: UsersDep,
) -> User:
    user = await users.update(db, user, changes, expected)
    versioned(response, user.version)
    return user
