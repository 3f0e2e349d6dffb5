"""Videos: made through the API, the beginnings of files, and programs that look at them."""

import json
from pathlib import Path
from typing import Any

from httpx2 import AsyncClient
from tests.factories.images import API, place_for_images

LIBRARY = f"{API}/videos"
LINK = "https://vimeo.com/76979871"
EMBED = "https://player.vimeo.com/video/76979871?dnt=1"
VTT = "WEBVTT\n\n00:01.000 --> 00:04.000\nWelcome to the harbour.\n"
SAID: dict[str, Any] = {
    "streams": [
        {"codec_type": "audio"},
        {"codec_type": "video", "width": 320, "height": 180, "disposition": {"attached_pic": 0}},
    ],
    "format": {"duration": "12.345678"},
}


async def place_for_videos(admin: AsyncClient, noun: str, **fields: Any) -> str:
    """The path of the videos of a new post or project, or of the owner's profile."""
    place = await place_for_images(admin, noun, **fields)
    return place.removesuffix("images") + "videos"


async def add_video(admin: AsyncClient, place: str, **fields: Any) -> dict[str, Any]:
    response = await admin.post(place, json={"url": LINK, **fields})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def mp4(text: str = "", brand: bytes = b"isom", *others: bytes) -> bytes:
    """The beginning of one; `text` makes two differ."""
    brands = brand + bytes(4) + b"".join(others)
    return (len(brands) + 8).to_bytes(4, "big") + b"ftyp" + brands + b"moov" + text.encode()


def webm(kind: bytes = b"webm") -> bytes:
    return b"\x1aE\xdf\xa3\x93\x42\x86\x81\x01\x42\x82" + bytes([0x80 + len(kind)]) + kind


def program(folder: Path, name: str, script: str) -> None:
    """Something to be found by this name in the place of the real one."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def ffprobe(folder: Path, said: Any = SAID) -> None:
    """One that says this of every file."""
    (folder / "said").write_text(said if isinstance(said, str) else json.dumps(said))
    program(folder, "ffprobe", f"cat {folder}/said")


def ffmpeg(folder: Path, picture: bytes) -> None:
    """One that takes this picture of every file."""
    (folder / "picture").write_bytes(picture)
    last = 'for last; do :; done; cat {}/picture > "${{last#file:}}"'
    program(folder, "ffmpeg", last.format(folder))
