import pytest
from httpx2 import AsyncClient
from tests.databases import WRITTEN
from tests.factories.pictures import png
from tests.factories.posts import make_post
from tests.importers.conftest import Run, Write, only, told

from portfolio.core.config import Settings
from portfolio.importers.plan import DELETED, EDITED
from portfolio.importers.report import Result
from portfolio.models.users import User
from portfolio.schemas.posts import PostUpdate
from portfolio.schemas.profiles import ExperienceUpdate
from portfolio.wiring import Services

POSTS = "/api/v1/posts"
DATE = "2020-01-01"


def written(statements: list[str]) -> list[str]:
    return [statement for statement in statements if WRITTEN.match(statement)]


def media_files(settings: Settings) -> set[str]:
    return {path.name for path in (settings.storage.data_dir / "media").rglob("*.*")}


@pytest.fixture
async def post_id(client: AsyncClient, run: Run, write: Write) -> int:
    """The id of posts/a.md, imported once."""
    write("posts/a.md", "First.\n", title="A", date=DATE)
    await run()
    found: int = (await client.get(f"{POSTS}/a")).json()["id"]
    return found


class TestUnchanged:
    async def test_writes_nothing(self, count_queries: list[str], run: Run, write: Write) -> None:
        write("posts/x.png", png())
        write("posts/a.md", "![x](x.png) [b](b.md)\n", date=DATE, tags="[t]", aliases="[/o]")
        write("posts/b.md", date="2021-01-01")
        write("projects/p.md", title="P", tech="[Rust]", cover="../posts/x.png")
        write("jobs/j.md", company="X", role="y", range="2019 - present")
        made = await run()
        assert {outcome.result for outcome in made.outcomes} == {Result.MADE}
        assert written(count_queries)
        count_queries.clear()
        again = await run()
        assert {outcome.result for outcome in again.outcomes} == {Result.UNCHANGED}
        assert written(count_queries) == []
        assert [outcome.slug for outcome in again.outcomes] == [
            outcome.slug for outcome in made.outcomes
        ]

    async def test_knows_a_document_by_its_place_however_it_is_reached(
        self, post_id: int, run: Run, write: Write
    ) -> None:
        del post_id
        folder = write("posts/other.txt").parent
        assert only(await run(folder)).result is Result.UNCHANGED
        assert only(await run(folder / "a.md")).result is Result.UNCHANGED


