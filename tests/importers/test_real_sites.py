"""Two whole sites of other people, imported and read as a stranger reads them."""

import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from httpx2 import AsyncClient
from tests.databases import WRITTEN, server_url
from tests.importers.conftest import Run, told

from portfolio.core.markdown.addresses import image_addresses
from portfolio.importers import documents
from portfolio.importers.documents import Document
from portfolio.importers.report import Report, Result
from portfolio.wiring import Services

POSTS, PROJECTS = "/api/v1/posts", "/api/v1/projects"
TYPES = {".png": "image/png", ".gif": "image/gif"}
TYPES |= dict.fromkeys((".jpg", ".jpeg"), "image/jpeg")
# Encoding takes longer than all the rest: of many pictures, one in so many is imported.
PARTS, RENDERED = {"rust-blog": 20}, 3


@pytest.fixture
def site(shared_data: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """All documents of it, and some of its pictures."""
    folder = shared_data / str(request.param) / "content"
    if not folder.is_dir():
        pytest.skip(f"{request.param} is not there")
    part, numbers = PARTS.get(request.param, 1), count()

    def left_out(_folder: str, names: list[str]) -> list[str]:
        pictures = [name for name in sorted(names) if Path(name).suffix in TYPES]
        return [name for name in pictures if next(numbers) % part]

    return shutil.copytree(folder, tmp_path / "site" / "content", ignore=left_out)


def documents_of(root: Path) -> dict[Path, Document]:
    read = (documents.read(path, root) for path in documents.scan(root))
    return {found.path: found for found in read if isinstance(found, Document)}


def pictures_in(document: Document) -> Iterator[tuple[str, Path]]:
    """The addresses in its text that lead to a file beside it, if it has a folder of its own."""
    is_bundle = document.path.name == "index.md"
    for address in image_addresses(document.body) if is_bundle else []:
        path = document.path.parent / address
        if "://" not in address and path.suffix in TYPES and path.is_file():
            yield address, path


async def all_of(client: AsyncClient, address: str) -> AsyncIterator[Any]:
    cursor = ""
    while cursor is not None:
        page = (await client.get(f"{address}?limit=100{cursor}")).json()
        for item in page["items"]:
            yield item
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"


@pytest.mark.skipif(server_url() is not None, reason="750 posts are imported once, into SQLite")
@pytest.mark.parametrize("site", ["rust-blog"], indirect=True)
class TestZolaBlog:
    async def test_loses_nothing(
        self,
        client: AsyncClient,
        services: Services,
        count_queries: list[str],
        run: Run,
        site: Path,
    ) -> None:
        report = await run(site)
        assert report.counts == {("posts", Result.MADE): 750, (None, Result.SKIPPED): 4}
        assert [line for line in told(report) if line[1] == "skipped"] == [
            ("_index.md", "skipped", "is the page of a section"),
            ("inside-rust/_index.md", "skipped", "is the page of a section"),
            ("releases/_index.md", "skipped", "is the page of a section"),
            ("releases/latest.md", "skipped", "has neither a title nor text of its own"),
        ]
        drawings = [warning for _, warning in report.warnings if "is an SVG drawing" in warning]
        assert len(drawings) > 100
        by_slug = await self._posts(client, report, documents_of(site))
        await self._old_addresses(client, by_slug)
        await self._details(client, by_slug)
        await self._renditions(services, client)
        count_queries.clear()
        again = await run(site)
        assert again.counts == {("posts", Result.UNCHANGED): 750, (None, Result.SKIPPED): 4}
        assert [line for line in count_queries if WRITTEN.match(line)] == []

    async def _posts(
        self, client: AsyncClient, report: Report, read: dict[Path, Document]
    ) -> dict[str, Document]:
        by_slug = {made.slug: read[made.file] for made in report.of(Result.MADE) if made.slug}
        listed = {post["slug"]: post async for post in all_of(client, POSTS)}
        assert listed.keys() == by_slug.keys()
        for slug, document in by_slug.items():
            assert document.date
            assert listed[slug]["published_at"] == f"{document.date:%Y-%m-%dT%H:%M:%SZ}"
            assert listed[slug]["authors"] == document.authors
            assert listed[slug]["title"] == document.title
        return by_slug

    async def _old_addresses(self, client: AsyncClient, by_slug: dict[str, Document]) -> None:
        followed = 0
        for slug, document in by_slug.items():
            for address in document.aliases:
                moved = await client.get(f"{POSTS}/{quote(address)}")
                assert moved.status_code == 308, address
                assert moved.headers["location"] == f"{POSTS}/{slug}"
                followed += 1
        assert followed > 1000

    async def _details(self, client: AsyncClient, by_slug: dict[str, Document]) -> None:
        found: Counter[str] = Counter()
        served: dict[str, str] = {}
        for slug, document in by_slug.items():
            post = (await client.get(f"{POSTS}/{slug}")).json()
            html = post["html"]
            assert not re.search(r"<script|<iframe|\son\w+=", re.sub(r"<code.*?</code>", "", html))
            assert all(f'id="{heading["id"]}"' in html for heading in post["toc"])
            found["anchors"] += len(post["toc"])
            found["coloured"] += '<span class="k' in html
            for address, path in pictures_in(document):
                assert f'src="{address}"' not in html
                found[TYPES[path.suffix]] += 1
            images = {image["url"]: image["content_type"] for image in post["images"]}
            assert set(re.findall(r'<img[^>]* src="(/media/[^"]+)', html)) <= images.keys()
            served.update(images)
        assert found["anchors"] > 3000
        assert found["coloured"] > 150
        assert found["image/png"] > 5
        assert Counter(served.values())["image/png"] > 5
        for url, kind in served.items():
            response = await client.get(url)
            assert (response.status_code, response.headers["content-type"]) == (200, kind)

    async def _renditions(self, services: Services, client: AsyncClient) -> None:
        renderer = services.picture_renderer
        waiting = await renderer.unrendered()
        assert len(waiting) > 5
        for key in waiting[:RENDERED]:
            picture = await renderer.render(key)
            assert picture is not None
            for variant in picture.variants or []:
                assert (await client.get(variant["url"])).status_code == 200
        assert await renderer.unrendered() == waiting[RENDERED:]


@pytest.mark.parametrize("site", ["developer-portfolio"], indirect=True)
class TestGatsbyPortfolio:
    async def test_loses_nothing(self, client: AsyncClient, run: Run, site: Path) -> None:
        report = await run(site)
        assert report.counts == {
            ("projects", Result.MADE): 43,
            ("experience", Result.MADE): 5,
            ("posts", Result.MADE): 5,
        }
        await self._projects(client)
        await self._jobs(client)
        await self._draft(client)
        again = await run(site)
        assert {outcome.result for outcome in again.outcomes} == {Result.UNCHANGED}

    async def _projects(self, client: AsyncClient) -> None:
        """The featured ones first."""
        projects = [project async for project in all_of(client, PROJECTS)]
        assert len(projects) == 43
        assert [project["title"] for project in projects if project["featured"]] == [
            "Halcyon Theme",
            "Spotify Profile",
            "Build a Spotify Connected App",
        ]
        assert all(project["featured"] for project in projects[:3])
        rest = [project["published_at"] for project in projects[3:]]
        assert rest == sorted(rest, reverse=True)
        theme = projects[0]
        assert [tag["name"] for tag in theme["technologies"]][:2] == ["VS Code", "Sublime Text"]
        assert set(theme["links"]) == {"repository", "live"}
        covers = [project["cover"] for project in projects if project["cover"]]
        assert covers
        for cover in covers:
            assert (await client.get(cover["url"])).status_code == 200

    async def _jobs(self, client: AsyncClient) -> None:
        """In the profile, the newest first."""
        jobs = (await client.get("/api/v1/profile")).json()["experience"]
        assert [job["company"] for job in jobs] == [
            "Upstatement",
            "Apple",
            "Scout Studio",
            "Starry",
            "MullenLowe",
        ]
        assert [job["is_current"] for job in jobs] == [True, False, False, False, False]

    async def _draft(self, client: AsyncClient) -> None:
        assert (await client.get(f"{POSTS}/markdown-playground")).status_code == 404
        assert (await client.get(f"{POSTS}/pensieve/markdown-playground")).status_code == 404
        listed = [post["slug"] async for post in all_of(client, POSTS)]
        assert len(listed) == 4
        assert "markdown-playground" not in listed
