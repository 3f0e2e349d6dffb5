"""The owner's profile and its sections: whoever edits, edits the profile of their own account."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import ConflictException, InvalidInputException, NotFoundException
from portfolio.core.markdown import render
from portfolio.core.pagination import MAX_LIMIT, Page, PageRequest
from portfolio.core.refs import parse_ref
from portfolio.core.text import fold
from portfolio.db.repositories.posts import BlogPostRepository
from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.db.repositories.projects import ProjectRepository
from portfolio.db.repositories.sections import SectionRepository
from portfolio.models.audit import Action
from portfolio.models.entities import EntityType
from portfolio.models.profiles import Education, Experience, Profile, Section
from portfolio.models.projections import ProfileDetail
from portfolio.models.users import User
from portfolio.schemas.base import Input
from portfolio.schemas.profiles import ProfileUpdate
from portfolio.schemas.resume import MAX_ENTRIES
from portfolio.services.audit import AuditService
from portfolio.services.illustrations import IllustrationService
from portfolio.services.versions import require_version

HOME = PageRequest(limit=6)
NO_OWNER = "This site has no owner yet; create an admin account first"


async def rendered(markdown: str | None) -> str | None:
    """Safe HTML, made in a thread; nothing stays nothing."""
    if markdown is None:
        return None
    return (await asyncio.to_thread(render, markdown)).html


async def note_texts(
    db: AsyncSession, illustrations: IllustrationService, profile: Profile
) -> None:
    texts = profile.summary_markdown, profile.summary_html, profile.image_url
    await illustrations.note(db, EntityType.PROFILES, profile.id, *texts)


def require_period(started_on: str | None, ended_on: str | None) -> None:
    """Raises InvalidInputException for an end before the start, as far as both are known."""
    if started_on and ended_on:
        known = min(len(started_on), len(ended_on))
        if ended_on[:known] < started_on[:known]:
            raise InvalidInputException.of("ended_on", f"lies before started_on, {started_on}")


class ProfileService:
    def __init__(
        self,
        profiles: ProfileRepository,
        posts: BlogPostRepository,
        projects: ProjectRepository,
        illustrations: IllustrationService,
        audit: AuditService,
    ) -> None:
        self._profiles = profiles
        self._posts = posts
        self._projects = projects
        self._illustrations = illustrations
        self._audit = audit

    async def of_owner(self, db: AsyncSession) -> ProfileDetail:
        """All of a home page. Raises NotFoundException while nobody owns the site."""
        detail = await self._profiles.of_owner(db)
        if detail is None:
            raise NotFoundException(NO_OWNER)
        projects = await self._projects.cards(db, HOME, {"featured": True}, counted=False)
        posts = await self._posts.cards(db, HOME, {}, counted=False)
        detail.featured_projects, detail.recent_posts = projects.items, posts.items
        return detail

    async def read(self, db: AsyncSession, ref: str) -> ProfileDetail:
        """Raises NotFoundException for accounts that publish none."""
        parsed = parse_ref(ref)
        key = parsed if isinstance(parsed, int) else fold(parsed)
        detail = await self._profiles.of_admin(db, key)
        if detail is None:
            raise NotFoundException
        return detail

    async def update(
        self, db: AsyncSession, data: ProfileUpdate, user: User, expected: int | None = None
    ) -> ProfileDetail:
        """Raises PreconditionFailedException."""
        values = data.model_dump(exclude_unset=True)
        if "summary_markdown" in values:
            values["summary_html"] = await rendered(values["summary_markdown"])
        profile = await self._profiles.locked(db, user.id)
        require_version(profile, expected)
        if values.get("summary_html"):
            values["summary_html"] = await self._illustrations.illustrate(
                db, values["summary_html"]
            )
        await self._profiles.update(db, profile, values)
        await note_texts(db, self._illustrations, profile)
        await self._trace(db, profile, fields=sorted(values))
        return await self._profiles.detail(db, user.username, profile)

    # Sections

    async def entries(self, db: AsyncSession, section: str, request: PageRequest) -> Page[Section]:
        """Raises NotFoundException while nobody owns the site."""
        profile_id = await self._owner_profile(db)
        return await self._rows(section).page_of(db, profile_id, request)

    async def entry(self, db: AsyncSession, section: str, entry_id: int) -> Section:
        """Raises NotFoundException."""
        return await self._entry(db, section, await self._owner_profile(db), entry_id)

    async def add(self, db: AsyncSession, section: str, data: Input, user: User) -> Section:
        """Behind the others.

        Raises InvalidInputException for a period that ends before it starts, ConflictException
        for more than MAX_ENTRIES.
        """
        rows = self._rows(section)
        values = data.model_dump(exclude_unset=True)
        row: Section = rows.model(**values, extras={})
        _check(row, values)
        profile = await self._profiles.locked(db, user.id)
        if await rows.count(db, profile.id) >= MAX_ENTRIES:
            raise ConflictException(f"A section holds {MAX_ENTRIES} entries at most")
        await rows.append(db, profile.id, row)
        await self._changed(db, profile, section, added=row.id)
        return row

    async def change(
        self,
        db: AsyncSession,
        section: str,
        entry_id: int,
        data: Input,
        user: User,
        expected: int | None = None,
    ) -> Section:
        """Raises NotFoundException, PreconditionFailedException, InvalidInputException."""
        profile = await self._profiles.locked(db, user.id)
        row = await self._entry(db, section, profile.id, entry_id)
        require_version(row, expected)
        values = data.model_dump(exclude_unset=True)
        for name, value in values.items():
            setattr(row, name, value)
        _check(row, values)
        await self._changed(db, profile, section, changed=row.id, fields=sorted(values))
        return row

    async def remove(
        self,
        db: AsyncSession,
        section: str,
        entry_id: int,
        user: User,
        expected: int | None = None,
    ) -> None:
        """Raises NotFoundException, PreconditionFailedException."""
        profile = await self._profiles.locked(db, user.id)
        row = await self._entry(db, section, profile.id, entry_id)
        require_version(row, expected)
        await self._rows(section).delete(db, row)
        await self._changed(db, profile, section, removed=entry_id)

    async def reorder(
        self, db: AsyncSession, section: str, ids: Sequence[int], user: User
    ) -> Page[Section]:
        """Raises InvalidInputException unless `ids` name every entry once."""
        profile = await self._profiles.locked(db, user.id)
        rows = {row.id: row for row in await self._rows(section).all_of(db, profile.id)}
        if len(ids) != len(rows) or set(ids) != set(rows):
            raise InvalidInputException.of("ids", "name every entry of the section, each once")
        for position, entry_id in enumerate(ids):
            rows[entry_id].position = position
        await self._changed(db, profile, section, order=list(ids))
        request = PageRequest(limit=MAX_LIMIT)
        return await self._rows(section).page_of(db, profile.id, request)

    # Inside

    async def _changed(self, db: AsyncSession, profile: Profile, section: str, **said: Any) -> None:
        await self._profiles.touch(db, profile)
        await self._trace(db, profile, section=section, **said)

    async def _trace(self, db: AsyncSession, profile: Profile, **said: Any) -> None:
        target = "profile", profile.id
        await self._audit.record(db, Action.PROFILE_UPDATED, target=target, after=said)

    def _rows(self, section: str) -> SectionRepository[Any]:
        return self._profiles.sections[section]

    async def _owner_profile(self, db: AsyncSession) -> int:
        found = await self._profiles.owner_profile_id(db)
        if found is None:
            raise NotFoundException(NO_OWNER)
        return found

    async def _entry(
        self, db: AsyncSession, section: str, profile_id: int, entry_id: int
    ) -> Section:
        row: Section | None = await self._rows(section).of(db, profile_id, entry_id)
        if row is None:
            raise NotFoundException
        return row


def _check(row: Section, given: Iterable[str]) -> None:
    """A résumé may hold any period; who writes one here gives a whole one."""
    if isinstance(row, Experience | Education) and {"started_on", "ended_on"} & set(given):
        require_period(row.started_on, row.ended_on)
