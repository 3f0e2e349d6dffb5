from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.models.contact import ContactMessage, ContactReply, ContactState


class ContactMessageRepository(BaseRepository[ContactMessage]):
    model = ContactMessage
    sortable: ClassVar = {"created_at": ContactMessage.created_at}
    default_sort: ClassVar[str] = "-created_at"
    filters: ClassVar[Mapping[str, Callable[[Any], ColumnElement[bool]]]] = {
        "state": lambda value: ContactMessage.state == value,
        "unread": lambda value: (
            ContactMessage.state == ContactState.NEW
            if value
            else ContactMessage.state != ContactState.NEW
        ),
    }

    async def list_of(
        self, db: AsyncSession, request: PageRequest, filters: Mapping[str, Any]
    ) -> Page[ContactMessage]:
        conditions = [self.filters[name](value) for name, value in filters.items()]
        return await self.all(db, request, *conditions)

    async def add(self, db: AsyncSession, row: ContactMessage | ContactReply) -> None:
        db.add(row)
        await db.flush()

    async def replies(self, db: AsyncSession, message_id: int) -> list[ContactReply]:
        """Oldest first."""
        statement = (
            select(ContactReply)
            .where(ContactReply.message_id == message_id)
            .order_by(ContactReply.id)
        )
        return list((await db.execute(statement)).scalars())

    async def forget(
        self, db: AsyncSession, sent_before: datetime, origins_before: datetime
    ) -> None:
        """Delete messages sent before then, and where those sent before then came from."""
        await db.execute(
            delete(ContactMessage)
            .where(ContactMessage.created_at < sent_before)
            .execution_options(synchronize_session=False)
        )
        origin = ContactMessage.client.is_not(None), ContactMessage.agent.is_not(None)
        await db.execute(
            update(ContactMessage)
            .where(ContactMessage.created_at < origins_before, or_(*origin))
            .values(client=None, agent=None)
            .execution_options(synchronize_session=False)
        )
