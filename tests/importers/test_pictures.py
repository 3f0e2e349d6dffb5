from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select
from tests.factories import photos
from tests.factories.pictures import png, svg
from tests.factories.stored_files import files_in
from tests.importers.conftest import Run, Write, only

from portfolio.adapters.imaging import MAX_IMAGE_BYTES
from portfolio.core.config import Settings
from portfolio.importers.report import Result
from portfolio.models.outbox import OutboxJob
from portfolio.services.files import DELETE_FILE
from portfolio.wiring import Services

POST = "/api/v1/posts/a"
DATE = "2020-01-01"


@pytest.fixture
def read(client: AsyncClient, run: Run) -> Callable[[], Any]:
    """Import, and read the post `a` as a stranger does."""

    async def read() -> Any:
        await run()
        return (await client.get(POST)).json()

    return read


class TestShow:
    @pytest.mark.parametrize(
        ("document", "picture", "address"),
        [
            ("posts/a/index.md", "posts/a/x.png", "./x.png"),
            ("posts/a.md", "posts/images/x.png", "images/x.png"),
            ("posts/a.md", "posts/a/x.png", "x.png"),
            ("posts/a.md", "images/x y.png", "../images/x%20y.png"),
            ("posts/a.md", "../static/images/x.png", "/images/x.png"),
            ("posts/a.md", "../public/x.png", "/x.png"),
            ("posts/a.md", "../assets/x.png", "/x.png"),
            ("posts/a.md", "images/x.png", "/images/x.png?w=3#top"),
        ],
    )
    async def test_finds_it_where_site_generators_look(
        self,
        client: AsyncClient,
        read: Any,
        write: Write,
        document: str,
        picture: str,
        address: str,
    ) -> None:
        write(picture, png())
        write(document, f"![A cat]({address})\n", date=DATE)
        post = await read()
        (image,) = post["images"]
        assert (image["alt"], image["content_type"]) == ("A cat", "image/png")
        assert (image["width"], image["height"], image["cover"]) == (4, 3, False)
        assert f'<img src="{image["url"]}" alt="A cat"' in post["html"]
        served = await client.get(image["url"])
        assert (served.status_code, served.headers["content-type"]) == (200, "image/png")

    async def test_takes_html_references_and_links_along(
        self, client: AsyncClient, read: Any, write: Write
    ) -> None:
        for width, name in enumerate(("one", "two", "large"), start=1):
            write(f"posts/{name}.png", png(width))
        write(
            "posts/a.md",
            '<img src="one.png" alt="1 &gt; 0">\n\n[![2][two]](large.png)\n\n[two]: two.png\n',
            date=DATE,
        )
        post = await read()
        assert [image["alt"] for image in post["images"]] == ["1 > 0", None, "2"]
        for image in post["images"]:
            assert f'"{image["url"]}"' in post["html"]

    async def test_finds_it_by_the_address_of_another_page(self, read: Any, write: Write) -> None:
        write("posts/b/index.md", date=DATE, aliases="[/2020/01/b]")
        write("posts/b/x.png", png())
        write("posts/a.md", "![x](/2020/01/b/x.png)\n", date=DATE)
        assert len((await read())["images"]) == 1

    async def test_leaves_the_web_and_code_alone(self, read: Any, write: Write) -> None:
        write("posts/x.png", png())
        text = "![w](https://e.example/x.png)\n\n`![x](x.png)`\n\n    ![x](x.png)\n"
        write("posts/a.md", text, date=DATE)
        post = await read()
        assert post["images"] == []
        assert post["body_markdown"] == text


class TestCover:
    async def test_is_flagged_with_its_text(self, read: Any, write: Write) -> None:
        write("posts/a/x.png", png())
        write("posts/a/index.md", "![Also](x.png)\n", date=DATE, cover="./x.png", coverAlt="Cat")
        post = await read()
        (image,) = post["images"]
        assert post["cover"] == image
        assert image["cover"] is True

    async def test_may_lie_on_the_web(self, read: Any, write: Write) -> None:
        write("posts/a.md", date=DATE, cover="https://e.example/x.png")
        assert (await read())["cover"]["url"] == "https://e.example/x.png"

    async def test_is_missed_aloud(self, client: AsyncClient, run: Run, write: Write) -> None:
        write("posts/a.md", date=DATE, title="A", cover="./x.png", ogImage="og.png")
        assert only(await run()).warnings == ("./x.png is not there", "og.png is not there")
        post = (await client.get(POST)).json()
        assert (post["cover"], post["seo"]["image"]) == (None, None)

    async def test_of_search_engines_is_stored_too(
        self, client: AsyncClient, read: Any, write: Write
    ) -> None:
        write("posts/og.png", png())
        write("posts/a.md", date=DATE, ogImage="og.png")
        assert (await client.get((await read())["seo"]["image"])).status_code == 200


