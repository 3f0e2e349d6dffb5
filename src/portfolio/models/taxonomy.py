"""How content is grouped: tags and series."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base, Entity
from portfolio.models.types import BIGINT, LongText, ShortText, Slug


class Tag(Entity):
    """A word that posts are filed under and a technology that projects are made with."""

    __tablename__ = "tags"

    slug: Mapped[Slug] = mapped_column(unique=True)
    name: Mapped[ShortText]
    description: Mapped[LongText | None]


class Series(Entity):
    """Posts that are meant to be read in order."""

    __tablename__ = "series"

    slug: Mapped[Slug] = mapped_column(unique=True)
    name: Mapped[ShortText]
    description: Mapped[LongText | None]


class PostTag(Base):
    __tablename__ = "post_tags"
    # The tags of a post lie side by side in their order, without a detour over row ids.
    __table_args__ = (UniqueConstraint("tag_id", "post_id"), {"sqlite_with_rowid": False})

    post_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("blog_posts.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tag_id: Mapped[int] = mapped_column(BIGINT, ForeignKey("tags.id", ondelete="CASCADE"))


class ProjectTag(Base):
    __tablename__ = "project_tags"
    __table_args__ = (UniqueConstraint("tag_id", "project_id"), {"sqlite_with_rowid": False})

    project_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tag_id: Mapped[int] = mapped_column(BIGINT, ForeignKey("tags.id", ondelete="CASCADE"))
