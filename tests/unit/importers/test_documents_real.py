"""Two whole sites of other people, which lie beside the repository where they are at hand."""

from collections import Counter
from pathlib import Path

import pytest

from portfolio.importers import documents, front_matter
from portfolio.importers.documents import Document, Skipped

DATA = Path(__file__).parents[4] / "shared" / "data"


def read_all(root: Path) -> tuple[list[Document], list[Skipped]]:
    if not root.is_dir():
        pytest.skip(f"{root.parent.name} is not there")
    found = [documents.read(path, root) for path in documents.scan(root)]
    return (
        [document for document in found if isinstance(document, Document)],
        [skipped for skipped in found if isinstance(skipped, Skipped)],
    )


class TestZolaBlog:
    def test_loses_no_post(self) -> None:
        root = DATA / "rust-blog/content"
        posts, skipped = read_all(root)
        assert Counter(post.kind for post in posts) == {"posts": 750}
        assert [skip.path.relative_to(root).as_posix() for skip in skipped] == [
            "_index.md",
            "inside-rust/_index.md",
            "releases/_index.md",
            "releases/latest.md",
        ]
        for post in posts:
            assert post.title
            assert post.slug
            assert post.date
            assert post.authors
            assert post.body
            assert not post.draft
            path = front_matter.parse(post.path.read_text()).data["path"]
            assert path in post.aliases
            assert f"{post.date:%Y/%m/%d}/" in path
            assert post.warnings == []
        assert len({post.source for post in posts}) == 750


class TestGatsbyPortfolio:
    def test_loses_no_document(self) -> None:
        found, skipped = read_all(DATA / "developer-portfolio/content")
        assert skipped == []
        assert Counter(document.kind for document in found) == {
            "projects": 43,
            "experience": 5,
            "posts": 5,
        }
        assert [document.warnings for document in found if document.warnings] == []

    def test_features_three_projects_in_their_order(self) -> None:
        found, _ = read_all(DATA / "developer-portfolio/content")
        featured = {document.position: document for document in found if document.featured}
        assert sorted(number for number in featured if number) == [1, 2, 3]
        assert all(document.kind == "projects" for document in featured.values())
        assert all(document.cover and document.technologies for document in featured.values())

    def test_puts_the_jobs_in_the_order_of_their_dates(self) -> None:
        found, _ = read_all(DATA / "developer-portfolio/content")
        jobs = {job.date: job for job in found if job.kind == "experience" and job.date}
        assert [
            (job.company, job.started_on, job.ended_on)
            for _, job in sorted(jobs.items(), reverse=True)
        ] == [
            ("Upstatement", "2018-05", None),
            ("Apple", "2017-07", "2017-12"),
            ("Scout Studio", "2016-03", "2017-05"),
            ("Starry", "2016-07", "2016-12"),
            ("MullenLowe", "2015-07", "2015-12"),
        ]
        assert all(job.highlights and job.summary is None for job in jobs.values())
        assert [job.company for job in jobs.values() if job.is_current] == ["Upstatement"]

    def test_keeps_the_old_address_of_each_post_and_its_draft(self) -> None:
        found, _ = read_all(DATA / "developer-portfolio/content")
        posts = [document for document in found if document.kind == "posts"]
        assert all(post.aliases == [f"pensieve/{post.slug}"] for post in posts)
        assert [post.slug for post in posts if post.draft] == ["markdown-playground"]

    def test_knows_each_document_alike_when_one_section_is_imported(self) -> None:
        root = DATA / "developer-portfolio/content"
        found, _ = read_all(root)
        projects, _ = read_all(root / "projects")
        assert {project.source for project in projects} < {document.source for document in found}
