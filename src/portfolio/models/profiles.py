"""The owner's profile and the sections of a résumé (JSON Resume 1.0.0).

NULL means that a field was not given, "" and [] that it was given empty: the résumé comes back
as it was put. `extras` keeps what the standard allows beyond the columns.
"""

from sqlalchemy import ForeignKey, Unicode
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from portfolio.models.base import Entity
from portfolio.models.types import BIGINT, Json, LongText, ShortText, Url


class Profile(Entity):
    __tablename__ = "profiles"

    user_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("users.id", ondelete="CASCADE"), unique=True
    )
    name: Mapped[ShortText | None]
    headline: Mapped[ShortText | None]
    image_url: Mapped[Url | None]
    email: Mapped[str | None] = mapped_column(Unicode(254))
    phone: Mapped[ShortText | None]
    website: Mapped[Url | None]
    summary_markdown: Mapped[LongText | None]
    summary_html: Mapped[LongText | None]
    address: Mapped[LongText | None]
    postal_code: Mapped[ShortText | None]
    city: Mapped[ShortText | None]
    region: Mapped[ShortText | None]
    country_code: Mapped[str | None] = mapped_column(Unicode(20))
    extras: Mapped[Json]


class Section(Entity):
    """One entry of a section, in the order that the owner gave them."""

    __abstract__ = True

    @declared_attr
    def profile_id(cls) -> Mapped[int]:  # noqa: N805 - declared_attr hands over the class
        return mapped_column(BIGINT, ForeignKey("profiles.id", ondelete="CASCADE"), index=True)

    position: Mapped[int] = mapped_column(default=0)
    extras: Mapped[Json]


class Experience(Section):
    __tablename__ = "experience"

    company: Mapped[ShortText | None]
    title: Mapped[ShortText | None]
    location: Mapped[ShortText | None]
    description: Mapped[LongText | None]
    url: Mapped[Url | None]
    started_on: Mapped[str | None] = mapped_column(Unicode(10))
    ended_on: Mapped[str | None] = mapped_column(Unicode(10))
    summary: Mapped[LongText | None]
    highlights: Mapped[Json | None]


class Education(Section):
    __tablename__ = "education"

    institution: Mapped[ShortText | None]
    url: Mapped[Url | None]
    area: Mapped[ShortText | None]
    degree: Mapped[ShortText | None]
    started_on: Mapped[str | None] = mapped_column(Unicode(10))
    ended_on: Mapped[str | None] = mapped_column(Unicode(10))
    score: Mapped[ShortText | None]
    courses: Mapped[Json | None]


class Skill(Section):
    __tablename__ = "skills"

    name: Mapped[ShortText | None]
    level: Mapped[ShortText | None]
    keywords: Mapped[Json | None]


class SocialLink(Section):
    __tablename__ = "social_links"

    network: Mapped[ShortText | None]
    username: Mapped[ShortText | None]
    url: Mapped[Url | None]


class Certificate(Section):
    __tablename__ = "certificates"

    name: Mapped[ShortText | None]
    issued_on: Mapped[str | None] = mapped_column(Unicode(10))
    url: Mapped[Url | None]
    issuer: Mapped[ShortText | None]


class Award(Section):
    __tablename__ = "awards"

    title: Mapped[ShortText | None]
    awarded_on: Mapped[str | None] = mapped_column(Unicode(10))
    awarder: Mapped[ShortText | None]
    summary: Mapped[LongText | None]


class Language(Section):
    __tablename__ = "languages"

    language: Mapped[ShortText | None]
    fluency: Mapped[ShortText | None]
