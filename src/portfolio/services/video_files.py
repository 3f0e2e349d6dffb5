"""What is done with a video that is uploaded before any row shows it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from portfolio.adapters.probing import HEAD_BYTES, VideoFacts, VideoProbe, identify_video
from portfolio.adapters.storage import Storage, StoredFile
from portfolio.core.errors import UnsupportedMediaTypeException

_UNKNOWN = VideoFacts(duration=None, width=None, height=None)


@dataclass(frozen=True, slots=True)
class StoredVideo:
    file: StoredFile
    facts: VideoFacts
    poster: StoredFile | None

    @property
    def keys(self) -> list[str]:
        return [self.file.key, *([self.poster.key] if self.poster else [])]


class VideoFiles:
    def __init__(self, storage: Storage, probe: VideoProbe) -> None:
        self._storage = storage
        self._probe = probe

    async def store(self, path: Path) -> StoredVideo:
        """Keep a copy of a video, with a picture of it where ffmpeg is there to take one.

        Takes its time: to be called before the transaction begins. Raises
        UnsupportedMediaTypeException for what is no MP4, WebM or QuickTime file,
        InvalidInputException for a broken one, and what Storage.put() raises.
        """
        extension = identify_video(await asyncio.to_thread(_head, path))
        if extension is None:
            raise UnsupportedMediaTypeException("None of MP4, WebM and QuickTime, whatever it says")
        facts = await self._probe.describe(path, extension) or _UNKNOWN
        poster = await self._picture(path, extension, facts)
        return StoredVideo(await self._storage.put(path, extension), facts, poster)

    async def _picture(self, path: Path, extension: str, facts: VideoFacts) -> StoredFile | None:
        with TemporaryDirectory() as folder:
            picture = Path(folder, "poster.jpg")
            # Many begin in the dark.
            at = min(1.0, (facts.duration or 0) / 2)
            if await self._probe.picture(path, extension, picture, at):
                return await self._storage.put(picture, "jpg")
        return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
