"""What moderators decide about comments, and what readers report to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.limiter import client_key
from portfolio.core.errors import NotFoundException
from portfolio.core.pagination import Page, PageRequest
from portfolio.core.security import Derivation
from portfolio.db.repositories.comments import CommentRepository
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.moderation import ModerationRepository
from portfolio.db.repositories.reactions import ReactionRepository
from portfolio.models.audit import Action
from portfolio.models.comments import Comment, CommentReport, CommentStatus
from portfolio.models.entities import EntityType, ReactionTarget
from portfolio.models.reactions import Person
from portfolio.models.spam import Reason
from portfolio.models.users import User
from portfolio.schemas.accounts import Accepted
from portfolio.schemas.moderation import ModerationAction, ModerationQuery
from portfolio.services.audit import AuditService
from portfolio.services.comments.states import CommentStates
from portfolio.services.comments.views import CommentView, CommentViews
from portfolio.services.spam import SpamFilter

# A comment that so many people reported waits for a moderator, unless one has approved it since
# it was first reported.
ENOUGH_REPORTS = 3
REPORTED = Accepted(detail="Thank you: a moderator will look at it")

_DECIDED = {
    ModerationAction.APPROVE: (CommentStatus.APPROVED, Action.COMMENT_APPROVED),
    ModerationAction.REJECT: (CommentStatus.REJECTED, Action.COMMENT_REJECTED),
    ModerationAction.SPAM: (CommentStatus.SPAM, Action.COMMENT_MARKED_SPAM),
}
_LEADS_TO = {status: action for action, (status, _) in _DECIDED.items()}
_TEACHES = {ModerationAction.APPROVE: False, ModerationAction.SPAM: True}


@dataclass(kw_only=True, slots=True)
class SubjectView:
    type: EntityType
    id: int
    slug: str
    title: str


@dataclass(kw_only=True, slots=True)
class ModeratedView(CommentView):
    """A comment with what only moderators know."""

    email: str | None
    confirmed: bool
    client: str | None
    agent: str | None
    reasons: list[str]
    spam_score: float | None
    reports_count: int
    reports: list[CommentReport]
    entity: SubjectView


@dataclass(slots=True)
class Decided:
    """Ids of comments, each in one of these."""

    changed: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)


class ModerationService:
    def __init__(
        self,
        comments: CommentRepository,
        queue: ModerationRepository,
        entities: EntityRepository,
        reactions: ReactionRepository,
        views: CommentViews,
        states: CommentStates,
        spam: SpamFilter,
        audit: AuditService,
        people: Derivation,
    ) -> None:
        """`people`: makes names of addresses, from which nobody finds the addresses again."""
        self._comments = comments
        self._queue = queue
        self._entities = entities
        self._reactions = reactions
        self._views = views
        self._states = states
        self._spam = spam
        self._audit = audit
        self._people = people

    async def page(
        self, db: AsyncSession, request: PageRequest, asked: ModerationQuery, moderator: User
    ) -> Page[ModeratedView]:
        """Raises NotFoundException for a post or project that is not there."""
        kind = EntityType(asked.target) if asked.target is not None else None
        entity_id = None
        if kind is not None and asked.ref is not None:
            entity_id = await self._entities.find(db, kind, asked.ref, moderator)
        page = await self._queue.list_of(
            db, request, CommentStatus(asked.status), kind, entity_id, reported=asked.reported
        )
        return page.with_items(await self._shown(db, page.items))

    async def decide(
        self, db: AsyncSession, ids: Sequence[int], action: ModerationAction
    ) -> Decided:
        """The same again changes nothing. No comment was read before in this transaction."""
        wanted = sorted(set(ids))
        rows = [row for row in await self._comments.held(db, wanted) if row.deleted_at is None]
        known = {row.id for row in rows}
        decided = Decided(missing=[row_id for row_id in wanted if row_id not in known])
        for row in rows:
            row_id = row.id
            done = await self._carry_out(db, row, action)
            (decided.changed if done else decided.unchanged).append(row_id)
        # Last of all: from the first of these on, whoever else teaches waits.
        if action in _TEACHES:
            for row in rows:
                await self._spam.learn(db, row, spam=_TEACHES[action])
        return decided

    async def set_status(self, db: AsyncSession, comment_id: int, status: CommentStatus) -> None:
        """decide() about one, by what it is to be: approved, rejected or spam."""
        await self.decide(db, [comment_id], _LEADS_TO[status])

    async def report(
        self, db: AsyncSession, comment_id: int, reason: str | None, viewer: User | None
    ) -> Accepted:
        """Each person counts once. Raises NotFoundException for what `viewer` cannot read."""
        comment, _ = await self._comments.held_one(db, comment_id, viewer)
        person = self._person(viewer)
        if await self._queue.has_reported(db, comment_id, person):
            return REPORTED
        if not comment.speaks:
            raise NotFoundException
        report = CommentReport(comment_id=comment_id, person=person, reason=reason or None)
        await self._queue.add_report(db, comment, report)
        enough = comment.reports_count >= ENOUGH_REPORTS and Reason.REPORTED not in comment.reasons
        if enough and not await self._is_by_admin(db, comment):
            comment.reasons = [*comment.reasons, Reason.REPORTED.value]
            await self._states.wait(db, comment)
        return REPORTED

    async def _is_by_admin(self, db: AsyncSession, comment: Comment) -> bool:
        """Nobody takes the word from those who decide about it."""
        return any(
            author.is_admin for author in (await self._queue.authors(db, [comment])).values()
        )

    def _person(self, viewer: User | None) -> str:
        if viewer is not None:
            return Person.account(viewer.id).key
        return f"client:{self._people.of(client_key())}"

    async def _carry_out(self, db: AsyncSession, row: Comment, action: ModerationAction) -> bool:
        """Whether this changed anything."""
        before: dict[str, Any] = {"status": row.status, "reports": row.reports_count}
        target = ("comment", row.id)
        if action is ModerationAction.DELETE:
            await self._queue.clear_reports(db, row)
            await self._audit.record(db, Action.COMMENT_DELETED, target=target, before=before)
            await self._states.remove(db, row)
            return True
        status, what = _DECIDED[action]
        approved = status is CommentStatus.APPROVED
        if row.status is status and not (approved and row.reports_count):
            return False
        if approved:
            # That somebody has looked at reports is remembered: they hide it no more.
            was_reported = row.reports_count > 0 or Reason.REPORTED in row.reasons
            row.reasons = [Reason.REPORTED.value] if was_reported else []
            await self._queue.clear_reports(db, row)
        await self._states.change(db, row, status)
        after = {"status": row.status, "reports": row.reports_count}
        await self._audit.record(db, what, target=target, before=before, after=after)
        return True

    async def _shown(self, db: AsyncSession, rows: list[Comment]) -> list[ModeratedView]:
        authors = await self._queue.authors(db, rows)
        subjects = await self._queue.titles(db, {(row.entity_type, row.entity_id) for row in rows})
        reports = await self._queue.reports(db, rows)
        targets = {ReactionTarget.COMMENTS: [row.id for row in rows if row.reactions_count]}
        standings = await self._reactions.standings(db, targets, None)
        counts = {row_id: standing.counts for (_, row_id), standing in standings.items()}
        shown = []
        for row in rows:
            author = authors.get(row.author_id or 0)
            view = self._views.of(row, author, counts.get(row.id, {}), None, moderates=True)
            place = row.entity_type, row.entity_id
            if place not in subjects:
                # It was deleted for good since the comments were read.
                continue
            slug, title = subjects[place]
            shown.append(
                ModeratedView(
                    **{part.name: getattr(view, part.name) for part in fields(view)},
                    email=row.guest_email,
                    confirmed=row.confirmed_at is not None,
                    client=row.client,
                    agent=row.agent,
                    reasons=row.reasons,
                    spam_score=row.spam_score,
                    reports_count=row.reports_count,
                    reports=reports.get(row.id, []),
                    entity=SubjectView(type=place[0], id=place[1], slug=slug, title=title),
                )
            )
        return shown
