from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.core.clock import utc_now
from portfolio.models.base import Base
from portfolio.models.types import BIGINT, Moment

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
# Longer than any check takes: after that its process must have died.
LONGEST_CHECK = timedelta(seconds=30)
FORGOTTEN = LONGEST_LOCK = timedelta(days=1)
MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` failures in a row lock for `lock`, `factor` times longer each time, a day at most.

    `cap` failures without a success in between lock until somebody unlocks.
    """

    limit: int
    lock: timedelta
    factor: int = 1
    cap: int | None = None

    def duration(self, locks: int) -> timedelta:
        """Of the lock that follows `locks` others."""
        seconds = self.lock.total_seconds() * self.factor ** min(locks, MOST_DOUBLINGS)
        return min(timedelta(seconds=seconds), LONGEST_LOCK)


class AttemptCounter(Base):
    """How often a secret was guessed wrong: for a login, a row per identifier and kind of client."""

    __tablename__ = "attempt_counters"

    key: Mapped[str] = mapped_column(Unicode(64), primary_key=True)
    # Whose guesses these are, where that is known: of a device, or of somebody signed in.
    user_id: Mapped[int | None] = mapped_column(BIGINT, index=True)
    # Since the last success, or since the last lock ended.
    failures: Mapped[int] = mapped_column(default=0)
    # Since the last success, whatever was locked in between.
    streak: Mapped[int] = mapped_column(default=0)
    # Being checked right now; they count as failures until their outcome is known.
    pending: Mapped[int] = mapped_column(default=0)
    pending_until: Mapped[Moment | None]
    locks: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[Moment | None]
    updated_at: Mapped[Moment] = mapped_column(default=utc_now, index=True)

    def locked_for(self, now: datetime) -> int | None:
        """Whole seconds until the next attempt may be made; None if it may be made now."""
        if self.locked_until is None or self.locked_until <= now:
            return None
        return int((self.locked_until - now).total_seconds()) + 1

    def begin(self, now: datetime, rules: Rules) -> bool:
        """Take one of the attempts that are left; False while others that run may use them up.

        Those whose outcome nobody noted have failed.
        """
        if self.pending and self.pending_until is not None and self.pending_until <= now:
            for _ in range(self.pending):
                self.fail(now, rules)
        if not self.pending and self.updated_at <= now - FORGOTTEN:
            self.failures = self.locks = 0
        if self.locked_for(now) is not None or self.failures + self.pending >= rules.limit:
            return False
        self.pending += 1
        self.pending_until = now + LONGEST_CHECK
        self.updated_at = now
        return True

    def fail(self, now: datetime, rules: Rules) -> bool:
        """Count a failure; True if it locks."""
        self.pending = max(0, self.pending - 1)
        self.failures += 1
        self.streak += 1
        self.updated_at = now
        if self.failures < rules.limit:
            return False
        self.locked_until = now + rules.duration(self.locks)
        if rules.cap is not None and self.streak >= rules.cap:
            self.locked_until = FOREVER
        self.locks += 1
        self.failures = 0
        return True

    def release(self) -> None:
        """The attempt is over, and no failure."""
        self.pending = max(0, self.pending - 1)

    def clear(self) -> None:
        """The secret was right, or whose it is has proven so in another way.

        Attempts that run go on: each still has to release() or to fail().
        """
        self.failures = self.streak = self.locks = 0
        self.locked_until = None
