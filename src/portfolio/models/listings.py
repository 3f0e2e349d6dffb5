"""What filtered lists walk, and how much they would find."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from portfolio.models.base import Base
from portfolio.models.entities import EntityType
from portfolio.models.types import BIGINT, Moment, enum_of


class Facet(StrEnum):
    """What a list of publications can be narrowed down to; its values are numbers."""

    ALL = "all"  # its one value is 0
    TAG = "tag"
    SERIES = "series"
    AUTHOR = "author"
    FEATURED = "featured"  # 0 or 1
    YEAR = "year"


class Listing(Base):
    """That something is found under a value of a facet: published, also ahead of its time, not binned.

    Rows lie in the order of the list, so that a page is read and nothing is sorted. They follow
    the publications before each commit (db/repositories/facets.py), and no foreign key takes them
    away: the tallies would not learn of it.
    """

    __abstract__ = True

    facet: Mapped[Facet] = mapped_column(enum_of(Facet, "facet"), primary_key=True, sort_order=1)
    value: Mapped[int] = mapped_column(BIGINT, primary_key=True, autoincrement=False, sort_order=2)
    entity_id: Mapped[int] = mapped_column(
        BIGINT, primary_key=True, autoincrement=False, sort_order=4
    )

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - declared_attr hands over the class
        table = cls.__tablename__
        return Index(f"ix_{table}_entity_id", "entity_id"), {"sqlite_with_rowid": False}


class PostListing(Listing):
    __tablename__ = "post_listings"

    # listed_at of the post.
    rank: Mapped[Moment] = mapped_column(primary_key=True, sort_order=3)


class ProjectListing(Listing):
    __tablename__ = "project_listings"

    # position of the project.
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=3)


class PublicationTally(Base):
    """How many listings a value of a facet has: counting them would cost more than the list."""

    __tablename__ = "publication_tallies"

    entity_type: Mapped[EntityType] = mapped_column(
        enum_of(EntityType, "entity_type"), primary_key=True
    )
    facet: Mapped[Facet] = mapped_column(enum_of(Facet, "facet"), primary_key=True)
    value: Mapped[int] = mapped_column(BIGINT, primary_key=True, autoincrement=False)
    published: Mapped[int] = mapped_column(BIGINT)
