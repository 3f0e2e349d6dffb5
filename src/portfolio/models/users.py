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

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN
