from fastapi import Response

from portfolio.adapters.limiter import LimitName
from portfolio.api.cookies import DeviceToken, remember_device
from portfolio.api.deps import AuthDep, DbRead, ReauthenticationDep, TwoFactorDep
from portfolio.api.errors import errors
from portfolio.api.identity import CurrentIdentity, CurrentUser, FreshIdentity, SignInDb
from portfolio.api.limits import limited
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    AccountLockedException,
    ConflictException,
    InvalidCodeException,
    NotFoundException,
    WrongPasswordException,
)
from portfolio.schemas.accounts import Accepted
from portfolio.schemas.auth import Tokens
from portfolio.schemas.two_factor import (
    ChallengeUse,
    EmailFactorRead,
    Proof,
    RecoveryCodesRead,
    SecondStep,
    TotpConfirmation,
    TotpEnrolment,
    TwoFactorRead,
)
from portfolio.services.sessions import Login
from portfolio.services.two_factor import Enrolment, TwoFactorState

router = v1_router("two factors")

SENT = Accepted(detail="A code is on its way to your mail address")


@router.post(
    "/auth/2fa/send",
    status_code=202,
    summary="Have a sign-in code sent by mail",
    responses=errors(InvalidCodeException, ConflictException),
)
async def send_two_factor_code(
    data: ChallengeUse, db: SignInDb, two_factor: TwoFactorDep
) -> Accepted:
    await two_factor.send_code(db, data.challenge_token)
    return SENT


@router.post(
    "/auth/2fa/verify",
    response_model=Tokens,
    summary="Complete a login with a second factor",
    dependencies=[limited(LimitName.LOGIN)],
    responses=errors(InvalidCodeException, AccountLockedException),
)
async def verify_two_factor(
    data: SecondStep, response: Response, db: SignInDb, auth: AuthDep, device: DeviceToken
) -> Login:
    return remember_device(response, await auth.second_step(db, data, device))


@router.post(
    "/me/reauthenticate",
    status_code=204,
    summary="Prove again who you are",
    responses=errors(WrongPasswordException, InvalidCodeException, AccountLockedException),
)
async def reauthenticate(
    data: Proof, db: SignInDb, reauthentication: ReauthenticationDep, identity: CurrentIdentity
) -> None:
    await reauthentication.prove(db, identity, data)


@router.get("/me/2fa", response_model=TwoFactorRead, summary="Your second factors")
async def get_two_factor(db: DbRead, two_factor: TwoFactorDep, user: CurrentUser) -> TwoFactorState:
    return await two_factor.state(db, user)


@router.post(
    "/me/2fa/totp",
    response_model=TotpEnrolment,
    summary="Set up an authenticator app",
    responses=errors(ConflictException),
)
async def enrol_totp(db: SignInDb, two_factor: TwoFactorDep, identity: FreshIdentity) -> Enrolment:
    return await two_factor.enrol_totp(db, identity)


@router.post(
    "/me/2fa/totp/confirm",
    summary="Confirm the authenticator app",
    responses=errors(InvalidCodeException, ConflictException, AccountLockedException),
)
async def confirm_totp(
    data: TotpConfirmation, db: SignInDb, two_factor: TwoFactorDep, identity: FreshIdentity
) -> RecoveryCodesRead:
    codes = await two_factor.confirm_totp(db, identity, data.code)
    return RecoveryCodesRead(recovery_codes=codes)


@router.delete(
    "/me/2fa/totp",
    status_code=204,
    summary="Remove the authenticator app",
    responses=errors(NotFoundException),
)
async def disable_totp(db: SignInDb, two_factor: TwoFactorDep, identity: FreshIdentity) -> None:
    await two_factor.disable_totp(db, identity)


@router.put(
    "/me/2fa/email",
    summary="Use codes by mail",
    responses=errors(ConflictException),
)
async def enable_email_codes(
    db: SignInDb, two_factor: TwoFactorDep, identity: FreshIdentity
) -> EmailFactorRead:
    return EmailFactorRead(recovery_codes=await two_factor.enable_email(db, identity))


@router.delete(
    "/me/2fa/email",
    status_code=204,
    summary="Use no codes by mail",
    responses=errors(NotFoundException),
)
async def disable_email_codes(
    db: SignInDb, two_factor: TwoFactorDep, identity: FreshIdentity
) -> None:
    await two_factor.disable_email(db, identity)


@router.post(
    "/me/2fa/recovery-codes",
    summary="Make new recovery codes",
    responses=errors(ConflictException),
)
async def renew_recovery_codes(
    db: SignInDb, two_factor: TwoFactorDep, identity: FreshIdentity
) -> RecoveryCodesRead:
    return RecoveryCodesRead(recovery_codes=await two_factor.renew_recovery_codes(db, identity))
