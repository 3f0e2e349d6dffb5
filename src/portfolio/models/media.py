from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Double, Index, Unicode, event
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from portfolio.core.media_links import key_of
from portfolio.models.base import Base, Entity
from portfolio.models.entities import EntityType
from portfolio.models.types import BIGINT, Json, LongText, PrimaryKey, ShortText, Url, enum_of

KEY_LENGTH = 60


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
    # With all variants.
    total_bytes: Mapped[int | None] = mapped_column(BIGINT)
    uploaded_by: Mapped[int | None] = mapped_column(BIGINT, index=True)

    @property
    def files(self) -> list[str]:
        """The keys of all files that it shows."""
        return _present(self.storage_key, *(key_of(made["url"]) for made in self.variants or []))


@event.listens_for(Image, "before_insert")
@event.listens_for(Image, "before_update")
def _weigh(_mapper: Mapper[Any], _connection: Connection, image: Image) -> None:
    if image.bytes is not None:
        image.total_bytes = image.bytes + sum(made["bytes"] for made in image.variants or [])


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

    @property
    def files(self) -> list[str]:
        """The keys of all files that it shows."""
        tracks = (key_of(track["url"]) for track in self.captions)
        return _present(self.storage_key, self.poster_key, *tracks)


def _present(*keys: str | None) -> list[str]:
    return [key for key in keys if key is not None]


class FileUse(Base):
    """A stored file, and one thing that shows it: an image, a video, or a text that names it.

    `used_by` is the table of that thing; without entity it is in the library.
    """

    __tablename__ = "file_uses"
    __table_args__ = (Index("ix_file_uses_used_by", "used_by", "used_by_id"),)

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(Unicode(KEY_LENGTH), index=True)
    used_by: Mapped[str] = mapped_column(Unicode(20))
    used_by_id: Mapped[int] = mapped_column(BIGINT)
    entity_type: Mapped[EntityType | None] = mapped_column(enum_of(EntityType, "entity_type"))
    entity_id: Mapped[int | None] = mapped_column(BIGINT)


class ReplacedFile(Base):
    """The key of a file of former times, and of the one that took its place."""

    __tablename__ = "replaced_files"

    key: Mapped[str] = mapped_column(Unicode(KEY_LENGTH), primary_key=True)
    successor: Mapped[str] = mapped_column(Unicode(KEY_LENGTH), index=True)
