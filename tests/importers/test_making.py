from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from tests.importers.conftest import Run, Write, only, told

from portfolio.core.clock import utc_now
from portfolio.core.errors import InvalidInputException, NotFoundException
from portfolio.importers.plan import Options
from portfolio.importers.report import Result
from portfolio.wiring import Services
from portfolio.wiring.importing import build_importer

POSTS, PROJECTS = "/api/v1/posts", "/api/v1/projects"


class TestPlan:
    async def test_says_how_to_make_an_owner_where_there_is_none(
        self, services: Services, write: Write
    ) -> None:
        path = write("posts/a.md")
        with pytest.raises(NotFoundException, match="portfolio user create --admin"):
            await build_importer(services).plan(path, Options())

    async def test_refuses_a_folder_without_markdown(self, run: Run, write: Write) -> None:
        folder = write("other/a.txt").parent
        with pytest.raises(InvalidInputException, match="holds no Markdown"):
            await run(folder)
        with pytest.raises(InvalidInputException, match="is no Markdown file"):
            await run(folder / "a.txt")


class TestMakePosts:
    async def test_takes_over_all_that_the_document_says(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write(
            "posts/Hello World.md",
            "## Why\n\nBecause *so*.\n",
            title="Hello",
            date="2021-03-04T05:06:07Z",
            summary="In short",
            tags="[Rust, C++]",
            series="Notes",
            authors="[Ada, Grace]",
            aliases="[/2021/hello.html, /old/]",
            canonical_url="https://elsewhere.example/hello",
            seo_title="Hello for engines",
        )
        assert only(await run()).result is Result.MADE
        post = (await client.get(f"{POSTS}/hello-world")).json()
        assert post["title"] == "Hello"
        assert post["published_at"] == "2021-03-04T05:06:07Z"
        assert post["excerpt"] == "In short"
        assert [tag["name"] for tag in post["tags"]] == ["Rust", "C++"]
        assert post["series"]["name"] == "Notes"
        assert post["authors"] == ["Ada", "Grace"]
        assert post["author"]["username"] == "owner"
        assert post["canonical_url"] == "https://elsewhere.example/hello"
        assert post["seo"]["title"] == "Hello for engines"
        assert post["toc"][0]["text"] == "Why"
        for old in ("2021/hello.html", "old"):
            moved = await client.get(f"{POSTS}/{old}")
            assert moved.status_code == 308
            assert moved.headers["location"] == f"{POSTS}/hello-world"

    async def test_keeps_a_draft_from_strangers(
        self, client: AsyncClient, admin_client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("posts/secret.md", date="2021-01-01", draft="true")
        await run()
        assert (await client.get(f"{POSTS}/secret")).status_code == 404
        assert (await client.get(POSTS)).json()["items"] == []
        draft = (await admin_client.get(f"{POSTS}/secret")).json()
        assert (draft["status"], draft["published_at"]) == ("draft", "2021-01-01T00:00:00Z")

    async def test_schedules_what_is_dated_in_the_future(
        self, client: AsyncClient, admin_client: AsyncClient, run: Run, write: Write
    ) -> None:
        tomorrow = utc_now().replace(microsecond=0) + timedelta(days=1)
        write("posts/soon.md", date=tomorrow.isoformat())
        await run()
        assert (await client.get(f"{POSTS}/soon")).status_code == 404
        assert (await admin_client.get(f"{POSTS}/soon")).json()["status"] == "scheduled"

    async def test_publishes_what_has_no_date_now_and_says_so(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("posts/undated.md", title="Undated")
        before = utc_now()
        assert "no date was found" in only(await run()).warnings
        published_at = (await client.get(f"{POSTS}/undated")).json()["published_at"]
        assert before.isoformat() <= published_at.replace("Z", "+00:00") <= utc_now().isoformat()

    async def test_numbers_the_second_of_one_slug(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("posts/a/hello.md", title="First", date="2020-01-01")
        write("posts/b/hello.md", title="Second", date="2021-01-01")
        write("posts/2020.md", title="A year", date="2022-01-01")
        report = await run()
        assert [outcome.slug for outcome in report.outcomes] == ["hello", "hello-2", "post-2020"]
        for slug, title in (("hello", "First"), ("hello-2", "Second"), ("post-2020", "A year")):
            assert (await client.get(f"{POSTS}/{slug}")).json()["title"] == title

    async def test_says_when_two_claim_one_old_address(self, run: Run, write: Write) -> None:
        write("posts/a.md", date="2020-01-01", aliases="[/x/]")
        write("posts/b.md", date="2021-01-01", aliases="[/X]")
        _, second = (await run()).outcomes
        assert any("X is an old address of" in warning for warning in second.warnings)

    async def test_leaves_out_what_does_not_fit_and_says_so(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        tags = ", ".join(f"tag{number}" for number in range(60))
        write(
            "posts/odd.md",
            title="Odd",
            date="2020-01-01",
            tags=f"[{'x' * 101}, {tags}]",
            canonical_url="https://exa mple.com/",
            series="x" * 301,
        )
        warnings = only(await run()).warnings
        assert {warning.partition(": ")[0] for warning in warnings} == {
            "tags is shortened",
            "tags.0 is left out",
            "series is left out",
            "canonical_url is left out",
        }
        post = (await client.get(f"{POSTS}/odd")).json()
        assert len(post["tags"]) == 49
        assert post["canonical_url"] is None


class TestMakeProjects:
    async def test_takes_over_all_that_the_document_says(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write(
            "projects/compiler.md",
            title="Compiler",
            tech="[Rust, LLVM]",
            github="ada/compiler",
            external="https://compiler.example",
            company="ACME",
            role="Lead",
            start="2020-02",
            end="2021",
            date="2021-06-01",
        )
        await run()
        project = (await client.get(f"{PROJECTS}/compiler")).json()
        assert [tag["name"] for tag in project["technologies"]] == ["Rust", "LLVM"]
        assert project["links"] == {
            "repository": "https://github.com/ada/compiler",
            "live": "https://compiler.example",
        }
        assert (project["client"], project["role"]) == ("ACME", "Lead")
        assert (project["started_on"], project["ended_on"]) == ("2020-02", "2021")
        assert project["published_at"] == "2021-06-01T00:00:00Z"

    async def test_orders_them_by_hand_then_featured_then_newest(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("projects/old.md", title="old", date="2019-01-01")
        write("projects/new.md", title="new", date="2021-01-01")
        write("projects/star.md", title="star", date="2018-01-01", featured="true")
        write("projects/two.md", title="two", weight=2)
        write("projects/one.md", title="one", weight=1)
        await run()
        items = (await client.get(PROJECTS)).json()["items"]
        assert [item["title"] for item in items] == ["one", "two", "star", "new", "old"]

    async def test_puts_a_later_one_at_its_place(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("projects/old.md", title="old", date="2019-01-01")
        write("projects/new.md", title="new", date="2021-01-01")
        await run()
        write("projects/mid.md", title="mid", date="2020-01-01")
        results = [outcome.result for outcome in (await run()).outcomes]
        assert results == [Result.UNCHANGED, Result.MADE, Result.UNCHANGED]
        items = (await client.get(PROJECTS)).json()["items"]
        assert [item["title"] for item in items] == ["new", "mid", "old"]


class TestMakeJobs:
    JOBS = "/api/v1/profile/experience"

    async def test_takes_over_all_that_the_document_says(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write(
            "jobs/acme.md",
            "- Built it\n- Ran it\n",
            company="ACME",
            title="Engineer",
            location="Oslo",
            url="https://acme.example",
            range="May 2018 - July 2020",
            summary="All of it",
        )
        await run()
        (job,) = (await client.get(self.JOBS)).json()["items"]
        assert (job["company"], job["title"]) == ("ACME", "Engineer")
        assert (job["location"], job["url"]) == ("Oslo", "https://acme.example")
        assert (job["started_on"], job["ended_on"]) == ("2018-05", "2020-07")
        assert (job["summary"], job["highlights"]) == ("All of it", ["Built it", "Ran it"])

    async def test_puts_the_newest_first_and_a_later_one_at_its_place(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("jobs/a.md", company="A", role="x", range="2015 - 2016")
        write("jobs/c.md", company="C", role="x", range="2018 - 2019")
        await run()
        write("jobs/b.md", company="B", role="x", range="2016 - 2017")
        write("jobs/d.md", company="D", role="x", range="2020 - present")
        await run()
        items = (await client.get(self.JOBS)).json()["items"]
        assert [item["company"] for item in items] == ["D", "C", "B", "A"]
        write("jobs/a.md", "Changed.", company="A", role="x", range="2015 - 2016")
        write("jobs/b.md", company="B", role="x", range="2021 - 2022")
        report = await run()
        assert report.counts["experience", Result.CHANGED] == 2
        assert report.counts["experience", Result.UNCHANGED] == 2
        items = (await client.get(self.JOBS)).json()["items"]
        assert [item["company"] for item in items] == ["D", "B", "C", "A"]

    async def test_skips_a_draft(self, run: Run, write: Write) -> None:
        write("jobs/secret.md", company="X", role="y", draft="true")
        assert only(await run()).reason == "a draft, which a profile has no place for"
        write("jobs/secret.md", company="X", role="y")
        assert only(await run()).result is Result.MADE
        write("jobs/secret.md", company="X", role="z", draft="true")
        assert only(await run()).result is Result.SKIPPED


class TestFail:
    async def test_names_the_file_and_line_and_goes_on(self, run: Run, write: Write) -> None:
        broken = write("posts/broken.md", b"---\ntitle: x\ndate: [1\n---\nText\n")
        write("posts/fine.md", date="2020-01-01")
        broken_outcome, fine = (await run()).outcomes
        assert broken_outcome.result is Result.FAILED
        assert broken_outcome.place == f"{broken}:3"
        assert fine.result is Result.MADE

    async def test_leaves_nothing_of_what_cannot_be_made(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("posts/deep.md", "> " * 50 + "deep\n", date="2020-01-01", tags="[lonely]")
        write("posts/empty.md", "", title='"' + "x" * 301 + '"', date="2020-01-02")
        report = await run()
        assert [outcome.result for outcome in report.outcomes] == [Result.FAILED, Result.FAILED]
        assert told(report)[0][2] == "Lists or quotations are nested too deeply."
        assert told(report)[1][2] == "title: String should have at most 300 characters"
        assert (await client.get("/api/v1/tags")).json()["items"] == []
        write("posts/deep.md", "Shallow.\n", date="2020-01-01")
        assert (await run()).outcomes[0].result is Result.MADE
