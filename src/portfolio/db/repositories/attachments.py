"""Tags, pictures and videos of entities: one statement each, for any number."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ScalarSelect, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute

from portfolio.db.prepared import Prepared, Run
from portfolio.models.entities import EntityType
from portfolio.models.media import Image, Video
from portfolio.models.projections import CaptionRef, ImageRef, TagRef, VideoRef
from portfolio.models.taxonomy import PostTag, ProjectTag, Tag

# As parameters: a page has at most 100 rows, and a statement of the same length is prepared once.
_IDS = bindparam("ids", type_=BigInteger, expanding=True)
_KIND = bindparam("kind", type_=Image.entity_type.type)
_IMAGES = select(
    Image.id,
    Image.entity_type,
    Image.entity_id,
    Image.url,
    Image.alt,
    Image.caption,
    Image.position,
    Image.is_cover,
    Image.width,
    Image.height,
    Image.bytes,
    Image.content_type,
    Image.placeholder,
    Image.focal_point,
    Image.variants,
    Image.color,
).where(Image.entity_type == _KIND)
_ALL = Prepared(
    _IMAGES.where(Image.entity_id == bindparam("entity_id", type_=Image.entity_id.type)).order_by(
        Image.position, Image.id
    )
)
_VIDEOS = Prepared(
    select(
        Video.id,
        Video.entity_type,
        Video.entity_id,
        Video.url,
        Video.provider,
        Video.embed_url,
        Video.poster,
        Video.title,
        Video.duration,
        Video.position,
        Video.width,
        Video.height,
        Video.bytes,
        Video.content_type,
        Video.captions,
    )
    .where(
        Video.entity_type == bindparam("kind", type_=Video.entity_type.type),
        Video.entity_id == bindparam("entity_id", type_=Video.entity_id.type),
    )
    .order_by(Video.position, Video.id)
)
_COVERS = Prepared(_IMAGES.where(Image.is_cover, Image.entity_id.in_(_IDS)))


def _tags(owner: InstrumentedAttribute[int], link: type[PostTag | ProjectTag]) -> Prepared:
    return Prepared(
        select(owner, Tag.id, Tag.slug, Tag.name)
        .join(Tag, Tag.id == link.tag_id)
        .where(owner.in_(_IDS))
        .order_by(owner, link.position)
    )


_TAGS = {
    EntityType.POSTS: _tags(PostTag.post_id, PostTag),
    EntityType.PROJECTS: _tags(ProjectTag.project_id, ProjectTag),
}


def tags_of(run: Run, kind: EntityType, ids: Sequence[int]) -> dict[int, list[TagRef]]:
    found: dict[int, list[TagRef]] = defaultdict(list)
    for owner, tag_id, slug, name in run(_TAGS[kind], {"ids": ids}):
        found[owner].append(TagRef(id=tag_id, slug=slug, name=name))
    return found


def covers_of(run: Run, kind: EntityType, ids: Sequence[int]) -> dict[int, ImageRef]:
    rows = run(_COVERS, {"kind": kind, "ids": ids})
    return {image.entity_id or 0: image for image in map(_image, rows)}


def images_of(run: Run, kind: EntityType, entity_id: int) -> list[ImageRef]:
    rows = run(_ALL, {"kind": kind, "entity_id": entity_id})
    return [_image(row) for row in rows]


def count_of_videos(kind: EntityType, owner: InstrumentedAttribute[int]) -> ScalarSelect[int]:
    """A column by which a read knows whether it has to ask for videos at all."""
    theirs = Video.entity_type == kind, Video.entity_id == owner
    return select(func.count()).select_from(Video).where(*theirs).scalar_subquery()


def videos_of(run: Run, kind: EntityType, entity_id: int) -> list[VideoRef]:
    rows = run(_VIDEOS, {"kind": kind, "entity_id": entity_id})
    return [_video(row) for row in rows]


def _image(row: Any) -> ImageRef:
    image = ImageRef(*row)
    image.variants = image.variants or []
    return image


def _video(row: Any) -> VideoRef:
    video = VideoRef(*row)
    video.captions = [CaptionRef(**track) for track in row[-1]]
    return video
