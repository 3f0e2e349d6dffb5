"""Writing, changing and deleting what is said about posts and projects."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.config.comments import CommentSettings
from portfolio.core.context import current
from portfolio.core.errors import (
    CommentsClosedException,
    FieldError,
    ForbiddenException,
    InvalidInputException,
    NotFoundException,
    ReauthenticationRequiredException,
    TooLateException,
    UnauthorizedException,
)
from portfolio.core.markdown import COMMENT_RENDER_VERSION, RenderedComment, render_comment
from portfolio.core.text import is_visible, plain_text
from portfolio.db.repositories.comments import CommentRepository, Subject
from portfolio.db.repositories.threads import OWN
from portfolio.models.audit import Action
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.entities import EntityType
from portfolio.models.users import User
from portfolio.schemas.comments import CommentCreate, CommentUpdate
from portfolio.services.audit import AuditService
from portfolio.services.comments.guests import GuestComments
from portfolio.services.comments.moderation import ModerationService
from portfolio.services.comments.screening import CommentScreening
from portfolio.services.comments.states import CommentStates
from portfolio.services.comments.threads import ThreadService
from portfolio.services.comments.views import CommentView, CommentViews
from portfolio.services.comments.writer import Writer
from portfolio.services.spam import digest_of
from portfolio.services.versions import require_version

# Up to here rendering takes a few milliseconds at worst, less than it may take to find a thread.
SHORT = 500
WAITS = "A moderator will look at it first"
CONFIRM = "Look into your mailbox: the link there confirms your address"
PROVE = "Prove again who you are: POST /api/v1/me/reauthenticate, then repeat this"
_OF_GUESTS = "name", "email", "website"
_NEEDED = "name", "email"


class CommentService:
    def __init__(
        self,
        comments: CommentRepository,
        threads: ThreadService,
        views: CommentViews,
        states: CommentStates,
        screening: CommentScreening,
        guests: GuestComments,
        moderation: ModerationService,
        audit: AuditService,
        settings: CommentSettings,
    ) -> None:
        self._comments = comments
        self._threads = threads
        self._views = views
        self._states = states
        self._screening = screening
        self._guests = guests
        self._moderation = moderation
        self._audit = audit
        self._settings = settings

    async def create(
        self,
        db: AsyncSession,
        kind: EntityType,
        ref: str,
        data: CommentCreate,
        writer: Writer | None,
    ) -> CommentView:
        """By an account, or by a guest; its `detail` says what it waits for, if it does.

        Raises UnauthorizedException where guests may not, NotFoundException,
        CommentsClosedException, InvalidInputException.
        """
        self._require_sender(data, writer)
        rendered = await self._rendered(data.body)
        viewer, user = (writer.viewer, writer.user) if writer else (None, None)
        subject = await self._comments.subject(db, kind, ref, viewer, hold=True)
        if subject.is_closed(utc_now(), self._settings.closes_after):
            raise CommentsClosedException
        parent = await self._parent(db, subject, data.parent_id)
        comment = _made(subject, parent, data, rendered, user)
        comment.status = await self._screening.of_new(db, comment, data, rendered.links, writer)
        await self._states.enter(db, comment, user)
        view = self._views.of(comment, user, {}, None, written=True)
        if not comment.speaks:
            view.detail = await self._waits(db, comment, writer)
        return view

    async def update(
        self,
        db: AsyncSession,
        comment_id: int,
        data: CommentUpdate,
        writer: Writer,
        expected: int | None = None,
    ) -> CommentView:
        """Other words: by its writer for a while, by a moderator always. Its status: by the latter.

        Raises NotFoundException, ForbiddenException, TooLateException, InvalidInputException,
        PreconditionFailedException, ReauthenticationRequiredException.
        """
        if data.status is not None:
            _require_decider(writer)
        rendered = await self._rendered(data.body) if data.body else None
        comment, subject = await self._changeable(
            db, comment_id, writer, expected, self._views.edit_until
        )
        if rendered is not None and data.body != comment.body:
            status = await self._screening.of_changed(db, comment, data, rendered.links, writer)
            comment.body, comment.html = data.body, rendered.html
            comment.digest, comment.render_version = digest_of(data.body), COMMENT_RENDER_VERSION
            # The filter would take back words that it never learned.
            comment.edited_at, comment.learned_as = utc_now(), None
            await self._states.edited(db, comment, subject, status)
            if not writer.wrote(comment):
                await self._audit.record(db, Action.COMMENT_EDITED, target=("comment", comment.id))
        if data.status is not None:
            await self._moderation.set_status(db, comment_id, CommentStatus(data.status))
        return await self._threads.read(db, comment.id, writer.viewer, moderates=writer.moderates)

    async def delete(
        self, db: AsyncSession, comment_id: int, writer: Writer, expected: int | None = None
    ) -> None:
        """By its writer for a while, by a moderator always: a stone if it has answers, else gone.

        Raises NotFoundException, ForbiddenException, TooLateException, PreconditionFailedException,
        ReauthenticationRequiredException.
        """
        comment, _ = await self._changeable(
            db, comment_id, writer, expected, self._views.delete_until
        )
        if not writer.wrote(comment):
            before = {"status": comment.status, "author_id": comment.author_id}
            await self._audit.record(
                db, Action.COMMENT_DELETED, target=("comment", comment.id), before=before
            )
        await self._states.remove(db, comment)

    async def erase(self, db: AsyncSession, user_id: int) -> None:
        """All that an account said: answers first, so that few stones stay.

        The caller holds the account, and all that it commented on.
        """
        while comments := await self._comments.last_by(db, user_id):
            for comment in comments:
                await self._states.remove(db, comment)
                # Each takes some statements, which SQLite answers without letting others in.
                await asyncio.sleep(0)

    # Inside

    def _require_sender(self, data: CommentCreate, writer: Writer | None) -> None:
        """Raises UnauthorizedException, InvalidInputException."""
        if writer is None and not self._settings.guests:
            raise UnauthorizedException("Sign in to comment here")
        names = _NEEDED if writer is None else _OF_GUESTS
        wrong = [name for name in names if (getattr(data, name) is None) == (writer is None)]
        if wrong:
            said = "field required" if writer is None else "you are signed in: leave it out"
            code = "missing" if writer is None else "extra_forbidden"
            raise InvalidInputException(
                f"{wrong[0]}: {said}", errors=[FieldError(name, code, said) for name in wrong]
            )

    async def _rendered(self, body: str) -> RenderedComment:
        """Raises InvalidInputException for what is too long, or says nothing."""
        longest = self._settings.max_length
        if len(body) > longest:
            raise InvalidInputException.of(
                "body", f"should have at most {longest} characters", "string_too_long"
            )
        short = len(body) <= SHORT
        try:
            made = render_comment(body) if short else await asyncio.to_thread(render_comment, body)
        except InvalidInputException as error:
            raise InvalidInputException.of("body", error.detail) from error
        if not is_visible(plain_text(made.html)):
            raise InvalidInputException.of("body", "nothing of it would be seen")
        return made

    async def _parent(
        self, db: AsyncSession, subject: Subject, parent_id: int | None
    ) -> Comment | None:
        """What the new one is put below: answers to the last level join it.

        Raises InvalidInputException for what cannot be answered.
        """
        parent = await self._comments.get(db, parent_id) if parent_id is not None else None
        if parent_id is not None and (
            parent is None
            or (parent.entity_type, parent.entity_id) != (subject.kind, subject.id)
            or not parent.speaks
        ):
            raise InvalidInputException.of("parent_id", "there is no such comment to answer")
        while parent is not None and parent.depth >= self._settings.max_depth:
            above = parent.parent_id
            parent = await self._comments.get(db, above) if above is not None else None
        return parent

    async def _waits(self, db: AsyncSession, comment: Comment, writer: Writer | None) -> str:
        """Have it looked at by whoever has to. Spam waits for nobody, and says the same."""
        unproven = writer is None and self._guests.confirms
        if comment.status is CommentStatus.PENDING:
            if unproven:
                await self._guests.ask(db, comment)
            else:
                await self._states.wait(db, comment)
        return CONFIRM if unproven else WAITS

    async def _changeable(
        self,
        db: AsyncSession,
        comment_id: int,
        writer: Writer,
        expected: int | None,
        until: Callable[[Comment], datetime],
    ) -> tuple[Comment, Subject]:
        comment, subject = await self._comments.held_one(db, comment_id, writer.viewer)
        own = writer.wrote(comment)
        seen = writer.moderates or comment.speaks or (own and comment.status in OWN)
        if comment.deleted_at is not None or not seen:
            raise NotFoundException
        if not (own or writer.moderates):
            raise ForbiddenException("Only its writer and moderators may change it")
        if not own and not writer.fresh:
            raise ReauthenticationRequiredException(PROVE)
        if not writer.moderates and utc_now() >= until(comment):
            raise TooLateException
        require_version(comment, expected)
        return comment, subject


def _require_decider(writer: Writer) -> None:
    """Raises InvalidInputException, ReauthenticationRequiredException."""
    if not writer.moderates:
        raise InvalidInputException.of("status", "moderators decide this", "extra_forbidden")
    if not writer.fresh:
        raise ReauthenticationRequiredException(PROVE)


def _made(
    subject: Subject,
    parent: Comment | None,
    data: CommentCreate,
    rendered: RenderedComment,
    user: User | None,
) -> Comment:
    return Comment(
        entity_type=subject.kind,
        entity_id=subject.id,
        parent_id=parent.id if parent else None,
        thread_id=(parent.thread_id or parent.id) if parent else None,
        depth=parent.depth + 1 if parent else 0,
        author_id=user.id if user else None,
        guest_name=data.name,
        guest_email=data.email,
        guest_website=data.website,
        confirmed_at=utc_now() if user else None,
        body=data.body,
        html=rendered.html,
        render_version=COMMENT_RENDER_VERSION,
        digest=digest_of(data.body),
        client=current().client,
        agent=current().agent,
    )
