"""Videos: links to YouTube, Vimeo and elsewhere, and files of ours with posters and captions."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.storage import Storage, content_type_of, key_of
from portfolio.core.errors import InvalidInputException, NotFoundException
from portfolio.core.players import player_of
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.videos import VideoRepository
from portfolio.models.entities import EntityType
from portfolio.models.media import Video, VideoProvider
from portfolio.models.users import User
from portfolio.schemas.videos import VideoCreate, VideoUpdate, VideoUpload
from portfolio.services.attachments import AttachmentService
from portfolio.services.outbox import OutboxService
from portfolio.services.versions import require_version
from portfolio.services.video_files import StoredVideo

MAX_LANGUAGES = 50
# What whoever shows a file that is shown already has no need to say again.
_TOLD = ("title", "poster", "duration", "width", "height")


class VideoService(AttachmentService[Video]):
    def __init__(
        self,
        videos: VideoRepository,
        entities: EntityRepository,
        storage: Storage,
        outbox: OutboxService,
    ) -> None:
        super().__init__(videos, entities, storage, outbox)
        self._videos = videos

    def files_of(self, row: Video) -> Iterable[str]:
        captions = [key_of(caption["url"]) for caption in row.captions]
        return [key for key in (row.storage_key, row.poster_key, *captions) if key is not None]

    # By entity

    async def add(
        self,
        db: AsyncSession,
        entity_id: int | None,
        entity_type: EntityType | str | None,
        url: str,
        **details: Any,
    ) -> Video:
        """Attach by its address, behind the others; without entity, to the library.

        `details` are the fields of VideoFields, and `position`. Raises NotFoundException for the
        entity, InvalidInputException for a file of ours that is not there or is no video.
        """
        kind = await self._hold(db, entity_id, entity_type)
        values = {**await self._by_address(db, url), **_given(details)}
        return await self._attach(db, entity_id, kind, url, values)

    async def add_stored(
        self,
        db: AsyncSession,
        entity_id: int | None,
        entity_type: EntityType | str | None,
        stored: StoredVideo,
        *,
        uploaded_by: int | None = None,
        **details: Any,
    ) -> Video:
        """As add(), for a file that was just stored."""
        kind = await self._hold(db, entity_id, entity_type)
        values: dict[str, Any] = {
            **_of_file(stored.file.key, stored.file.bytes),
            "duration": stored.facts.duration,
            "width": stored.facts.width,
            "height": stored.facts.height,
            "uploaded_by": uploaded_by,
        }
        if stored.poster is not None:
            values["poster"] = stored.poster.url
            if details.get("poster") is not None:
                await self._give_up(db, stored.poster.key)
        values.update(_given(details))
        return await self._attach(db, entity_id, kind, stored.file.url, values)

    # As the doors offer it

    async def create(
        self, db: AsyncSession, kind: EntityType, ref: str, data: VideoCreate, viewer: User
    ) -> Video:
        """Raises NotFoundException, InvalidInputException."""
        entity_id = await self._entities.find(db, kind, ref, viewer)
        return await self.add(db, entity_id, kind, **data.model_dump())

    async def create_in_library(self, db: AsyncSession, data: VideoCreate) -> Video:
        """Raises InvalidInputException."""
        return await self.add(db, None, None, **data.model_dump())

    async def create_stored(
        self,
        db: AsyncSession,
        kind: EntityType | None,
        ref: str,
        stored: StoredVideo,
        data: VideoUpload,
        user: User,
    ) -> Video:
        """Attach a file that was just stored; without `kind`, into the library.

        Raises NotFoundException, InvalidInputException; discard() is for what is left then.
        """
        entity_id = None if kind is None else await self._entities.find(db, kind, ref, user)
        return await self.add_stored(
            db, entity_id, kind, stored, uploaded_by=user.id, **data.model_dump()
        )

    async def discard(self, db: AsyncSession, stored: StoredVideo) -> None:
        """Have what was stored deleted, unless something shows it by now."""
        await self._give_up(db, *stored.keys)

    async def update(
        self, db: AsyncSession, video_id: int, data: VideoUpdate, expected: int | None = None
    ) -> Video:
        """Raises NotFoundException, PreconditionFailedException, InvalidInputException."""
        video = await self._videos.get_one(db, video_id)
        require_version(video, expected)
        values = data.model_dump(exclude_unset=True)
        former = video.poster_key
        if "poster" in values:
            values["poster_key"] = await self._poster_key(values["poster"])
        await self._videos.update(db, video, values)
        if former is not None and former != video.poster_key:
            await self._give_up(db, former)
        return video

    async def caption(
        self,
        db: AsyncSession,
        video_id: int,
        language: str,
        text: str,
        label: str | None = None,
        expected: int | None = None,
    ) -> Video:
        """Put the captions of a language, in the place of former ones.

        Without `label` they keep the one they had, or are called like the language. Raises
        NotFoundException, PreconditionFailedException, InvalidInputException.
        """
        with TemporaryDirectory() as folder:
            path = Path(folder, "captions")
            await asyncio.to_thread(path.write_text, text, "utf-8", newline="")
            stored = await self._storage.put(path, "vtt")
        video = await self._captioned(db, video_id, expected)
        tracks = {track["language"]: track for track in video.captions}
        former = tracks.get(language, {"label": language, "url": stored.url})
        tracks[language] = {
            "language": language,
            "label": label or former["label"],
            "url": stored.url,
        }
        if len(tracks) > MAX_LANGUAGES:
            raise InvalidInputException.of("language", f"at most {MAX_LANGUAGES} languages")
        await self._put_captions(db, video, tracks.values())
        return video

    async def remove_caption(
        self, db: AsyncSession, video_id: int, language: str, expected: int | None = None
    ) -> None:
        """Raises NotFoundException, PreconditionFailedException."""
        video = await self._captioned(db, video_id, expected)
        others = [track for track in video.captions if track["language"] != language]
        if len(others) == len(video.captions):
            raise NotFoundException
        await self._put_captions(db, video, others)

    # Inside

    async def _by_address(self, db: AsyncSession, url: str) -> dict[str, Any]:
        """What the address alone tells of the video."""
        key = key_of(url)
        if key is None:
            player = player_of(url)
            if player is None:
                return {"provider": VideoProvider.OTHER}
            return {"provider": VideoProvider(player.provider), "embed_url": player.url}
        if not await self._storage.renew(key) or not _is(key, "video/"):
            raise InvalidInputException.of("url", "there is no such video")
        known = await self._videos.with_file(db, key)
        if known is None:
            return _of_file(key, None)
        # Kept on behalf of this one too, should the other be deleted just now.
        tracks = [
            track
            for track in known.captions
            if await self._storage.renew(key_of(track["url"]) or "")
        ]
        told = {name: getattr(known, name) for name in _TOLD}
        return {**_of_file(key, known.bytes), **told, "captions": tracks}

    async def _attach(
        self,
        db: AsyncSession,
        entity_id: int | None,
        kind: EntityType | None,
        url: str,
        values: dict[str, Any],
    ) -> Video:
        values["poster_key"] = await self._poster_key(values.get("poster"))
        if "position" not in values:
            values["position"] = await self._videos.next_position(db, kind, entity_id)
        video = Video(entity_type=kind, entity_id=entity_id, url=url, **values)
        return await self._videos.create(db, video)

    async def _poster_key(self, url: str | None) -> str | None:
        """Of a poster that is kept here. Raises InvalidInputException where it is not there."""
        key = key_of(url) if url is not None else None
        if key is not None and (not await self._storage.renew(key) or not _is(key, "image/")):
            raise InvalidInputException.of("poster", "there is no such picture")
        return key

    async def _captioned(self, db: AsyncSession, video_id: int, expected: int | None) -> Video:
        video = await self._videos.get_locked(db, video_id)
        require_version(video, expected)
        return video

    async def _put_captions(
        self, db: AsyncSession, video: Video, tracks: Iterable[dict[str, str]]
    ) -> None:
        before = {*self.files_of(video)}
        ordered = sorted(tracks, key=lambda track: track["language"])
        await self._videos.update(db, video, {"captions": ordered})
        await self._give_up(db, *sorted(before.difference(self.files_of(video))))


def _given(details: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in details.items() if value is not None}


def _of_file(key: str, size: int | None) -> dict[str, Any]:
    return {
        "provider": VideoProvider.FILE,
        "storage_key": key,
        "bytes": size,
        "content_type": content_type_of(key),
    }


def _is(key: str, kind: str) -> bool:
    return content_type_of(key).startswith(kind)
