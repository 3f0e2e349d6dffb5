from fastapi import Response

from portfolio.adapters.limiter import LimitName
from portfolio.api.answers import AnswerDep
from portfolio.api.deps import (
    AddressesDep,
    CurrentUser,
    DbWrite,
    ErasureDep,
    ExportDep,
    IfMatch,
    PasswordsDep,
    UsersDep,
)
from portfolio.api.errors import errors
from portfolio.api.identity import CurrentIdentity, FreshIdentity, SignInDb
from portfolio.api.limits import limited
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    AccountLockedException,
    ConflictException,
    PreconditionFailedException,
    WrongPasswordException,
)
from portfolio.models.users import User
from portfolio.schemas.accounts import AccountExport, EmailAddress, PasswordChange, Registered
from portfolio.schemas.users import Me, MeUpdate

router = v1_router("me", prefix="/me")


@router.get("", response_model=Me, summary="Your account")
async def get_me(user: CurrentUser, answer: AnswerDep) -> User:
    return answer.versioned(user)


@router.patch(
    "",
    response_model=Me,
    summary="Change your account",
    responses=errors(PreconditionFailedException),
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


@router.delete(
    "", status_code=204, summary="Delete your account", responses=errors(ConflictException)
)
async def delete_me(identity: FreshIdentity, db: DbWrite, erasure: ErasureDep) -> None:
    await erasure.erase(db, identity.user)


@router.put(
    "/password",
    status_code=204,
    summary="Change your password",
    responses=errors(WrongPasswordException, AccountLockedException, ConflictException),
)
async def change_password(
    data: PasswordChange, identity: CurrentIdentity, db: SignInDb, passwords: PasswordsDep
) -> None:
    await passwords.change(db, identity, data)


@router.put(
    "/email",
    status_code=202,
    summary="Change your e-mail address",
    dependencies=[limited(LimitName.ACCOUNT_MAIL_CLIENT)],
    responses=errors(ConflictException),
)
async def change_email(
    data: EmailAddress, identity: FreshIdentity, db: SignInDb, addresses: AddressesDep
) -> Registered:
    return await addresses.change(db, identity.user, data.email)


@router.post("/export", summary="Everything that is kept about your account")
async def export_me(
    identity: FreshIdentity, response: Response, db: SignInDb, exports: ExportDep
) -> AccountExport:
    name = f"account-{identity.user.username}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return await exports.export(db, identity.user)
