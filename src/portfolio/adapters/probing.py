"""What a video file is and says of itself: by its first bytes, and by ffprobe and ffmpeg if installed.

Both run for themselves, with what they may use up limited, and open nothing but the file they are
given: no address, no playlist.
"""

import asyncio
import json
import os
import shutil
import signal
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from portfolio.core.errors import InvalidInputException

# How much of a file identify_video() wants to see.
HEAD_BYTES = 4096
POSTER_WIDTH = 1280
_CPU_SECONDS, _MEMORY_KIB, _FILE_BLOCKS = 30, 2 * 1024 * 1024, 64 * 1024
_LIMITED = (
    f"ulimit -v {_MEMORY_KIB} 2>/dev/null; "
    f'ulimit -t {_CPU_SECONDS} && ulimit -f {_FILE_BLOCKS} && exec "$@"'
)
_MAX_OUTPUT = 256 * 1024
_MAX_SIDE, _MAX_SECONDS = 100_000, 10_000_000
_MP4_BRANDS = {b"isom", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4VP", b"MSNV", b"dash", b"f4v "}
_MP4_BRANDS |= {b"iso" + bytes([digit]) for digit in b"23456789"}
_PICTURE_BRANDS = {b"avif", b"avis", b"mif1", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc"}
_EBML, _WEBM = b"\x1aE\xdf\xa3", b"\x42\x82\x84webm"
# By extension, the only one that is let near the file: others follow what it refers to.
_DEMUXERS = {"mp4": "mov", "mov": "mov", "webm": "matroska"}


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """`duration` in seconds; width and height in pixels, as they are shown."""

    duration: float | None
    width: int | None
    height: int | None


def identify_video(head: bytes) -> str | None:
    """The extension of a video that begins like this: mp4, mov or webm; None for anything else."""
    if head[4:8] == b"ftyp":
        end = min(int.from_bytes(head[:4], "big"), len(head))
        brands = {head[8:12], *(head[start : start + 4] for start in range(16, end, 4))}
        if brands & _PICTURE_BRANDS:
            return None
        if head[8:12] == b"qt  ":
            return "mov"
        return "mp4" if brands & _MP4_BRANDS else None
    return "webm" if head.startswith(_EBML) and _WEBM in head[:64] else None


class VideoProbe:
    """`seconds`: how long one look may take; `slots`: how many are had at the same time."""

    def __init__(self, *, seconds: float = 30, slots: int = 1) -> None:
        self._seconds = seconds
        self._slots = asyncio.Semaphore(slots)

    async def describe(self, path: Path, extension: str) -> VideoFacts | None:
        """What ffprobe says; None where it is not installed, or takes too long.

        Raises InvalidInputException for a file in which it finds no video.
        """
        asked = ("-of", "json", "-show_format", "-show_streams", _address(path))
        answer = await self._run("ffprobe", *_only_this_file(extension), *asked)
        if answer is None:
            return None
        facts = _read(answer)
        if facts is None:
            raise InvalidInputException.of("file", "no video can be found in it", "broken_file")
        return facts

    async def picture(self, path: Path, extension: str, into: Path, at: float) -> bool:
        """Have ffmpeg write the frame `at` seconds as a JPEG; False where that cannot be had."""
        scale = f"scale='min({POSTER_WIDTH},iw)':-2"
        await self._run(
            "ffmpeg",
            *("-nostdin", *_only_this_file(extension)),
            *("-ss", f"{at:.3f}", "-i", _address(path), "-map", "0:v:0"),
            *("-frames:v", "1", "-vf", scale, "-map_metadata", "-1"),
            *("-c:v", "mjpeg", "-q:v", "3", "-f", "image2", "-update", "1"),
            _address(into),
        )
        return await asyncio.to_thread(lambda: into.is_file() and into.stat().st_size > 0)

    async def _run(self, name: str, *arguments: str) -> bytes | None:
        """What the program says; None if there is none, or it had to be ended. No shell reads it."""
        program = shutil.which(name)
        if program is None:
            return None
        async with self._slots:
            process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", _LIMITED, "sh", program, *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                # Not what the settings of this process hold.
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(self._seconds):
                    return await _whole(process)
            except TimeoutError:
                return None
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def _address(path: Path) -> str:
    """No name becomes an option or another protocol."""
    return f"file:{path.absolute()}"


def _only_this_file(extension: str) -> tuple[str, ...]:
    return ("-v", "error", "-protocol_whitelist", "file", "-f", _DEMUXERS[extension])


async def _whole(process: asyncio.subprocess.Process) -> bytes:
    """All that it says, if that is little; nothing otherwise."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    try:
        await process.stdout.readexactly(_MAX_OUTPUT)
    except asyncio.IncompleteReadError as all_of_it:
        await process.wait()
        return all_of_it.partial
    return b""


def _read(answer: bytes) -> VideoFacts | None:
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    said = said if isinstance(said, dict) else {}
    streams = said.get("streams")
    for stream in streams if isinstance(streams, list) else []:
        if isinstance(stream, dict) and _is_video(stream):
            width, height = _side(stream.get("width")), _side(stream.get("height"))
            if _lies_on_its_side(stream):
                width, height = height, width
            return VideoFacts(_seconds(said.get("format")), width, height)
    return None


def _is_video(stream: dict[str, Any]) -> bool:
    disposition = stream.get("disposition")
    # The cover of a song is a stream as well.
    is_cover = isinstance(disposition, dict) and disposition.get("attached_pic") == 1
    return stream.get("codec_type") == "video" and not is_cover


def _lies_on_its_side(stream: dict[str, Any]) -> bool:
    listed = stream.get("side_data_list")
    parts = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    angles = [part["rotation"] for part in parts if "rotation" in part]
    return any(isinstance(angle, int) and angle % 180 for angle in angles)


def _side(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value <= _MAX_SIDE else None


def _seconds(container: Any) -> float | None:
    try:
        value = float(container["duration"])
    except (TypeError, ValueError, KeyError):
        return None
    return round(value, 3) if isfinite(value) and 0 < value <= _MAX_SECONDS else None
