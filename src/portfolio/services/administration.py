"""What admins do to accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import NotFoundException
from portfolio.core.pagination import Page, PageRequest
from portfolio.core.text import fold
from portfolio.db.repositories.users import UserRepository
from portfolio.models.audit import Action
from portfolio.models.two_factor import Method
from portfolio.models.users import Role, User
from portfolio.schemas.users import UserUpdate
from portfolio.services import policy
from portfolio.services.audit import AuditService
from portfolio.services.erasure import ErasureService
from portfolio.services.lockout import LockoutService
from portfolio.services.sessions import SessionService, SessionView
from portfolio.services.two_factor import TwoFactorService
from portfolio.services.versions import require_version


@dataclass(slots=True)
class UserView:
    """An account with what an admin must know of it."""

    id: int
    version: int
    username: str
    display_name: str
    avatar_url: str | None
    email: str
    role: Role
    is_active: bool
    email_verified_at: datetime | None
    two_factor: list[Method]
    locked: bool
    last_login_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Administration:
    """Of many at once who take the rights of admins away, one leaves the last admin alone."""

    def __init__(
        self,
        users: UserRepository,
        sessions: SessionService,
        lockout: LockoutService,
        two_factor: TwoFactorService,
        erasure: ErasureService,
        audit: AuditService,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._lockout = lockout
        self._two_factor = two_factor
        self._erasure = erasure
        self._audit = audit

    async def page(
        self, db: AsyncSession, request: PageRequest, filters: Mapping[str, Any]
    ) -> Page[UserView]:
        page = await self._users.list_of(db, request, filters)
        return page.with_items(await self._views(db, page.items))

    async def read(self, db: AsyncSession, user_id: int) -> UserView:
        """Raises NotFoundException."""
        return await self._view(db, await self._users.get_one(db, user_id))

    async def find(self, db: AsyncSession, identifier: str) -> UserView:
        """By e-mail or user name. Raises NotFoundException."""
        user = await self._users.by_identifier(db, fold(identifier))
        if user is None:
            raise NotFoundException(f"No account is called {identifier}")
        return await self._view(db, user)

    async def update(
        self, db: AsyncSession, user_id: int, changes: UserUpdate, expected: int | None = None
    ) -> UserView:
        """Raises NotFoundException, PreconditionFailedException; ConflictException for the last admin.

        Whoever is deactivated is signed out everywhere.
        """
        admins = await self._users.hold_admins(db)
        user = await self._users.get_locked(db, user_id)
        require_version(user, expected)
        values = {
            name: value
            for name, value in changes.model_dump(exclude_unset=True).items()
            if getattr(user, name) != value
        }
        if _loses_rights(values):
            policy.require_another_admin(admins, user)
        before = {name: getattr(user, name) for name in values}
        await self._users.update(db, user, values)
        for name, action in _actions(values):
            await self._audit.record(
                db,
                action,
                target=("user", user.id),
                before={name: before[name]},
                after={name: values[name]},
            )
        if values.get("is_active") is False:
            await self._sessions.end_all(db, user.id)
        return await self._view(db, user)

    async def delete(self, db: AsyncSession, user_id: int, expected: int | None = None) -> None:
        """Raises what update() raises."""
        user = await self._users.get_one(db, user_id)
        require_version(user, expected)
        await self._erasure.erase(db, user)

    async def unlock(self, db: AsyncSession, user_id: int) -> UserView:
        """Let them sign in again, however often somebody failed. Raises NotFoundException."""
        user = await self._users.get_one(db, user_id)
        await self._lockout.unlock(db, user)
        await self._audit.record(db, Action.AUTH_UNLOCKED, target=("user", user.id))
        return await self._view(db, user)

    async def sessions(
        self, db: AsyncSession, user_id: int, request: PageRequest, asking: int | None
    ) -> Page[SessionView]:
        """Raises NotFoundException."""
        await self._users.get_one(db, user_id)
        return await self._sessions.page(db, user_id, request, asking)

    async def end_sessions(self, db: AsyncSession, user_id: int) -> int:
        """Sign them out everywhere; from how many sessions. Raises NotFoundException."""
        await self._users.get_one(db, user_id)
        return await self._sessions.end_all(db, user_id)

    async def reset_two_factor(self, db: AsyncSession, user_id: int) -> None:
        """For who has lost everything that proves the second factor. Raises NotFoundException."""
        await self._two_factor.reset(db, await self._users.get_one(db, user_id))

    async def _view(self, db: AsyncSession, user: User) -> UserView:
        return (await self._views(db, [user]))[0]

    async def _views(self, db: AsyncSession, users: Sequence[User]) -> list[UserView]:
        if not users:
            return []
        methods = await self._users.second_factors(db, [user.id for user in users])
        names = {name for user in users for name in (user.email, user.username)}
        locked = await self._lockout.locked(db, names)
        return [
            UserView(
                id=user.id,
                version=user.version,
                username=user.username,
                display_name=user.display_name,
                avatar_url=user.avatar_url,
                email=user.email,
                role=user.role,
                is_active=user.is_active,
                email_verified_at=user.email_verified_at,
                two_factor=methods[user.id],
                locked=not locked.isdisjoint({user.email, user.username}),
                last_login_at=user.last_login_at,
                created_at=user.created_at,
                updated_at=user.updated_at,
            )
            for user in users
        ]


def _loses_rights(values: Mapping[str, Any]) -> bool:
    return values.get("role", Role.ADMIN) is not Role.ADMIN or values.get("is_active") is False


def _actions(values: Mapping[str, Any]) -> list[tuple[str, Action]]:
    """What is said of each field that changes."""
    actions = [("role", Action.USER_ROLE_CHANGED)] if "role" in values else []
    if "is_active" in values:
        is_active = values["is_active"]
        action = Action.USER_ACTIVATED if is_active else Action.USER_DEACTIVATED
        actions.append(("is_active", action))
    return actions
