from pathlib import Path

import pytest
from httpx2 import AsyncClient
from tests.importers.conftest import Run, Write

POSTS = "/api/v1/posts"
DATE = "2020-01-01"


class TestRewrite:
    @pytest.mark.parametrize(
        ("address", "path"),
        [
            ("b.md", "/posts/bee"),
            ("./b.md#part", "/posts/bee#part"),
            ("../b/", "/posts/bee"),
            ("b", "/posts/bee"),
            ("/posts/b/", "/posts/bee"),
            ("/posts/bee", "/posts/bee"),
            ("@/posts/b.md", "/posts/bee"),
            ("/2020/01/old.html", "/posts/bee"),
            ("/2020/01/OLD.html?x=1", "/posts/bee"),
            ("../projects/p/index.md", "/projects/p"),
            ("../projects/p/", "/projects/p"),
            ("a.md#own", "/posts/a#own"),
            ("https://example.com/posts/b/", "https://example.com/posts/b/"),
            ("//example.com/posts/b/", "//example.com/posts/b/"),
            ("#part", "#part"),
            ("../jobs/j.md", "../jobs/j.md"),
            ("../unknown/", "../unknown/"),
            ('{{< ref "b.md" >}}', '{{< ref "b.md" >}}'),
        ],
    )
    async def test_leads_to_where_the_document_is_now(
        self, client: AsyncClient, run: Run, write: Write, address: str, path: str
    ) -> None:
        write("posts/a.md", f"[text]({address})\n", date=DATE)
        write("posts/b.md", date=DATE, slug="bee", aliases="[/2020/01/old.html]")
        write("projects/p/index.md", title="P")
        write("jobs/j.md", company="X", role="y")
        await run()
        assert (await client.get(f"{POSTS}/a")).json()["body_markdown"] == f"[text]({path})\n"

    async def test_counts_from_the_address_that_the_page_had(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("posts/a.md", "[b](../b.html)\n", date=DATE, aliases="[/2020/01/a/]")
        write("other/b.md", date=DATE, aliases="[/2020/01/b.html]")
        await run()
        assert (await client.get(f"{POSTS}/a")).json()["body_markdown"] == "[b](/posts/b)\n"

    async def test_uses_the_slug_that_the_other_gets(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("posts/1/b.md", date="2019-01-01")
        write("posts/2/b.md", date="2020-01-01")
        write("posts/a.md", "[b](2/b.md)\n", date="2018-01-01")
        await run()
        assert (await client.get(f"{POSTS}/a")).json()["body_markdown"] == "[b](/posts/b-2)\n"

    @pytest.mark.parametrize("address", ["@/posts/b.md", "/posts/b.md", "/posts/b/index.html"])
    async def test_counts_from_the_content_when_the_whole_site_is_imported(
        self, client: AsyncClient, run: Run, write: Write, content: Path, address: str
    ) -> None:
        write("posts/a.md", f"[b]({address})\n", date=DATE)
        write("posts/b.md", date=DATE)
        await run(content.parent)
        assert (await client.get(f"{POSTS}/a")).json()["body_markdown"] == "[b](/posts/b)\n"
