"""The sample portfolio that `portfolio demo` shows."""

from collections import Counter

from httpx2 import AsyncClient
from tests.importers.conftest import Run

from portfolio.cli.demo import SAMPLE
from portfolio.importers.report import Result


class TestSample:
    async def test_is_imported_without_a_warning(self, run: Run) -> None:
        report = await run(SAMPLE / "content")
        assert report.counts == {
            ("posts", Result.MADE): 8,
            ("projects", Result.MADE): 6,
            ("experience", Result.MADE): 2,
        }
        assert list(report.warnings) == []

    async def test_shows_what_the_site_can_do(
        self, client: AsyncClient, admin_client: AsyncClient, run: Run
    ) -> None:
        await run(SAMPLE / "content")
        posts = (await admin_client.get("/api/v1/posts?status=any")).json()["items"]
        states = Counter(post["status"] for post in posts)
        assert states == {"published": 6, "draft": 1, "scheduled": 1}
        assert (await client.get("/api/v1/posts")).json()["total"] == 6
        bodies = [
            (await admin_client.get(f"/api/v1/posts/{post['slug']}")).json() for post in posts
        ]
        everything = "".join(body["html"] for body in bodies)
        for part in ("<table>", '<img src="/media/', "language-python", "footnote", "checkbox"):
            assert part in everything
        series = [post["series"]["position"] for post in posts if post["series"]]
        assert sorted(series) == [1, 2]
        projects = (await client.get("/api/v1/projects")).json()["items"]
        assert [project["featured"] for project in projects] == [True] * 2 + [False] * 4
        for project in projects[:2]:
            assert (await client.get(project["cover"]["url"])).status_code == 200
