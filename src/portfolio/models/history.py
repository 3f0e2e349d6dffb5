"""What content was before: earlier texts and earlier addresses."""

from sqlalchemy import ForeignKey, Index, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Entity
from portfolio.models.entities import EntityType
from portfolio.models.types import ADDRESS_LENGTH, BIGINT, Json, enum_of


class Revision(Entity):
    """The text of an entity as one save left it; `number` counts from 1 for each entity."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("entity_type", "entity_id", "number"),)

    entity_type: Mapped[EntityType] = mapped_column(enum_of(EntityType, "entity_type"))
    entity_id: Mapped[int] = mapped_column(BIGINT)
    number: Mapped[int]
    author_id: Mapped[int | None] = mapped_column(
        BIGINT, ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    snapshot: Mapped[Json]

    @property
    def title(self) -> str:
        title: str = self.snapshot["title"]
        return title


class Redirect(Entity):
    """An address under which an entity was known: a former slug, or a path of a former site."""

    __tablename__ = "redirects"
    __table_args__ = (
        UniqueConstraint("entity_type", "address_key"),
        Index("ix_redirects_entity", "entity_type", "entity_id"),
    )

    entity_type: Mapped[EntityType] = mapped_column(enum_of(EntityType, "entity_type"))
    entity_id: Mapped[int] = mapped_column(BIGINT)
    # Without leading and trailing slash; a former slug has none inside either.
    address: Mapped[str] = mapped_column(Unicode(ADDRESS_LENGTH))
    # Folded, since databases differ in what they call equal.
    address_key: Mapped[str] = mapped_column(Unicode(ADDRESS_LENGTH))
    is_slug: Mapped[bool]
