"""What is done with a video and its captions that are uploaded before any row shows them."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from portfolio.adapters.own_folder import OwnFolder
from portfolio.adapters.probing import HEAD_BYTES, VideoFacts, VideoProbe, identify_video
from portfolio.adapters.storage import MAX_VIDEO_BYTES, StoredFile
from portfolio.core.errors import PayloadTooLargeException, UnsupportedMediaTypeException
from portfolio.services.files import FileKeeper

_UNKNOWN = VideoFacts(duration=None, width=None, height=None)


@dataclass(frozen=True, slots=True)
class StoredVideo:
    file: StoredFile
    facts: VideoFacts
    poster: StoredFile | None


class VideoFiles:
    """`staging` holds what is half done: it goes with this process."""

    def __init__(self, keeper: FileKeeper, probe: VideoProbe, staging: OwnFolder) -> None:
        self._keeper = keeper
        self._probe = probe
        self._staging = staging

    async def store(self, path: Path) -> StoredVideo:
        """Keep a copy of a video, with a picture of it where ffmpeg is there to take one.

        Raises PayloadTooLargeException beyond MAX_VIDEO_BYTES, UnsupportedMediaTypeException for
        what is no MP4, WebM or QuickTime file, InvalidInputException for a broken one, and what
        OwnFolder.room() and FileKeeper.keep() raise.
        """
        extension = await asyncio.to_thread(_examine, path)
        facts = await self._probe.describe(path, extension) or _UNKNOWN
        with self._staging.room() as folder:
            files = [(path, extension)]
            picture = folder / "poster.jpg"
            # Many begin in the dark.
            at = min(1.0, (facts.duration or 0) / 2)
            if await self._probe.picture(path, extension, picture, at):
                files.append((picture, "jpg"))
            file, *poster = await self._keeper.keep(files)
        return StoredVideo(file, facts, poster[0] if poster else None)

    async def store_captions(self, text: str) -> StoredFile:
        """Raises what OwnFolder.room() and FileKeeper.keep() raise."""
        with self._staging.room() as folder:
            path = folder / "captions"
            await asyncio.to_thread(path.write_text, text, "utf-8", newline="")
            (stored,) = await self._keeper.keep([(path, "vtt")])
        return stored


def _examine(path: Path) -> str:
    """Its extension."""
    if path.stat().st_size > MAX_VIDEO_BYTES:
        raise PayloadTooLargeException(f"A video has {MAX_VIDEO_BYTES} bytes at most")
    with path.open("rb") as file:
        extension = identify_video(file.read(HEAD_BYTES))
    if extension is None:
        raise UnsupportedMediaTypeException("None of MP4, WebM and QuickTime, whatever it says")
    return extension
