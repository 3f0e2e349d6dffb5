from enum import StrEnum

from sqlalchemy import Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Entity
from portfolio.models.types import Moment, ShortText, Url, enum_of


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


class User(Entity):
    """An account. E-mail and user name are stored folded (NFKC, lower case): equal means same."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(Unicode(254), unique=True)
    username: Mapped[str] = mapped_column(Unicode(40), unique=True)
    display_name: Mapped[ShortText]
    avatar_url: Mapped[Url | None]
    password_hash: Mapped[str | None] = mapped_column(Unicode(100))
    role: Mapped[Role] = mapped_column(enum_of(Role, "role"), default=Role.USER)
    is_active: Mapped[bool] = mapped_column(default=True)
    last_login_at: Mapped[Moment | None]
    email_verified_at: Mapped[Moment | None]
    # 15 characters or more: what NIST SP 800-63B-4 asks of a password that stands alone.
    has_long_password: Mapped[bool] = mapped_column(default=False)

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def greeting(self) -> str:
        """How mails call its owner: not by what a stranger chose who only entered the address."""
        return "" if self.is_pending else self.display_name

    @property
    def is_pending(self) -> bool:
        """Registered, and never opened: neither was its address confirmed nor did anybody sign in."""
        return self.email_verified_at is None and self.last_login_at is None
