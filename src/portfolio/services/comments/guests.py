"""Guests prove that the address is theirs, or are forgotten."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.errors import InvalidTokenException, UnauthorizedException
from portfolio.core.security import ROW_ID, SignedTokens, digest
from portfolio.db.repositories.comments import CommentRepository
from portfolio.db.session import Database
from portfolio.models.comments import Comment, CommentStatus
from portfolio.schemas.comments import Confirmed
from portfolio.services.comments.screening import CommentScreening
from portfolio.services.comments.states import CommentStates
from portfolio.services.notifications import CommentNotifications

LIFE = timedelta(days=7)
# Longer than a link lives by more than any clock is wrong.
UNCONFIRMED_KEPT = LIFE + timedelta(hours=1)
# How long it is of use to know from where a comment came.
ORIGIN_KEPT = timedelta(days=90)
SHOWN = "Your address is confirmed, and your comment is shown"
WAITS = "Your address is confirmed; a moderator will look at your comment"


class ConfirmationTokens:
    """Of the links by which guests confirm: for one comment, and the address it was sent with."""

    def __init__(self, keys: list[str], issuer: str) -> None:
        self._tokens = SignedTokens(keys, issuer, f"{issuer}/comments", "comment+jwt")

    def issue(self, comment: Comment) -> str:
        claims = {"sub": str(comment.id), "address": digest(comment.guest_email or "")}
        return self._tokens.sign(claims, comment.created_at + LIFE)

    def check(self, token: str) -> tuple[int, str]:
        """The comment's id, and the digest of the address. Raises InvalidTokenException."""
        try:
            claims = self._tokens.open(token)
        except UnauthorizedException as error:
            raise InvalidTokenException from error
        match claims:
            case {"sub": str(subject), "address": str(address)} if ROW_ID.fullmatch(subject):
                return int(subject), address
        raise InvalidTokenException


class GuestComments:
    def __init__(
        self,
        database: Database,
        comments: CommentRepository,
        states: CommentStates,
        screening: CommentScreening,
        notifications: CommentNotifications,
        tokens: ConfirmationTokens,
        *,
        confirms: bool,
    ) -> None:
        """`confirms`: mail is configured; otherwise what guests write waits for a moderator."""
        self._database = database
        self._comments = comments
        self._states = states
        self._screening = screening
        self._notifications = notifications
        self._tokens = tokens
        self.confirms = confirms

    def token_of(self, comment: Comment) -> str:
        """By which its writer confirms the address."""
        return self._tokens.issue(comment)

    async def ask(self, db: AsyncSession, comment: Comment) -> None:
        """Mail the link with its token."""
        expires_at = comment.created_at + LIFE
        await self._notifications.confirm(db, comment, self.token_of(comment), expires_at)

    def check(self, token: str) -> None:
        """Raises InvalidTokenException for one that confirm() would not take."""
        self._tokens.check(token)

    async def confirm(self, db: AsyncSession, token: str) -> Confirmed:
        """The address is its writer's, so the comment is treated as any other; only once.

        Raises InvalidTokenException, also where the comment is gone.
        """
        comment_id, address = self._tokens.check(token)
        held = await self._comments.held(db, [comment_id])
        if not held or digest(held[0].guest_email or "") != address:
            raise InvalidTokenException
        comment = held[0]
        if comment.confirmed_at is None:
            comment.confirmed_at = utc_now()
            await self._comments.save(db)
            if comment.status is CommentStatus.PENDING:
                await self._decide(db, comment)
        return Confirmed(
            id=comment.id,
            entity_type=comment.entity_type,
            entity_id=comment.entity_id,
            status=CommentStatus.APPROVED if comment.speaks else CommentStatus.PENDING,
            detail=SHOWN if comment.speaks else WAITS,
        )

    async def forget(self) -> None:
        """What nobody confirmed, and from where older ones came."""
        now = utc_now()
        async with self._database.transaction() as db:
            if self.confirms:
                await self._comments.forget_unconfirmed(db, now - UNCONFIRMED_KEPT)
            await self._comments.forget_origins(db, now - ORIGIN_KEPT)

    async def _decide(self, db: AsyncSession, comment: Comment) -> None:
        # Reasons stand there if the spam filter wants a moderator to look.
        if not comment.reasons and await self._screening.passes(db, comment):
            await self._states.change(db, comment, CommentStatus.APPROVED)
        else:
            await self._states.wait(db, comment)