class TestClean:
    async def test_leaves_behind_where_a_photo_was_taken(
        self, client: AsyncClient, settings: Settings, read: Any, write: Write
    ) -> None:
        before = files_in(settings)
        taken = photos.exif(6, description="behind the lighthouse")
        write("posts/x.jpg", photos.encoded(photos.quarters(40, 30), exif=taken))
        write("posts/a.md", "![x](x.jpg)\n", date=DATE)
        (image,) = (await read())["images"]
        assert (image["width"], image["height"]) == (30, 40)
        served = (await client.get(image["url"])).content
        assert b"Exif" not in served
        assert b"lighthouse" not in served
        kept = files_in(settings) - before
        assert [path for path in kept if b"lighthouse" in path.read_bytes()] == []

    async def test_is_done_once_for_all_that_show_it(
        self, client: AsyncClient, services: Services, run: Run, write: Write
    ) -> None:
        for name in ("posts/x.png", "posts/y.png", "projects/z.png"):
            write(name, png())
        write("posts/a.md", "![x](x.png) ![y](y.png)\n", date=DATE)
        write("posts/b.md", "![x](x.png)\n", date=DATE)
        write("projects/p.md", "![z](z.png)\n", title="P", cover="./z.png")
        await run()
        post = (await client.get(POST)).json()
        project = (await client.get("/api/v1/projects/p")).json()
        assert [image["url"] for image in post["images"]] == [project["cover"]["url"]]
        async with services.database.reading() as db:
            stored = select(func.count(OutboxJob.id)).where(OutboxJob.topic == DELETE_FILE)
            assert await db.scalar(stored) == 1

    async def test_is_followed_by_variants(
        self, services: Services, run: Run, read: Any, write: Write
    ) -> None:
        write("posts/x.jpg", photos.encoded(photos.quarters(400, 300)))
        write("posts/a.md", "![x](x.jpg)\n", date=DATE)
        (image,) = (await read())["images"]
        assert image["variants"] == []
        assert image["placeholder"].startswith("data:image/webp")
        await services.outbox.run_due()
        post = await read()
        (image,) = post["images"]
        assert [variant["format"] for variant in image["variants"]] == ["avif", "webp"]
        assert "<picture>" in post["html"]
        assert only(await run()).result is Result.UNCHANGED


class TestTakeDown:
    async def test_removes_what_the_text_shows_no_longer(self, read: Any, write: Write) -> None:
        write("posts/x.png", png())
        write("posts/y.png", photos.encoded(photos.quarters(8, 6), "GIF"))
        write("posts/a.md", "![x](x.png) ![y](y.png)\n", date=DATE)
        assert len((await read())["images"]) == 2
        write("posts/a.md", "![y](y.png)\n", date=DATE)
        (image,) = (await read())["images"]
        assert image["content_type"] == "image/gif"


class TestRefuse:
    async def test_names_what_is_not_there_and_leaves_the_text(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        text = "One\n\n![x](x.png) [f](paper.pdf) [page](../elsewhere/) [top](#top)\n"
        write("posts/a.md", text, date=DATE, title="A")
        assert only(await run()).warnings == (
            "x.png is not there (line 7)",
            "paper.pdf is not there (line 7)",
        )
        assert (await client.get(POST)).json()["body_markdown"] == text

    @pytest.mark.parametrize(
        ("file", "reason"),
        [
            (b"%PDF-1.7", "x.png is left behind: only pictures are kept"),
            (png() + bytes(MAX_IMAGE_BYTES), "x.png is above 10 MiB"),
        ],
        ids=["no picture", "too large"],
    )
    async def test_names_what_cannot_be_shown(
        self, client: AsyncClient, run: Run, write: Write, file: bytes, reason: str
    ) -> None:
        write("posts/x.png", file)
        write("posts/a.md", "![x](x.png)\n", date=DATE, title="A")
        (warning,) = only(await run()).warnings
        assert warning.startswith(reason)
        assert (await client.get(POST)).json()["images"] == []

    async def test_keeps_no_drawing_and_says_so(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("posts/x.svg", svg())
        text = "![x](x.svg)\n"
        write("posts/a.md", text, date=DATE, title="A", cover="./x.svg")
        assert only(await run()).warnings == (
            "x.svg is an SVG drawing: those can carry scripts and are not kept",
            "./x.svg is an SVG drawing: those can carry scripts and are not kept",
        )
        post = (await client.get(POST)).json()
        assert (post["body_markdown"], post["cover"], post["images"]) == (text, None, [])
        assert only(await run()).result is Result.UNCHANGED

    async def test_keeps_no_broken_picture_and_says_so(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        whole = photos.encoded(photos.quarters(400, 300))
        write("posts/x.jpg", whole[: len(whole) // 2])
        write("posts/y.png", png())
        text = "![x](x.jpg)\n"
        fields = {"date": DATE, "title": "A", "cover": "./x.jpg", "ogImage": "x.jpg"}
        write("posts/a.md", f"{text}![y](y.png)\n", **fields)
        assert only(await run()).warnings == (
            "x.jpg is left behind: the picture is broken",
            "./x.jpg is left behind: the picture is broken",
        )
        post = (await client.get(POST)).json()
        assert post["body_markdown"].startswith(text)
        assert (post["cover"], post["seo"]["image"], len(post["images"])) == (None, None, 1)

    @pytest.mark.parametrize("address", ["../../secret.png", "/../secret.png", "link.png"])
    async def test_never_reaches_outside_of_the_site(
        self, client: AsyncClient, run: Run, write: Write, content: Path, address: str
    ) -> None:
        secret = write("../secret.png", png())
        (content / "posts").mkdir()
        (content / "posts/link.png").symlink_to(secret)
        write("posts/a.md", f"![x]({address})\n", date=DATE, title="A")
        (warning,) = only(await run()).warnings
        assert "lies outside" in warning
        assert (await client.get(POST)).json()["images"] == []

    async def test_follows_no_folder_that_leads_outside(
        self, client: AsyncClient, run: Run, write: Write, content: Path, tmp_path: Path
    ) -> None:
        elsewhere = tmp_path / "elsewhere"
        write("../elsewhere/x.png", png())
        (content.parent / "static").symlink_to(elsewhere)
        (content / "images").symlink_to(elsewhere)
        write("posts/a.md", "![x](/x.png) ![y](/images/x.png)\n", date=DATE, title="A")
        assert len(only(await run()).warnings) == 2
        assert (await client.get(POST)).json()["images"] == []
