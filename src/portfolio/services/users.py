"""Accounts: who exists, and the first of them."""

import re
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.config import SecuritySettings
from portfolio.core.environment import SettingsError
from portfolio.core.errors import (
    ConflictException,
    FieldError,
    InvalidInputException,
    NotFoundException,
)
from portfolio.core.pagination import PageRequest
from portfolio.core.security import LONG_PASSWORD
from portfolio.core.text import fold
from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.models.audit import Action
from portfolio.models.profiles import Profile
from portfolio.models.users import Role, User
from portfolio.schemas.users import USERNAME, MeUpdate, UserCreate
from portfolio.services.audit import AuditService
from portfolio.services.password_policy import PasswordPolicy
from portfolio.services.versions import require_version

_OWN = (
    "username",
    "display_name",
    "password_hash",
    "role",
    "email_verified_at",
    "has_long_password",
)
NO_ADMIN = "This site has no owner yet: `portfolio user create --admin EMAIL` makes one"


class UserService:
    def __init__(
        self,
        users: UserRepository,
        profiles: ProfileRepository,
        password_policy: PasswordPolicy,
        audit: AuditService,
    ) -> None:
        self._users = users
        self._profiles = profiles
        self._password_policy = password_policy
        self._audit = audit

    async def create(self, db: AsyncSession, data: UserCreate, role: Role = Role.USER) -> User:
        """Raises ConflictException for a name that is taken, InvalidInputException like hash_of()."""
        return await self.add(db, data, role, await self.hash_of(data))

    async def hash_of(self, data: UserCreate) -> str:
        """The slow half of create(): call it while no connection is held.

        Raises InvalidInputException for a password that is too easily guessed.
        """
        return await self._password_policy.hash(
            data.password, email=data.email, username=data.username
        )

    async def add(self, db: AsyncSession, data: UserCreate, role: Role, password_hash: str) -> User:
        """The quick half of create(): the account and its profile. Raises ConflictException.

        Whoever makes it vouches for its address.
        """
        for field, value in (("email", data.email), ("username", data.username)):
            if await self._users.by_identifier(db, value):
                raise name_taken(field)
        user = await self.enter(db, self.make(data, role, password_hash, utc_now()))
        await self._audit.record(
            db, Action.USER_CREATED, target=("user", user.id), after={"role": role}
        )
        return user

    def make(
        self, data: UserCreate, role: Role, password_hash: str, verified_at: datetime | None
    ) -> User:
        """What enter() and replace() store."""
        return User(
            email=data.email,
            username=data.username,
            display_name=data.display_name or data.username,
            password_hash=password_hash,
            role=role,
            email_verified_at=verified_at,
            has_long_password=len(data.password) >= LONG_PASSWORD,
        )

    async def enter(self, db: AsyncSession, user: User) -> User:
        """A new account with its profile. Raises ConflictException."""
        await self._users.create(db, user)
        await self._profiles.create(db, Profile(user_id=user.id, name=user.display_name, extras={}))
        return user

    async def replace(self, db: AsyncSession, user: User, made: User) -> User:
        """Make an account that nobody has used yet somebody else's. Raises ConflictException."""
        profile = await self._profiles.locked(db, user.id)
        await self._profiles.update(db, profile, {"name": made.display_name})
        return await self._users.update(db, user, {name: getattr(made, name) for name in _OWN})

    async def owner(self, db: AsyncSession) -> User:
        """Raises NotFoundException while there is no active admin."""
        user = await self._users.owner(db)
        if user is None:
            raise NotFoundException(NO_ADMIN)
        return user

    async def emails(self, db: AsyncSession, limit: int) -> list[str]:
        """Of the first accounts, by user name."""
        page = await self._users.all(db, PageRequest(limit=limit))
        return [user.email for user in page.items]

    async def update(
        self, db: AsyncSession, user: User, changes: MeUpdate, expected: int | None
    ) -> User:
        """Raises PreconditionFailedException for another version than the expected."""
        row = await self._users.get_one(db, user.id)
        require_version(row, expected)
        values = changes.model_dump(exclude_unset=True)
        before = {name: getattr(row, name) for name in values}
        await self._audit.record(
            db, Action.USER_UPDATED, target=("user", row.id), before=before, after=values
        )
        return await self._users.update(db, row, values)

    async def ensure_first_admin(self, db: AsyncSession, settings: SecuritySettings) -> User | None:
        """Create the admin of ADMIN_EMAIL and ADMIN_PASSWORD if there is no admin yet.

        Raises SettingsError for values that make no account.
        """
        email, password = settings.admin_email, settings.admin_password
        if not email or not password or await self._users.has_admin(db):
            return None
        try:
            data = account(email, password.get_secret_value())
            return await self.create(db, data, Role.ADMIN)
        except InvalidInputException as error:
            lines = [f"ADMIN_{item.field.upper()}: {item.message}" for item in error.errors]
            raise SettingsError(lines) from error
        except ConflictException as error:
            if await self._users.has_admin(db):
                return None  # another process that started with us was first
            raise SettingsError(["ADMIN_EMAIL: belongs to an account that is no admin"]) from error


def name_taken(field: str) -> ConflictException:
    return ConflictException(
        f"{field}: taken", errors=[FieldError(field, "taken", "belongs to an account")]
    )


def account(
    email: str, password: str, username: str | None = None, display_name: str | None = None
) -> UserCreate:
    """What was typed or configured, checked; a user name is made from the e-mail if none is given.

    Raises InvalidInputException naming every wrong field.
    """
    try:
        return UserCreate(
            email=email,
            username=username or _username_from(email),
            password=password,
            display_name=display_name,
        )
    except ValidationError as error:
        found = [
            FieldError(str(item["loc"][0]), item["type"], item["msg"].removeprefix("Value error, "))
            for item in error.errors(include_input=False)
        ]
        raise InvalidInputException(
            "; ".join(f"{item.field}: {item.message}" for item in found), errors=found
        ) from None


def _username_from(email: str) -> str:
    local_part, _, _ = fold(email).rpartition("@")
    name = re.sub(r"[^a-z0-9._-]+", "-", local_part)[:40].strip("._-")
    return name if USERNAME.fullmatch(name) and not name.isdecimal() else "owner"
