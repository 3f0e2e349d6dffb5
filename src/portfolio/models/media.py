from enum import StrEnum

from sqlalchemy import Double, Index, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Entity
from portfolio.models.entities import EntityType
from portfolio.models.types import BIGINT, Json, LongText, ShortText, Url, enum_of


class Image(Entity):
    """A picture by address or as a file of ours (`storage_key`); without entity: in the library."""

    __tablename__ = "images"
    __table_args__ = (Index("ix_images_entity", "entity_type", "entity_id", "position"),)

    entity_type: Mapped[EntityType | None] = mapped_column(enum_of(EntityType, "entity_type"))
    entity_id: Mapped[int | None] = mapped_column(BIGINT)
    url: Mapped[Url]
    storage_key: Mapped[str | None] = mapped_column(Unicode(200), index=True)
    alt: Mapped[LongText | None]
    caption: Mapped[LongText | None]
    position: Mapped[int] = mapped_column(default=0)
    is_cover: Mapped[bool] = mapped_column(default=False)
    width: Mapped[int | None]
    height: Mapped[int | None]
    bytes: Mapped[int | None] = mapped_column(BIGINT)
    content_type: Mapped[str | None] = mapped_column(Unicode(100))
    placeholder: Mapped[LongText | None]
    # {"x": 0.5, "y": 0.5}: the point that must stay in view, as fractions of width and height.
    focal_point: Mapped[Json | None]
    # [{"url": "/media/…", "width": 640, "height": 360, "format": "avif", "bytes": 20480}], by format
    # and width; None: not made yet.
    variants: Mapped[Json | None]
    # The dominant one, as "#rrggbb".
    color: Mapped[str | None] = mapped_column(Unicode(7))
    uploaded_by: Mapped[int | None] = mapped_column(BIGINT, index=True)


class VideoProvider(StrEnum):
    FILE = "file"
    YOUTUBE = "youtube"
    VIMEO = "vimeo"
    OTHER = "other"


class Video(Entity):
    """A film as a file of ours or by address; without entity: in the library."""

    __tablename__ = "videos"
    __table_args__ = (Index("ix_videos_entity", "entity_type", "entity_id", "position"),)

    entity_type: Mapped[EntityType | None] = mapped_column(enum_of(EntityType, "entity_type"))
    entity_id: Mapped[int | None] = mapped_column(BIGINT)
    url: Mapped[Url]
    storage_key: Mapped[str | None] = mapped_column(Unicode(200), index=True)
    provider: Mapped[VideoProvider] = mapped_column(enum_of(VideoProvider, "provider"))
    embed_url: Mapped[Url | None]
    poster: Mapped[Url | None]
    # Of a poster that is a file of ours.
    poster_key: Mapped[str | None] = mapped_column(Unicode(200), index=True)
    title: Mapped[ShortText | None]
    # In seconds.
    duration: Mapped[float | None] = mapped_column(Double)
    position: Mapped[int] = mapped_column(default=0)
    width: Mapped[int | None]
    height: Mapped[int | None]
    bytes: Mapped[int | None] = mapped_column(BIGINT)
    content_type: Mapped[str | None] = mapped_column(Unicode(100))
    # [{"language": "en", "label": "English", "url": "/media/….vtt"}], by language.
    captions: Mapped[Json] = mapped_column(default=list)
    uploaded_by: Mapped[int | None] = mapped_column(BIGINT, index=True)
