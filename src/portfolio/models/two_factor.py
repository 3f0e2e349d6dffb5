from enum import StrEnum

from sqlalchemy import ForeignKey, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base, Entity
from portfolio.models.types import BIGINT, Moment, PrimaryKey, enum_of


class Method(StrEnum):
    """How a second factor is proven, in the order in which they are offered."""

    TOTP = "totp"
    EMAIL = "email"
    RECOVERY_CODE = "recovery_code"


class SecondFactor(Entity):
    """A factor that an account enrolled; it counts once it is confirmed."""

    __tablename__ = "second_factors"
    __table_args__ = (UniqueConstraint("user_id", "method"),)

    user_id: Mapped[int] = mapped_column(BIGINT, ForeignKey("users.id", ondelete="CASCADE"))
    method: Mapped[Method] = mapped_column(enum_of(Method, "method"))
    # The seed of TOTP, sealed.
    secret: Mapped[str | None] = mapped_column(Unicode(400))
    confirmed_at: Mapped[Moment | None]
    # The time step of the last code that was accepted: no earlier one, nor it, works again.
    last_step: Mapped[int | None] = mapped_column(BIGINT)


class RecoveryCode(Base):
    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "digest"),)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(BIGINT, ForeignKey("users.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(Unicode(64))
    used_at: Mapped[Moment | None]


class LoginChallenge(Entity):
    """A login whose password was right and whose second factor is still to come."""

    __tablename__ = "login_challenges"

    digest: Mapped[str] = mapped_column(Unicode(64), unique=True)
    user_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    # The code that was sent by mail last, keyed: six digits alone are guessed in no time. It lives
    # as long as the challenge.
    code_digest: Mapped[str | None] = mapped_column(Unicode(64))
    code_failures: Mapped[int] = mapped_column(default=0)
