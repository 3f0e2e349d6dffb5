"""Profiles with their sections, and who owns the site."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from portfolio.core import cache_tags
from portfolio.core.errors import NotFoundException
from portfolio.db.prepared import prepared
from portfolio.db.repositories import attachments
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.sections import SECTIONS, SectionRepository
from portfolio.models.entities import EntityType
from portfolio.models.profiles import Profile, Section
from portfolio.models.projections import ProfileDetail
from portfolio.models.users import Role, User

_PUBLIC = (
    select(User.username, Profile)
    .join(Profile, Profile.user_id == User.id)
    .where(User.is_active, User.role == Role.ADMIN)
)
_OWNER = _PUBLIC.order_by(User.id).limit(1)
_OWNER_ID = _OWNER.with_only_columns(Profile.id)
_COLUMNS = [item.name for item in fields(ProfileDetail) if hasattr(Profile, item.name)]


class ProfileRepository(BaseRepository[Profile]):
    model = Profile
    sections: Mapping[str, SectionRepository[Any]] = SECTIONS

    async def of_owner(self, db: AsyncSession) -> ProfileDetail | None:
        """The profile of the site's owner, who is the first active admin: nine statements."""
        return await self._public(db, _OWNER)

    async def of_admin(self, db: AsyncSession, ref: int | str) -> ProfileDetail | None:
        """The profile of an active admin, by its id or their folded user name."""
        named = Profile.id == ref if isinstance(ref, int) else User.username == ref
        return await self._public(db, _PUBLIC.where(named))

    async def owner_profile_id(self, db: AsyncSession) -> int | None:
        cache_tags.note(EntityType.PROFILES)
        return (await db.execute(_OWNER_ID)).scalar_one_or_none()

    async def detail(self, db: AsyncSession, username: str, profile: Profile) -> ProfileDetail:
        """The profile with its sections and pictures: one statement each."""
        cache_tags.note(EntityType.PROFILES)
        columns = {name: getattr(profile, name) for name in _COLUMNS}
        sections: dict[str, Any] = {
            name: list(await repository.all_of(db, profile.id))
            for name, repository in self.sections.items()
        }
        images = await prepared(
            db, lambda run: attachments.images_of(run, EntityType.PROFILES, profile.id)
        )
        return ProfileDetail(username=username, images=images, **columns, **sections)

    async def locked(self, db: AsyncSession, user_id: int) -> Profile:
        """The profile of an account. Until the transaction ends nobody else changes any of it.

        Raises NotFoundException.
        """
        statement = (
            select(Profile)
            .where(Profile.user_id == user_id)
            .with_for_update()
            .with_hint(Profile, "WITH (UPDLOCK, ROWLOCK)", "mssql")
            .execution_options(populate_existing=True)
        )
        profile = (await db.execute(statement)).scalar_one_or_none()
        if profile is None:
            raise NotFoundException
        return profile

    async def touch(self, db: AsyncSession, profile: Profile) -> None:
        """A change in a section is a change of the profile: its version rises."""
        flag_modified(profile, "updated_at")
        await db.flush()

    async def replace(
        self,
        db: AsyncSession,
        profile: Profile,
        values: Mapping[str, Any],
        rows: Mapping[str, list[Section]],
    ) -> None:
        """These values, and these rows in this order instead of all that there are."""
        for name, value in values.items():
            setattr(profile, name, value)
        # Python takes 1, 1.0 and true for equal; JSON does not.
        flag_modified(profile, "extras")
        for name, repository in self.sections.items():
            await repository.clear(db, profile.id)
            for position, row in enumerate(rows[name]):
                row.profile_id, row.position = profile.id, position
                db.add(row)
        await db.flush()

    async def _public(
        self, db: AsyncSession, statement: Select[str, Profile]
    ) -> ProfileDetail | None:
        row = (await db.execute(statement)).one_or_none()
        if row is None:
            return None
        username, profile = row
        return await self.detail(db, username, profile)
