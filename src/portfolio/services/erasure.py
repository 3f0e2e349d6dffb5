"""The end of an account."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import AccountDeleted
from portfolio.core.clock import utc_now
from portfolio.db.repositories import authorship
from portfolio.db.repositories.engagement import EngagementRepository
from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.models.audit import Action
from portfolio.models.entities import EntityType
from portfolio.models.users import User
from portfolio.services import policy
from portfolio.services.audit import AuditService
from portfolio.services.idempotency import IdempotencyService
from portfolio.services.illustrations import IllustrationService
from portfolio.services.mail import MailService
from portfolio.services.media import MediaService
from portfolio.services.notifications.choices import MailChoices


class ErasureService:
    def __init__(
        self,
        users: UserRepository,
        profiles: ProfileRepository,
        media: MediaService,
        illustrations: IllustrationService,
        engagement: EngagementRepository,
        idempotency: IdempotencyService,
        mail: MailService,
        choices: MailChoices,
        audit: AuditService,
    ) -> None:
        self._users = users
        self._profiles = profiles
        self._media = media
        self._illustrations = illustrations
        self._engagement = engagement
        self._idempotency = idempotency
        self._mail = mail
        self._choices = choices
        self._audit = audit
        self._first: list[Callable[[AsyncSession, int], Awaitable[None]]] = []

    def first(self, work: Callable[[AsyncSession, int], Awaitable[None]]) -> None:
        """Have this done with the id of each account that goes, while it is still there."""
        self._first.append(work)

    async def erase(self, db: AsyncSession, user: User) -> None:
        """The account is gone, with its profile, sessions and tokens; the audit keeps its number.

        What it wrote for the site goes to the site's owner. Raises ConflictException for the last
        active admin.
        """
        admins = await self._users.hold_admins(db)
        policy.require_another_admin(admins, user)
        user = await self._users.get_locked(db, user.id, wholly=True)
        await self._engagement.hold_all_of(db, user.id)
        await self._engagement.erase_reactions(db, user.id)
        for work in self._first:
            await work(db, user.id)
        heirs = [admin for admin in admins if admin.id != user.id]
        handed = await authorship.hand_over(db, user.id, heirs[0].id) if heirs else {}
        await authorship.disown_uploads(db, user.id)
        profile = await self._profiles.locked(db, user.id)
        await self._media.delete_for_entity(db, profile.id, EntityType.PROFILES)
        await self._illustrations.forget(db, EntityType.PROFILES, profile.id)
        await self._idempotency.forget(db, user.id)
        await self._choices.forget(db, user.email)
        notice = AccountDeleted(name=user.display_name, at=utc_now())
        await self._mail.send(db, user.email, notice)
        await self._audit.record(
            db,
            Action.USER_DELETED,
            target=("user", user.id),
            before={"role": user.role, "is_active": user.is_active},
            after={"handed_over": handed},
        )
        await self._users.delete(db, user)
