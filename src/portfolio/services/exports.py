"""Everything about an account, for whose it is (GDPR, article 20)."""

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.db.repositories.exports import ExportRepository
from portfolio.models.audit import Action
from portfolio.models.users import User
from portfolio.schemas.accounts import AccountExport
from portfolio.services.audit import AuditService


class ExportService:
    def __init__(self, exports: ExportRepository, audit: AuditService) -> None:
        self._exports = exports
        self._audit = audit

    async def export(self, db: AsyncSession, user: User) -> AccountExport:
        """All but what would open something: hashes, digests and seeds."""
        await self._audit.record(db, Action.USER_EXPORTED, target=("user", user.id))
        return AccountExport(exported_at=utc_now(), parts=await self._exports.of(db, user.id))
