"""Pictures and videos of posts, projects and profiles, and the library of those that wait."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import InvalidInputException
from portfolio.core.media_links import key_of
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.media import ImageRepository
from portfolio.models.entities import EntityType
from portfolio.models.media import Image, Video
from portfolio.models.users import User
from portfolio.schemas.media import ImageCreate, ImageUpdate, ImageUpload
from portfolio.services.attachments import AttachmentService
from portfolio.services.outbox import OutboxService
from portfolio.services.picture_files import RENDER_PICTURE, StoredPicture
from portfolio.services.quota import UploadQuota
from portfolio.services.versions import require_version
from portfolio.services.videos import VideoService

# What a row says of its file, whichever thing shows it.
_OF_A_FILE = (
    "url",
    "storage_key",
    "width",
    "height",
    "bytes",
    "content_type",
    "variants",
    "placeholder",
    "color",
    "uploaded_by",
)


class MediaService(AttachmentService[Image]):
    """All media by what they belong to; pictures also as the doors offer them."""

    def __init__(
        self,
        images: ImageRepository,
        videos: VideoService,
        entities: EntityRepository,
        outbox: OutboxService,
        quota: UploadQuota,
    ) -> None:
        super().__init__(images, entities, outbox, quota)
        self._images = images
        self._videos = videos

    # By entity

    async def add_image(
        self,
        db: AsyncSession,
        entity_id: int | None,
        entity_type: EntityType | str | None,
        url: str,
        *,
        alt: str | None = None,
        caption: str | None = None,
        position: int | None = None,
        is_cover: bool = False,
        focal_point: dict[str, float] | None = None,
    ) -> Image:
        """Attach a picture by its address, behind the others; without entity, to the library.

        The cover that there is, given again, stays one image. Raises NotFoundException for the
        entity, InvalidInputException for a file of ours that is not there.
        """
        kind = await self._hold(db, entity_id, entity_type)
        stored = await self._stored(db, url)
        details = {
            **stored,
            "alt": alt,
            "caption": caption,
            "position": position,
            "focal_point": focal_point,
            "is_cover": is_cover or None,
        }
        url = stored.get("url", url)
        cover = await self._images.cover(db, kind, entity_id) if is_cover else None
        same = cover if cover is not None and cover.url == url else None
        return await self._attach(db, entity_id, kind, url, details, same)

    async def add_picture(
        self,
        db: AsyncSession,
        entity_id: int | None,
        entity_type: EntityType | str | None,
        picture: StoredPicture,
        *,
        uploaded_by: int | None = None,
        **details: Any,
    ) -> Image:
        """Attach one that was just stored; the same content once more gives the same image.

        Variants that are not made yet are made soon. `details` are those of add_image(). Raises
        NotFoundException for the entity, and what UploadQuota raises.
        """
        details["is_cover"] = details.get("is_cover") or None
        values = {**details, **columns_of(picture), "uploaded_by": uploaded_by}
        async with self._quota.within(db, uploaded_by):
            kind = await self._hold(db, entity_id, entity_type)
            same = await self._images.with_url(db, kind, entity_id, picture.file.url)
            image = await self._attach(db, entity_id, kind, picture.file.url, values, same)
        if image.variants is None:
            await self._outbox.put(db, RENDER_PICTURE, {"key": picture.file.key})
        return image

    async def add_video(
        self,
        db: AsyncSession,
        entity_id: int | None,
        entity_type: EntityType | str | None,
        url: str,
        *,
        title: str | None = None,
        poster: str | None = None,
        duration: float | None = None,
        position: int | None = None,
    ) -> Video:
        """As add_image(): a link to YouTube, Vimeo or any place, or the path of a file of ours."""
        details = {"title": title, "poster": poster, "duration": duration, "position": position}
        return await self._videos.add(db, entity_id, entity_type, url, **details)

    async def get_images(
        self, db: AsyncSession, entity_id: int, entity_type: EntityType | str
    ) -> list[Image]:
        """By position."""
        return await self.of_entity(db, entity_id, entity_type)

    async def get_videos(
        self, db: AsyncSession, entity_id: int, entity_type: EntityType | str
    ) -> list[Video]:
        """By position."""
        return await self._videos.of_entity(db, entity_id, entity_type)

    async def load_images_for_entities(
        self, db: AsyncSession, ids: Iterable[int], entity_type: EntityType | str
    ) -> dict[int, list[Image]]:
        """The images of each, by position, in one statement for any number of entities."""
        return await self.of_entities(db, ids, entity_type)

    async def load_videos_for_entities(
        self, db: AsyncSession, ids: Iterable[int], entity_type: EntityType | str
    ) -> dict[int, list[Video]]:
        """The videos of each, by position, in one statement for any number of entities."""
        return await self._videos.of_entities(db, ids, entity_type)

    async def set_cover(self, db: AsyncSession, image_id: int) -> Image:
        """Raises NotFoundException; InvalidInputException for an image of the library."""
        return await self.update(db, image_id, ImageUpdate(cover=True))

    async def delete_for_entity(
        self, db: AsyncSession, entity_id: int, entity_type: EntityType | str
    ) -> None:
        """All pictures and videos of it, with the files that nothing else shows."""
        await super().delete_for_entity(db, entity_id, entity_type)
        await self._videos.delete_for_entity(db, entity_id, entity_type)

    async def note_former(self, db: AsyncSession) -> int:
        """Of pictures and videos."""
        return await super().note_former(db) + await self._videos.note_former(db)

    # As the doors offer it

    async def create(
        self,
        db: AsyncSession,
        target: tuple[EntityType, str] | None,
        data: ImageCreate | ImageUpload,
        picture: StoredPicture | None,
        user: User,
    ) -> Image:
        """By its address, or as it was just stored; without `target`, into the library.

        Raises NotFoundException, InvalidInputException, and what UploadQuota raises.
        """
        kind, entity_id = await self._found(db, target, user)
        details = _details(data.model_dump())
        if picture is None:
            return await self.add_image(db, entity_id, kind, **details)
        return await self.add_picture(db, entity_id, kind, picture, uploaded_by=user.id, **details)

    async def replace_file(
        self,
        db: AsyncSession,
        image_id: int,
        picture: StoredPicture,
        *,
        uploaded_by: int | None = None,
        expected: int | None = None,
    ) -> Image:
        """Another picture in the place of this one; the former address leads to it from now on.

        Raises NotFoundException, PreconditionFailedException, and what UploadQuota raises.
        """
        return await self._replace(db, image_id, columns_of(picture), uploaded_by, expected)

    async def update(
        self, db: AsyncSession, image_id: int, data: ImageUpdate, expected: int | None = None
    ) -> Image:
        """Raises NotFoundException, PreconditionFailedException, InvalidInputException."""
        image = await self._images.get_one(db, image_id)
        require_version(image, expected)
        values = _details(data.model_dump(exclude_unset=True))
        if values.get("is_cover"):
            await self._hold(db, image.entity_id, image.entity_type)
            await self._uncover(db, image.entity_type, image.entity_id, but=image)
        await self._note(db, image.entity_type, image.entity_id)
        return await self._images.update(db, image, values)

    # Inside

    async def _attach(
        self,
        db: AsyncSession,
        entity_id: int | None,
        kind: EntityType | None,
        url: str,
        details: dict[str, Any],
        existing: Image | None,
    ) -> Image:
        values = {name: value for name, value in details.items() if value is not None}
        values["url"] = url
        if "is_cover" in values:
            await self._uncover(db, kind, entity_id, but=existing)
        if existing is not None:
            return await self._images.update(db, existing, values)
        if "position" not in values:
            values["position"] = await self._images.next_position(db, kind, entity_id)
        image = Image(entity_type=kind, entity_id=entity_id, **values)
        return await self._images.create(db, image)

    async def _stored(self, db: AsyncSession, url: str) -> dict[str, Any]:
        """What is known of a picture that is kept here. Raises InvalidInputException without it."""
        key = key_of(url)
        if key is None:
            return {}
        known = await self._images.with_file(db, key)
        if known is None or known.storage_key is None:
            raise InvalidInputException.of("url", "there is no such picture")
        return {name: getattr(known, name) for name in _OF_A_FILE}

    async def _uncover(
        self,
        db: AsyncSession,
        kind: EntityType | None,
        entity_id: int | None,
        but: Image | None,
    ) -> None:
        """Take the cover from whichever image has it."""
        if kind is None or entity_id is None:
            raise InvalidInputException.of("cover", "in the library there is nothing to stand for")
        cover = await self._images.cover(db, kind, entity_id)
        if cover is not None and cover is not but:
            await self._images.update(db, cover, {"is_cover": False})


def columns_of(picture: StoredPicture) -> dict[str, Any]:
    return {
        "url": picture.file.url,
        "storage_key": picture.file.key,
        "width": picture.width,
        "height": picture.height,
        "bytes": picture.file.bytes,
        "content_type": picture.file.content_type,
        "variants": picture.variants,
        "placeholder": picture.placeholder,
        "color": picture.color,
    }


def _details(values: dict[str, Any]) -> dict[str, Any]:
    """As the model calls them."""
    return {"is_cover" if name == "cover" else name: value for name, value in values.items()}
