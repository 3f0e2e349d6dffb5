from dataclasses import dataclass, field

from sqlalchemy import ForeignKey, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.core.clock import utc_now
from portfolio.models.base import Base
from portfolio.models.entities import EntityType, ReactionTarget
from portfolio.models.types import BIGINT, Moment, PrimaryKey, enum_of

KIND_LENGTH = 40


class Reaction(Base):
    """That a person likes something, or whatever kinds there are: each kind once."""

    __tablename__ = "reactions"
    __table_args__ = (UniqueConstraint("target_type", "target_id", "person", "kind"),)

    id: Mapped[PrimaryKey]
    target_type: Mapped[ReactionTarget] = mapped_column(enum_of(ReactionTarget, "target_type"))
    target_id: Mapped[int] = mapped_column(BIGINT)
    kind: Mapped[str] = mapped_column(Unicode(KIND_LENGTH))
    # "user:5", or "guest:" and the id in the guest's cookie.
    person: Mapped[str] = mapped_column(Unicode(80), index=True)
    # Of an account: which cannot go while its reactions are there, or the tallies would be wrong.
    user_id: Mapped[int | None] = mapped_column(BIGINT, ForeignKey("users.id"), index=True)
    created_at: Mapped[Moment] = mapped_column(default=utc_now)


class ReactionTally(Base):
    """How many reactions of a kind something has; of what there is none of there is no row."""

    __tablename__ = "reaction_tallies"

    target_type: Mapped[ReactionTarget] = mapped_column(
        enum_of(ReactionTarget, "target_type"), primary_key=True
    )
    target_id: Mapped[int] = mapped_column(BIGINT, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Unicode(KIND_LENGTH), primary_key=True)
    count: Mapped[int] = mapped_column(BIGINT)


@dataclass(frozen=True, slots=True)
class Person:
    """Who reacts: an account, or a guest by the id in their cookie."""

    key: str
    user_id: int | None = None

    @classmethod
    def account(cls, user_id: int) -> "Person":
        return cls(f"user:{user_id}", user_id)

    @classmethod
    def guest(cls, guest_id: str) -> "Person":
        return cls(f"guest:{guest_id}")

    @property
    def guest_id(self) -> str:
        """Of a guest."""
        return self.key.removeprefix("guest:")


@dataclass(frozen=True, slots=True)
class Place:
    """What is reacted to, and the post or project that it is, or belongs to."""

    target: ReactionTarget
    id: int
    entity_type: EntityType
    entity_id: int
    is_public: bool


@dataclass(slots=True)
class Standing:
    """The reactions that something has by kind, and which of them are a person's."""

    counts: dict[str, int] = field(default_factory=dict)
    mine: set[str] = field(default_factory=set)
