from typing import Annotated

from fastapi import APIRouter, Form, Response

from portfolio.api.deps import AuthDep, DbRead, DbWrite, SetupDep
from portfolio.api.errors import errors
from portfolio.api.identity import BearerToken, CurrentUser, SignInDb
from portfolio.api.route import Door
from portfolio.core.errors import (
    ConflictException,
    InvalidCredentialsException,
    NotFoundException,
    TooManyRequestsException,
    UnauthorizedException,
)
from portfolio.schemas.auth import Credentials, PasswordGrant, SetupClaim, Tokens
from portfolio.services.auth import Login

router = APIRouter(prefix="/auth", tags=["auth"], route_class=Door)


@router.post(
    "/login",
    response_model=Tokens,
    summary="Sign in",
    responses=errors(InvalidCredentialsException, TooManyRequestsException),
)
async def log_in(data: Credentials, reader: DbRead, db: SignInDb, auth: AuthDep) -> Login:
    return await auth.login(reader, db, data.identifier, data.password)


@router.post(
    "/token",
    response_model=Tokens,
    summary="Sign in with an OAuth2 password form",
    responses=errors(InvalidCredentialsException, TooManyRequestsException),
)
async def issue_token(
    form: Annotated[PasswordGrant, Form()], reader: DbRead, db: SignInDb, auth: AuthDep
) -> Login:
    return await auth.login(reader, db, form.username, form.password)


@router.post(
    "/logout",
    status_code=204,
    summary="Sign out",
    responses=errors(UnauthorizedException),
)
async def log_out(_user: CurrentUser, token: BearerToken, db: DbWrite, auth: AuthDep) -> None:
    await auth.logout(db, token or "")


@router.post(
    "/setup",
    response_model=Tokens,
    status_code=201,
    summary="Create the first admin",
    responses=errors(ConflictException, NotFoundException, TooManyRequestsException),
)
async def set_up(
    data: SetupClaim, response: Response, reader: DbRead, db: SignInDb, setup: SetupDep
) -> Login:
    response.headers["Location"] = "/api/v1/me"
    return await setup.claim_and_sign_in(reader, db, data.token, data)
