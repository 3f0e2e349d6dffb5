"""Tags and pictures of many entities at once: one statement each, for any number."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from portfolio.models.entities import EntityType
from portfolio.models.media import Image
from portfolio.models.projections import ImageRef, TagRef
from portfolio.models.taxonomy import PostTag, ProjectTag, Tag

# Rendered as literals: SQL Server takes no more than 2,100 parameters.
_IDS = bindparam("ids", type_=Integer, expanding=True, literal_execute=True)
_KIND = bindparam("kind", type_=Image.entity_type.type)
_IMAGES = (
    select(
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
    )
    .where(Image.entity_type == _KIND)
    .order_by(Image.position, Image.id)
)
_ALL = _IMAGES.where(Image.entity_id == bindparam("entity_id", type_=Image.entity_id.type))
_COVERS = _IMAGES.where(Image.is_cover, Image.entity_id.in_(_IDS))


def _tags(
    owner: InstrumentedAttribute[int], link: type[PostTag | ProjectTag]
) -> Select[int, int, str, str]:
    return (
        select(owner, Tag.id, Tag.slug, Tag.name)
        .join(Tag, Tag.id == link.tag_id)
        .where(owner.in_(_IDS))
        .order_by(owner, link.position, link.id)
    )


_TAGS = {
    EntityType.POSTS: _tags(PostTag.post_id, PostTag),
    EntityType.PROJECTS: _tags(ProjectTag.project_id, ProjectTag),
}


async def tags_of(
    db: AsyncSession, kind: EntityType, ids: Sequence[int]
) -> dict[int, list[TagRef]]:
    found: dict[int, list[TagRef]] = defaultdict(list)
    for owner, tag_id, slug, name in await db.execute(_TAGS[kind], {"ids": ids}):
        found[owner].append(TagRef(id=tag_id, slug=slug, name=name))
    return found


async def covers_of(db: AsyncSession, kind: EntityType, ids: Sequence[int]) -> dict[int, ImageRef]:
    rows = await db.execute(_COVERS, {"kind": kind, "ids": ids})
    return {image.entity_id or 0: image for image in map(_image, rows)}


async def images_of(db: AsyncSession, kind: EntityType, entity_id: int) -> list[ImageRef]:
    rows = await db.execute(_ALL, {"kind": kind, "entity_id": entity_id})
    return [_image(row) for row in rows]


def _image(row: Any) -> ImageRef:
    names = (*ImageRef.__dataclass_fields__,)
    return ImageRef(**dict(zip(names, row, strict=False)))
