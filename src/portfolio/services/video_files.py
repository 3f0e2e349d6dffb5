"""What is done with a video that is uploaded before any row shows it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from portfolio.adapters.probing import HEAD_BYTES, VideoFacts, VideoProbe, identify_video
from portfolio.adapters.storage import StoredFile
from portfolio.core.errors import UnsupportedMediaTypeException
from portfolio.services.files import FileKeeper

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
    def __init__(self, keeper: FileKeeper, probe: VideoProbe) -> None:
        self._keeper = keeper
        self._probe = probe

    async def store(self, path: Path) -> StoredVideo:
        """Keep a copy of a video, with a picture of it where ffmpeg is there to take one.

        The folder of `path` takes that picture meanwhile. Raises UnsupportedMediaTypeException for
        what is no MP4, WebM or QuickTime file, InvalidInputException for a broken one, and what
        FileKeeper.keep() raises.
        """
        extension = identify_video(await asyncio.to_thread(_head, path))
        if extension is None:
            raise UnsupportedMediaTypeException("None of MP4, WebM and QuickTime, whatever it says")
        facts = await self._probe.describe(path, extension) or _UNKNOWN
        with TemporaryDirectory(dir=path.parent) as folder:
            files = [(path, extension)]
            picture = Path(folder, "poster.jpg")
            # Many begin in the dark.
            at = min(1.0, (facts.duration or 0) / 2)
            if await self._probe.picture(path, extension, picture, at):
                files.append((picture, "jpg"))
            file, *poster = await self._keeper.keep(files)
        return StoredVideo(file, facts, poster[0] if poster else None)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