class TestChange:
    async def test_brings_a_changed_document_to_the_post_that_it_was(
        self, client: AsyncClient, post_id: int, run: Run, write: Write
    ) -> None:
        write("posts/a.md", "Second.\n", title="A new title", date="2020-02-02", tags="[fresh]")
        assert only(await run()).result is Result.CHANGED
        post = (await client.get(f"{POSTS}/a")).json()
        assert post["id"] == post_id
        assert post["title"] == "A new title"
        assert post["published_at"] == "2020-02-02T00:00:00Z"
        assert [tag["name"] for tag in post["tags"]] == ["fresh"]
        assert "Second" in post["html"]
        assert only(await run()).result is Result.UNCHANGED

    async def test_forgets_what_the_document_no_longer_says(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("posts/a.md", title="A", date=DATE, tags="[t]", summary="S", series="N")
        await run()
        write("posts/a.md", title="A", date=DATE)
        await run()
        post = (await client.get(f"{POSTS}/a")).json()
        assert (post["tags"], post["series"], post["excerpt"]) == ([], None, "Text.")

    async def test_notices_a_change_in_a_picture_alone(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("posts/x.png", png())
        write("posts/a.md", "![x](x.png)\n", date=DATE)
        await run()
        write("posts/x.png", png(5))
        assert only(await run()).result is Result.CHANGED
        post = (await client.get(f"{POSTS}/a")).json()
        (image,) = post["images"]
        assert image["url"] in post["html"]

    async def test_leads_from_the_old_slug_to_a_new_one(
        self, client: AsyncClient, post_id: int, run: Run, write: Write
    ) -> None:
        write("posts/a.md", "First.\n", title="A", date=DATE, slug="renamed")
        assert only(await run()).slug == "renamed"
        moved = await client.get(f"{POSTS}/a")
        assert (moved.status_code, moved.headers["location"]) == (308, f"{POSTS}/renamed")
        assert (await client.get(f"{POSTS}/renamed")).json()["id"] == post_id

    async def test_keeps_the_date_of_what_was_published_without_one(
        self, client: AsyncClient, run: Run, write: Write
    ) -> None:
        write("posts/a.md", "First.\n", title="A")
        await run()
        before = (await client.get(f"{POSTS}/a")).json()["published_at"]
        write("posts/a.md", "Second.\n", title="A")
        assert only(await run()).result is Result.CHANGED
        assert (await client.get(f"{POSTS}/a")).json()["published_at"] == before


class TestEditedHere:
    @pytest.fixture
    async def edited(self, services: Services, post_id: int) -> None:
        async with services.database.transaction() as db:
            await services.posts.update(db, post_id, PostUpdate(title="Edited here"))

    @pytest.mark.usefixtures("edited")
    async def test_is_left_alone_when_its_document_changes(
        self, client: AsyncClient, count_queries: list[str], run: Run, write: Write
    ) -> None:
        write("posts/a.md", "Second.\n", title="A", date=DATE)
        count_queries.clear()
        assert told(await run()) == [("posts/a.md", "skipped", EDITED)]
        assert written(count_queries) == []
        assert (await client.get(f"{POSTS}/a")).json()["title"] == "Edited here"

    @pytest.mark.usefixtures("edited")
    async def test_is_nothing_to_tell_while_its_document_stays(self, run: Run) -> None:
        assert only(await run()).result is Result.UNCHANGED

    @pytest.mark.usefixtures("edited")
    async def test_gives_way_to_the_document_when_asked_to(
        self, client: AsyncClient, run: Run
    ) -> None:
        assert only(await run(overwrite=True)).result is Result.CHANGED
        assert (await client.get(f"{POSTS}/a")).json()["title"] == "A"
        assert only(await run(overwrite=True)).result is Result.UNCHANGED

    async def test_counts_for_jobs_too(
        self, services: Services, admin: User, run: Run, write: Write
    ) -> None:
        write("jobs/a.md", company="A", role="x", range="2015 - 2016")
        await run()
        async with services.database.transaction() as db:
            (job,) = (await services.profiles.of_owner(db)).experience
            data = ExperienceUpdate(title="y")
            await services.profiles.change(db, "experience", job.id, data, admin)
        write("jobs/a.md", company="A", role="x", range="2015 - 2017")
        assert only(await run()).reason == EDITED


class TestDeletedHere:
    @pytest.mark.parametrize("permanent", [False, True], ids=["binned", "gone"])
    async def test_is_not_made_again(
        self,
        services: Services,
        client: AsyncClient,
        post_id: int,
        run: Run,
        write: Write,
        permanent: bool,
    ) -> None:
        async with services.database.transaction() as db:
            await services.posts.delete(db, post_id, permanent=False)
            if permanent:
                await services.posts.delete(db, post_id, permanent=True)
        for body in ("First.\n", "Second.\n"):
            write("posts/a.md", body, title="A", date=DATE)
            for overwrite in (False, True):
                outcome = only(await run(overwrite=overwrite))
                assert (outcome.result, outcome.reason) == (Result.SKIPPED, DELETED)
        assert (await client.get(f"{POSTS}/a")).status_code == 404

    async def test_is_not_mistaken_for_a_later_post_with_its_id(
        self, services: Services, admin: User, post_id: int, run: Run, write: Write
    ) -> None:
        async with services.database.transaction() as db:
            await services.posts.delete(db, post_id, permanent=False)
            await services.posts.delete(db, post_id, permanent=True)
        await make_post(services, admin, "Somebody's own")
        write("posts/a.md", "Second.\n", title="A", date=DATE)
        assert only(await run(overwrite=True)).reason == DELETED

    async def test_is_not_made_again_as_something_else(self, post_id: int, run: Run) -> None:
        del post_id
        assert only(await run(kind="projects")).reason == "was imported as posts before"


class TestDryRun:
    async def test_reports_the_same_and_writes_nothing(
        self, settings: Settings, count_queries: list[str], run: Run, write: Write
    ) -> None:
        write("posts/x.png", png(113, 7))
        write("posts/a.md", "![x](x.png) ![y](y.png)\n", date=DATE)
        write("posts/deep.md", "> " * 50 + "deep\n", date="2020-01-02")
        write("posts/broken.md", b"---\n{\n---\n")
        write("projects/p.md", title="P", tech="[Rust]", cover="../posts/x.png")
        write("jobs/j.md", company="X", role="y", range="2019 - present")
        files = media_files(settings)
        count_queries.clear()
        rehearsed = await run(is_dry=True)
        assert written(count_queries) == []
        assert media_files(settings) == files
        assert rehearsed.outcomes == (await run()).outcomes
        assert media_files(settings) > files
        unchanged = await run(is_dry=True)
        assert unchanged.counts["posts", Result.UNCHANGED] == 1
