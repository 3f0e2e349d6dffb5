"""Videos: links to YouTube, Vimeo and elsewhere, and files of ours with posters and captions."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.storage import StoredFile, content_type_of
from portfolio.core.errors import InvalidInputException, NotFoundException
from portfolio.core.media_links import key_of
from portfolio.core.players import player_of
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.videos import VideoRepository
from portfolio.models.entities import EntityType
from portfolio.models.media import Video, VideoProvider
from portfolio.models.users import User
from portfolio.schemas.videos import VideoCreate, VideoUpdate, VideoUpload
from portfolio.services.attachments import AttachmentService
from portfolio.services.outbox import OutboxService
from portfolio.services.quota import UploadQuota
from portfolio.services.versions import require_version
from portfolio.services.video_files import StoredVideo

MAX_LANGUAGES = 50
# What whoever shows a file that is shown already has no need to say again.
_TOLD = (
    "url",
    "provider",
    "storage_key",
    "bytes",
    "content_type",
    "title",
    "poster",
    "duration",
    "width",
    "height",
    "uploaded_by",
)


class VideoService(AttachmentService[Video]):
    def __init__(
        self,
        videos: VideoRepository,
        entities: EntityRepository,
        outbox: OutboxService,
        quota: UploadQuota,
    ) -> None:
        super().__init__(videos, entities, outbox, quota)
        self._videos = videos

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
        values = {"url": url, **await self._by_address(db, url), **_given(details)}
        return await self._attach(db, entity_id, kind, values)

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
        """As add(), for a file that was just stored. Raises what UploadQuota raises, too."""
        async with self._quota.within(db, uploaded_by):
            kind = await self._hold(db, entity_id, entity_type)
            values = {**_made(stored), "uploaded_by": uploaded_by, **_given(details)}
            return await self._attach(db, entity_id, kind, values, stored.poster)

    # As the doors offer it

    async def create(
        self,
        db: AsyncSession,
        target: tuple[EntityType, str] | None,
        data: VideoCreate | VideoUpload,
        stored: StoredVideo | None,
        user: User,
    ) -> Video:
        """By its address, or as it was just stored; without `target`, into the library.

        Raises NotFoundException, InvalidInputException, and what UploadQuota raises.
        """
        kind, entity_id = await self._found(db, target, user)
        details = data.model_dump()
        if stored is None:
            return await self.add(db, entity_id, kind, **details)
        return await self.add_stored(db, entity_id, kind, stored, uploaded_by=user.id, **details)

    async def replace_file(
        self,
        db: AsyncSession,
        video_id: int,
        stored: StoredVideo,
        *,
        uploaded_by: int | None = None,
        expected: int | None = None,
    ) -> Video:
        """Another film in the place of this one; the former address leads to it from now on.

        What was said about it stays. Raises NotFoundException, PreconditionFailedException, and
        what UploadQuota raises.
        """
        values = _made(stored)
        if stored.poster is not None:
            values["poster_key"] = stored.poster.key
        return await self._replace(db, video_id, values, uploaded_by, expected)

    async def update(
        self, db: AsyncSession, video_id: int, data: VideoUpdate, expected: int | None = None
    ) -> Video:
        """Raises NotFoundException, PreconditionFailedException, InvalidInputException."""
        video = await self._videos.get_one(db, video_id)
        require_version(video, expected)
        values = data.model_dump(exclude_unset=True)
        former = video.poster_key
        if "poster" in values:
            values["poster_key"] = await self._poster_key(db, values["poster"])
        await self._note(db, video.entity_type, video.entity_id)
        await self._videos.update(db, video, values)
        if former is not None and former != video.poster_key:
            await self._give_up(db, former)
        return video

    async def caption(
        self,
        db: AsyncSession,
        video_id: int,
        language: str,
        stored: StoredFile,
        label: str | None = None,
        expected: int | None = None,
    ) -> Video:
        """Put captions that were just stored, in the place of former ones of their language.

        Without `label` they keep the one they had, or are called like the language. Raises
        NotFoundException, PreconditionFailedException, InvalidInputException.
        """
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
        known = await self._videos.with_file(db, key)
        if known is None or known.storage_key is None:
            raise InvalidInputException.of("url", "there is no such video")
        # Kept on behalf of this one too, should the other be deleted just now.
        tracks = [
            track
            for track in known.captions
            if await self._videos.hold_file(db, key_of(track["url"]) or "")
        ]
        return {name: getattr(known, name) for name in _TOLD} | {"captions": tracks}

    async def _attach(
        self,
        db: AsyncSession,
        entity_id: int | None,
        kind: EntityType | None,
        values: dict[str, Any],
        made: StoredFile | None = None,
    ) -> Video:
        """`made`: a poster that was just stored, and that nothing shows yet."""
        if made is not None and values["poster"] == made.url:
            values["poster_key"] = made.key
        else:
            values["poster_key"] = await self._poster_key(db, values.get("poster"))
        if "position" not in values:
            values["position"] = await self._videos.next_position(db, kind, entity_id)
        video = Video(entity_type=kind, entity_id=entity_id, **values)
        return await self._videos.create(db, video)

    async def _poster_key(self, db: AsyncSession, url: str | None) -> str | None:
        """Of a poster that is kept here. Raises InvalidInputException where it is not there."""
        key = key_of(url) if url is not None else None
        if key is not None and not (await self._videos.hold_file(db, key) and _is_picture(key)):
            raise InvalidInputException.of("poster", "there is no such picture")
        return key

    async def _captioned(self, db: AsyncSession, video_id: int, expected: int | None) -> Video:
        video = await self._videos.get_locked(db, video_id)
        require_version(video, expected)
        return video

    async def _put_captions(
        self, db: AsyncSession, video: Video, tracks: Iterable[dict[str, str]]
    ) -> None:
        before = video.files
        await self._note(db, video.entity_type, video.entity_id)
        ordered = sorted(tracks, key=lambda track: track["language"])
        await self._videos.update(db, video, {"captions": ordered})
        await self._give_up(db, *(key for key in before if key not in video.files))


def _given(details: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in details.items() if value is not None}


def _made(stored: StoredVideo) -> dict[str, Any]:
    values: dict[str, Any] = {
        "url": stored.file.url,
        "provider": VideoProvider.FILE,
        "embed_url": None,
        "storage_key": stored.file.key,
        "bytes": stored.file.bytes,
        "content_type": stored.file.content_type,
        "duration": stored.facts.duration,
        "width": stored.facts.width,
        "height": stored.facts.height,
    }
    if stored.poster is not None:
        values["poster"] = stored.poster.url
    return values


def _is_picture(key: str) -> bool:
    return content_type_of(key).startswith("image/")
