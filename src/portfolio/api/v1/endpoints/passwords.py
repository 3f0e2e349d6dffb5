"""A new password for who has lost it. Who still has it changes it at /me/password."""

from portfolio.adapters.limiter import LimitName
from portfolio.api.deps import AccountMailDep, DbRead, PasswordsDep
from portfolio.api.errors import errors
from portfolio.api.identity import SignInDb
from portfolio.api.limits import limited
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import InvalidTokenException
from portfolio.schemas.accounts import Accepted, EmailAddress, PasswordReset
from portfolio.services.account_mail import Occasion

router = v1_router("auth", prefix="/auth/password")


@router.post(
    "/forgot",
    status_code=202,
    summary="Send a link that sets a new password",
    dependencies=[limited(LimitName.ACCOUNT_MAIL_CLIENT)],
)
async def forgot_password(
    data: EmailAddress, db: SignInDb, account_mail: AccountMailDep
) -> Accepted:
    return await account_mail.request(db, Occasion.FORGOTTEN, data.email)


@router.post(
    "/reset",
    status_code=204,
    summary="Set a new password by a link",
    responses=errors(InvalidTokenException),
)
async def reset_password(
    data: PasswordReset, reader: DbRead, db: SignInDb, passwords: PasswordsDep
) -> None:
    await passwords.reset(reader, db, data.token, data.password)
