from typing import Annotated

from fastapi import Form, Response

from portfolio.adapters.limiter import LimitName
from portfolio.api.cookies import DeviceToken, remember_device
from portfolio.api.deps import AuthDep, DbRead, SessionsDep, SetupDep
from portfolio.api.errors import errors
from portfolio.api.identity import CurrentIdentity, SignInDb
from portfolio.api.limits import limited
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    AccountLockedException,
    ConflictException,
    InvalidCredentialsException,
    InvalidRefreshTokenException,
    InvalidTokenException,
    NotFoundException,
    RefreshInProgressException,
    TwoFactorRequiredException,
)
from portfolio.schemas.accounts import LinkUse
from portfolio.schemas.auth import (
    Credentials,
    PasswordGrant,
    RefreshToken,
    SetupClaim,
    Tokens,
    TwoFactorChallenge,
)
from portfolio.services.sessions import Login
from portfolio.services.two_factor import Challenge

router = v1_router("auth", prefix="/auth")


@router.post(
    "/login",
    response_model=Tokens | TwoFactorChallenge,
    summary="Sign in",
    dependencies=[limited(LimitName.LOGIN)],
    responses=errors(InvalidCredentialsException, AccountLockedException),
)
async def log_in(
    data: Credentials,
    response: Response,
    reader: DbRead,
    db: SignInDb,
    auth: AuthDep,
    device: DeviceToken,
) -> Login | Challenge:
    return remember_device(
        response, await auth.login(reader, db, data.identifier, data.password, device)
    )


@router.post(
    "/token",
    response_model=Tokens,
    summary="Sign in with an OAuth2 password form",
    dependencies=[limited(LimitName.LOGIN)],
    responses=errors(
        InvalidCredentialsException, TwoFactorRequiredException, AccountLockedException
    ),
)
async def issue_token(
    form: Annotated[PasswordGrant, Form()],
    response: Response,
    reader: DbRead,
    db: SignInDb,
    auth: AuthDep,
    device: DeviceToken,
) -> Login:
    return remember_device(
        response, await auth.login_outright(reader, db, form.username, form.password, device)
    )


@router.post(
    "/refresh",
    response_model=Tokens,
    summary="Exchange a refresh token for new tokens",
    responses=errors(InvalidRefreshTokenException, RefreshInProgressException),
)
async def refresh(data: RefreshToken, db: SignInDb, sessions: SessionsDep) -> Login:
    return await sessions.refresh(db, data.refresh_token)


@router.post(
    "/unlock",
    status_code=204,
    summary="Unlock sign-in by a link",
    responses=errors(InvalidTokenException),
)
async def unlock(data: LinkUse, db: SignInDb, auth: AuthDep) -> None:
    await auth.unlock(db, data.token)


@router.post("/logout", status_code=204, summary="Sign out")
async def log_out(identity: CurrentIdentity, db: SignInDb, sessions: SessionsDep) -> None:
    await sessions.log_out(db, identity)


@router.post(
    "/setup",
    response_model=Tokens,
    status_code=201,
    summary="Create the first admin",
    dependencies=[limited(LimitName.LOGIN)],
    responses=errors(ConflictException, NotFoundException),
)
async def set_up(
    data: SetupClaim, response: Response, reader: DbRead, db: SignInDb, setup: SetupDep
) -> Login:
    response.headers["Location"] = "/api/v1/me"
    return remember_device(response, await setup.claim_and_sign_in(reader, db, data.token, data))
