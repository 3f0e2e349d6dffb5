"""Pictures rendered one by one, each in a process of its own.

A process for each picture costs less than a tenth of a second, which few pictures take less than.
So none can leave anything behind for the next, the limits of the operating system count for one
picture, killing one stops no other, and when nothing is to do nothing is there.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

import structlog

import portfolio
from portfolio.adapters.imaging.identify import identify, is_heic
from portfolio.adapters.rendering.limits import Refusal, check_size
from portfolio.adapters.rendering.wanted import Wanted
from portfolio.core.errors import (
    InsufficientStorageException,
    InvalidInputException,
    NotFoundException,
    PayloadTooLargeException,
    UnavailableException,
    UnsupportedMediaTypeException,
)

log = structlog.get_logger(__name__)

MAX_IMAGE_BYTES = 10 * 1024 * 1024
SECONDS = 10.0
PATIENCE = 20.0
RETRY_AFTER = 10
# All that a process is told of this one's environment: where libraries are.
_ENVIRONMENT = ("LD_LIBRARY_PATH",)
_PACKAGES = Path(portfolio.__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Rendition:
    """A file and its size, in pixels and bytes. `extension`: webp, avif, jpg, png or gif."""

    path: Path
    extension: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Renditions:
    """`placeholder` is a data URI of less than 400 bytes, `color` #rrggbb.

    Where no original was wanted, `original` is the source itself.
    """

    original: Rendition
    variants: list[Rendition]
    placeholder: str
    color: str


class Imaging:
    """`workers` at once, each for at most `seconds`; others wait in line for up to `patience`."""

    def __init__(
        self,
        *,
        workers: int = max(1, (os.cpu_count() or 1) // 2),
        seconds: float = SECONDS,
        patience: float = PATIENCE,
    ) -> None:
        self.workers = workers
        self._free = asyncio.Semaphore(workers)
        self._seconds = seconds
        self._patience = patience
        self._running: set[Popen[bytes]] = set()
        self._is_closed = False

    async def render(
        self,
        source: Path,
        folder: Path,
        wanted: Wanted = Wanted.ALL,
        *,
        seconds: float | None = None,
    ) -> Renditions:
        """Write the picture anew into `folder`, without metadata, and its variants beside it.

        `seconds`: other than usual. Raises NotFoundException, PayloadTooLargeException,
        UnsupportedMediaTypeException for what is no picture of a kind that is kept,
        InvalidInputException for one that is too large or broken, UnavailableException when no
        worker is free in time, InsufficientStorageException where there is no room.
        """
        try:
            kind = await asyncio.to_thread(_examine, source)
            async with self._turn():
                arguments = str(source), str(folder), kind, str(wanted.value)
                answer = await self._ask(seconds or self._seconds, *arguments)
            return _read(answer, source, folder, kind)
        except Refusal as refusal:
            if refusal.status == InsufficientStorageException.status:
                raise InsufficientStorageException from None
            if refusal.status == UnsupportedMediaTypeException.status:
                raise UnsupportedMediaTypeException(str(refusal)) from None
            raise InvalidInputException.of("file", str(refusal)) from None

    async def close(self) -> None:
        """Ends what is running."""
        self._is_closed = True
        for process in [*self._running]:
            process.kill()
            await asyncio.to_thread(process.wait)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise UnavailableException(
                "Too many pictures at once; try again", retry_after=RETRY_AFTER
            ) from None
        try:
            yield
        finally:
            self._free.release()

    async def _ask(self, seconds: float, *arguments: str) -> dict[str, Any]:
        if self._is_closed:
            raise _stopping()
        process = await asyncio.to_thread(_start, *arguments)
        self._running.add(process)
        # Whatever becomes of this task, that one reads to the end, which comes soon.
        listening = asyncio.ensure_future(asyncio.to_thread(process.communicate))
        try:
            async with asyncio.timeout(seconds):
                said, complaints = await asyncio.shield(listening)
        except TimeoutError:
            log.warning("imaging.timeout", arguments=arguments)
            raise Refusal(422, f"takes longer than {seconds:g} seconds") from None
        finally:
            self._running.discard(process)
            process.kill()
            await listening
        if self._is_closed:
            raise _stopping()
        if process.returncode:
            log.error(
                "imaging.died",
                arguments=arguments,
                status=process.returncode,
                said=complaints.decode(errors="replace")[-500:],
            )
            raise Refusal(422, "the picture cannot be decoded")
        answer: dict[str, Any] = json.loads(said)
        return answer


def _stopping() -> UnavailableException:
    return UnavailableException("The server is stopping", retry_after=RETRY_AFTER)


def _start(*arguments: str) -> Popen[bytes]:
    # In a thread and by vfork: the event loop would stand still while all memory is mapped anew.
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    environment["PYTHONPATH"] = str(_PACKAGES)
    module = "portfolio.adapters.rendering"
    command = [sys.executable, "-P", "-s", "-m", module, *arguments]
    try:
        return Popen(  # noqa: S603 - our own program, and paths of ours
            command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            # A terminal's Ctrl-C is the server's business.
            process_group=0,
        )
    except OSError as error:
        raise UnavailableException(
            f"No process can be started: {error.strerror}", retry_after=RETRY_AFTER
        ) from error


def _examine(source: Path) -> str:
    """The kind, by which it is to be opened. Raises what render() raises, before any decoding."""
    content = _content(source)
    picture = identify(content)
    if picture is None and is_heic(content) and find_spec("pillow_heif"):
        return "heic"
    if picture is None:
        raise Refusal(415, "Neither JPEG, PNG, WebP, AVIF, GIF nor HEIC, whatever its name says")
    check_size(picture.width or 0, picture.height or 0)
    return picture.extension


def _content(source: Path) -> bytes:
    try:
        with source.open("rb") as file:
            content = file.read(MAX_IMAGE_BYTES + 1)
    except OSError as error:
        raise NotFoundException(f"{source.name} cannot be read: {error.strerror}") from error
    if len(content) > MAX_IMAGE_BYTES:
        raise PayloadTooLargeException(f"A picture has {MAX_IMAGE_BYTES} bytes at most")
    return content


def _read(answer: dict[str, Any], source: Path, folder: Path, kind: str) -> Renditions:
    if "status" in answer:
        if "reason" in answer:
            log.info("imaging.broken", reason=answer["reason"])
        raise Refusal(answer["status"], answer["detail"])
    if answer["original"]:
        original = _rendition(answer["original"], folder)
    else:
        size = source.stat().st_size
        original = Rendition(source, kind, answer["width"], answer["height"], size)
    return Renditions(
        original,
        [_rendition(each, folder) for each in answer["variants"]],
        answer["placeholder"],
        answer["color"],
    )


def _rendition(file: dict[str, Any], folder: Path) -> Rendition:
    path = folder / file["name"]
    return Rendition(path, path.suffix[1:], file["width"], file["height"], file["bytes"])
