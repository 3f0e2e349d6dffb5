from portfolio.adapters.limiter import LimitName
from portfolio.api.deps import AccountMailDep, AddressesDep, RegistrationDep
from portfolio.api.errors import errors
from portfolio.api.identity import SignInDb
from portfolio.api.limits import limited
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    ConflictException,
    InvalidTokenException,
    RegistrationClosedException,
)
from portfolio.schemas.accounts import (
    Accepted,
    EmailAddress,
    LinkUse,
    Registered,
    Registration,
)
from portfolio.services.account_mail import Occasion

router = v1_router("auth", prefix="/auth")


@router.post(
    "/register",
    status_code=202,
    summary="Make an account",
    dependencies=[limited(LimitName.REGISTER)],
    responses=errors(RegistrationClosedException, InvalidTokenException, ConflictException),
)
async def register(data: Registration, db: SignInDb, registration: RegistrationDep) -> Registered:
    return await registration.register(db, data)


@router.post(
    "/verify-email",
    status_code=204,
    summary="Confirm an e-mail address",
    responses=errors(InvalidTokenException, ConflictException),
)
async def verify_email(data: LinkUse, db: SignInDb, addresses: AddressesDep) -> None:
    await addresses.verify(db, data.token)


@router.post(
    "/verify-email/resend",
    status_code=202,
    summary="Send the link that confirms an address again",
    dependencies=[limited(LimitName.ACCOUNT_MAIL_CLIENT)],
)
async def resend_verification(
    data: EmailAddress, db: SignInDb, account_mail: AccountMailDep
) -> Accepted:
    return await account_mail.request(db, Occasion.UNVERIFIED, data.email)
