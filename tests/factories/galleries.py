"""Pictures and videos of something: files that are such by their names alone, made in no time."""

import re
from pathlib import Path
from typing import Any

from httpx2 import AsyncClient
from tests.factories import pictures
from tests.factories.posts import make_post
from tests.factories.videos import VTT, mp4

from portfolio.adapters.probing import VideoFacts
from portfolio.adapters.storage import StoredFile
from portfolio.models.media import Image, Video
from portfolio.models.projections import PostDetail
from portfolio.models.users import User
from portfolio.schemas.posts import PostUpdate
from portfolio.services.picture_files import StoredPicture, Variant
from portfolio.services.video_files import StoredVideo
from portfolio.wiring import Services

WIDTHS = (320, 640)
_ADDRESS = re.compile(r"/media/[\w./?=-]+")


async def store(services: Services, folder: Path, content: bytes, extension: str) -> StoredFile:
    (folder / "source").write_bytes(content)
    return await services.storage.put(folder / "source", extension)


async def store_picture(services: Services, folder: Path, name: str) -> StoredPicture:
    """With variants; another name makes another picture."""
    unique = f"{folder} {name}"
    original = await store(services, folder, pictures.png(700, 400, text=unique), "png")
    variants: list[Variant] = []
    for kind in ("avif", "webp"):
        for width in WIDTHS:
            made = await store(services, folder, f"{unique} {width} {kind}".encode(), kind)
            height = width * 4 // 7
            variants.append(
                Variant(url=made.url, width=width, height=height, format=kind, bytes=made.bytes)
            )
    return StoredPicture(original, 700, 400, variants, "data:image/webp;base64,", "#102030")


async def store_video(services: Services, folder: Path, name: str) -> StoredVideo:
    """With a poster; another name makes another video."""
    file = await store(services, folder, mp4(f"{folder} {name}"), "mp4")
    poster = await store(services, folder, pictures.jpeg(320, 180) + name.encode(), "jpg")
    return StoredVideo(file, VideoFacts(12.5, 320, 180), poster)


async def add_picture(
    services: Services, folder: Path, name: str, *owner: Any, **details: Any
) -> Image:
    """To `owner`, which is a kind and an id, or to the library."""
    kind, entity_id = owner or (None, None)
    stored = await store_picture(services, folder, name)
    async with services.database.transaction() as db:
        return await services.media.add_picture(db, entity_id, kind, stored, **details)


async def add_video(services: Services, folder: Path, name: str, *owner: Any) -> Video:
    """With captions; see add_picture()."""
    kind, entity_id = owner or (None, None)
    stored = await store_video(services, folder, name)
    captions = await store(services, folder, f"{VTT}{folder} {name}".encode(), "vtt")
    async with services.database.transaction() as db:
        video = await services.videos.add_stored(db, entity_id, kind, stored)
        return await services.videos.caption(db, video.id, "en", captions)


async def replace_picture(services: Services, image: Image, stored: StoredPicture) -> Image:
    async with services.database.transaction() as db:
        return await services.media.replace_file(db, image.id, stored)


def files_of(medium: Image | Video) -> list[str]:
    """The addresses of all files that it shows."""
    return [f"/media/{key}" for key in medium.files]


async def make_draft(services: Services, folder: Path, author: User) -> PostDetail:
    """With a cover that is in its text too, a film with captions, and a picture for networks."""
    post = await make_post(services, author, "Ships", status="draft")
    cover = await add_picture(services, folder, "cover", "posts", post.id, is_cover=True)
    await add_video(services, folder, "film", "posts", post.id)
    text = {"body_markdown": f"![Ships]({cover.url})", "seo": {"image": cover.url}}
    async with services.database.transaction() as db:
        return await services.posts.update(db, post.id, PostUpdate.model_validate(text))


def addresses(answer: Any) -> list[str]:
    """Those of stored files in decoded JSON, but for what stands in Markdown."""
    match answer:
        case dict():
            kept = [value for key, value in answer.items() if not key.endswith("markdown")]
            return addresses(kept)
        case list():
            return [found for value in answer for found in addresses(value)]
        case str():
            return _ADDRESS.findall(answer)
    return []


def are_signed(found: list[str]) -> bool:
    """All of them; as opposed to none."""
    assert found
    assert len({"?signed=" in address for address in found}) == 1, found
    return "?signed=" in found[0]


async def led_to(client: AsyncClient, url: str) -> str:
    """Where an address of former times leads everybody."""
    response = await client.get(url)
    assert response.status_code == 307, response.status_code
    assert response.headers["Cache-Control"] == "public, no-cache"
    return str(response.headers["Location"])


async def statuses(client: AsyncClient, *urls: str) -> set[int]:
    """What this client is answered by these."""
    return {(await client.get(url)).status_code for url in urls}
