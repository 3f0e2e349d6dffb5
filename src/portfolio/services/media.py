"""Pictures of posts, projects and profiles, and the library of those that belong to none yet."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.storage import Storage, StoredFile, key_of
from portfolio.core.errors import InvalidInputException, NotFoundException
from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.media import ImageRepository
from portfolio.models.entities import EntityType
from portfolio.models.media import Image
from portfolio.models.users import User
from portfolio.schemas.media import ImageCreate, ImageUpdate
from portfolio.services import policy
from portfolio.services.files import DELETE_FILE
from portfolio.services.outbox import OutboxService
from portfolio.services.versions import require_version


class MediaService:
    """`entity_type` is an EntityType, its value, or the word for a single one: "project"."""

    def __init__(
        self,
        images: ImageRepository,
        entities: EntityRepository,
        storage: Storage,
        outbox: OutboxService,
    ) -> None:
        self._images = images
        self._entities = entities
        self._storage = storage
        self._outbox = outbox

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
        stored = None
        key = key_of(url)
        if key is not None:
            stored = await self._storage.renew(key)
            if stored is None:
                raise InvalidInputException.of("url", "there is no such file")
        details = {
            "alt": alt,
            "caption": caption,
            "position": position,
            "focal_point": focal_point,
            "is_cover": is_cover or None,
        }
        cover = await self._images.cover(db, kind, entity_id) if is_cover else None
        same = cover if cover is not None and cover.url == url else None
        return await self._attach(db, entity_id, kind, url, stored, details, same)

    async def add_file(
        self,
        db: AsyncSession,
        entity_id: int | None,
        entity_type: EntityType | str | None,
        path: Path,
        *,
        alt: str | None = None,
        caption: str | None = None,
        position: int | None = None,
        is_cover: bool = False,
    ) -> Image:
        """Store a local file and attach it; the same content once more gives the same image.

        Raises NotFoundException, UnsupportedMediaTypeException, PayloadTooLargeException,
        UnavailableException.
        """
        kind = await self._hold(db, entity_id, entity_type)
        stored = await self._storage.put_file(path)
        details = {
            "alt": alt,
            "caption": caption,
            "position": position,
            "is_cover": is_cover or None,
        }
        same = await self._images.with_url(db, kind, entity_id, stored.url)
        return await self._attach(db, entity_id, kind, stored.url, stored, details, same)

    async def get_images(
        self, db: AsyncSession, entity_id: int, entity_type: EntityType | str
    ) -> list[Image]:
        """By position."""
        return await self._images.of_entities(db, EntityType.named(entity_type), [entity_id])

    async def load_images_for_entities(
        self, db: AsyncSession, ids: Iterable[int], entity_type: EntityType | str
    ) -> dict[int, list[Image]]:
        """The images of each, by position, in one statement for any number of entities."""
        found: dict[int, list[Image]] = {entity_id: [] for entity_id in ids}
        if found:
            kind = EntityType.named(entity_type)
            for image in await self._images.of_entities(db, kind, list(found)):
                found[image.entity_id or 0].append(image)
        return found

    async def set_cover(self, db: AsyncSession, image_id: int) -> Image:
        """Raises NotFoundException; InvalidInputException for an image of the library."""
        return await self.update(db, image_id, ImageUpdate(cover=True))

    async def delete_for_entity(
        self, db: AsyncSession, entity_id: int, entity_type: EntityType | str
    ) -> None:
        """With the files that nothing else shows."""
        for image in await self.get_images(db, entity_id, entity_type):
            await self._remove(db, image)

    # As the doors offer it

    async def page(
        self,
        db: AsyncSession,
        kind: EntityType,
        ref: str,
        request: PageRequest,
        viewer: User | None,
    ) -> Page[Image]:
        """Raises NotFoundException, also for the images of what `viewer` may not see."""
        entity_id = await self._entities.find(db, kind, ref, viewer)
        return await self._images.page_of(db, kind, entity_id, request)

    async def library(self, db: AsyncSession, request: PageRequest) -> Page[Image]:
        """Images without entity, the newest first."""
        newest_first = replace(request, sort=request.sort or "-created_at")
        return await self._images.page_of(db, None, None, newest_first)

    async def read(self, db: AsyncSession, image_id: int, viewer: User | None) -> Image:
        """Raises NotFoundException; for others than admins also for images of the library."""
        image = await self._images.get_one(db, image_id)
        if image.entity_type is not None and image.entity_id is not None:
            await self._entities.find(db, image.entity_type, image.entity_id, viewer)
        elif not policy.may_edit_content(viewer):
            raise NotFoundException
        return image

    async def create(
        self, db: AsyncSession, kind: EntityType, ref: str, data: ImageCreate, viewer: User
    ) -> Image:
        """Raises NotFoundException, InvalidInputException."""
        entity_id = await self._entities.find(db, kind, ref, viewer)
        return await self.add_image(db, entity_id, kind, **_details(data.model_dump()))

    async def create_in_library(self, db: AsyncSession, data: ImageCreate) -> Image:
        """Raises InvalidInputException."""
        return await self.add_image(db, None, None, **_details(data.model_dump()))

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
        return await self._images.update(db, image, values)

    async def reorder(
        self, db: AsyncSession, kind: EntityType, ref: str, ids: Sequence[int], viewer: User
    ) -> Page[Image]:
        """Raises NotFoundException; InvalidInputException unless `ids` name every image once."""
        entity_id = await self._entities.find(db, kind, ref, viewer)
        await self._entities.hold(db, kind, entity_id)
        images = {image.id: image for image in await self.get_images(db, entity_id, kind)}
        if sorted(ids) != sorted(images):
            raise InvalidInputException.of("ids", "name every image of it, each once")
        for position, image_id in enumerate(ids):
            images[image_id].position = position
        await db.flush()
        ordered = [images[image_id] for image_id in ids]
        return Page(ordered, limit=len(ordered), total=len(ordered), page=1)

    async def delete(self, db: AsyncSession, image_id: int, expected: int | None = None) -> None:
        """Raises NotFoundException, PreconditionFailedException."""
        image = await self._images.get_one(db, image_id)
        require_version(image, expected)
        await self._remove(db, image)

    # Inside

    async def _hold(
        self, db: AsyncSession, entity_id: int | None, entity_type: EntityType | str | None
    ) -> EntityType | None:
        if entity_type is None or entity_id is None:
            return None
        kind = EntityType.named(entity_type)
        await self._entities.hold(db, kind, entity_id)
        return kind

    async def _attach(
        self,
        db: AsyncSession,
        entity_id: int | None,
        kind: EntityType | None,
        url: str,
        stored: StoredFile | None,
        details: dict[str, Any],
        existing: Image | None,
    ) -> Image:
        values = {name: value for name, value in details.items() if value is not None}
        if "is_cover" in values:
            await self._uncover(db, kind, entity_id, but=existing)
        if existing is not None:
            return await self._images.update(db, existing, values)
        if "position" not in values:
            values["position"] = await self._images.next_position(db, kind, entity_id)
        if stored is not None:
            values.update(
                storage_key=stored.key,
                width=stored.width,
                height=stored.height,
                bytes=stored.bytes,
                content_type=stored.content_type,
            )
        image = Image(entity_type=kind, entity_id=entity_id, url=url, **values)
        return await self._images.create(db, image)

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

    async def _remove(self, db: AsyncSession, image: Image) -> None:
        await self._images.delete(db, image)
        if image.storage_key is not None:
            await self._outbox.put(db, DELETE_FILE, {"key": image.storage_key})


def _details(values: dict[str, Any]) -> dict[str, Any]:
    """As the model calls them."""
    return {"is_cover" if name == "cover" else name: value for name, value in values.items()}
