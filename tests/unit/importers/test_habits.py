from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from portfolio.importers.documents import Document
from portfolio.importers.habits import Seo

Reader = Callable[..., Document]
DAY = datetime(2020, 7, 1, tzinfo=UTC)


class TestDate:
    @pytest.mark.parametrize(
        "name", ["date", "publishDate", "pubDate", "publishedAt", "published", "created_at"]
    )
    def test_goes_by_many_names(self, read: Reader, name: str) -> None:
        assert read(f"title: One\n{name}: 2020-07-01").date == DAY

    @pytest.mark.parametrize(
        ("front_matter", "name"),
        [
            ("", "_posts/2020-07-01-one.md"),
            ("", "posts/2020-07-01_one/index.md"),
            ("", "posts/2020/07/01/one.md"),
            ("\npath: 2020/07/01/one", "posts/one.md"),
            ("\npermalink: /2020/07/01/one.html", "posts/one.md"),
            ("\ndate: git Last Modified", "posts/2020-07-01-one.md"),
            ("\ndate: someday", "posts/2020-07-01-one.md"),
            ("\npublished: true", "posts/2020-07-01-one.md"),
        ],
    )
    def test_is_else_found_in_names_and_addresses(
        self, read: Reader, front_matter: str, name: str
    ) -> None:
        assert read(f"title: One{front_matter}", name=name).date == DAY

    def test_in_front_matter_comes_before_the_name(self, read: Reader) -> None:
        assert read("title: One\ndate: 2020-07-01", name="posts/2019-01-01-one.md").date == DAY

    def test_that_cannot_be_read_is_a_warning(self, read: Reader) -> None:
        document = read("title: One\npubDate: 2020-13-01", name="projects/one.md")
        assert document.date is None
        assert document.warnings == [
            "pubDate: '2020-13-01' cannot be read as a date with year, month and day"
        ]

    def test_that_could_be_another_is_a_warning(self, read: Reader) -> None:
        document = read("title: One\ndate: 07/01/2020")
        assert document.date == DAY
        assert document.warnings == ["date: '07/01/2020' was read month first, as 2020-07-01"]

    def test_missing_from_a_post_is_a_warning_unless_it_is_a_draft(self, read: Reader) -> None:
        assert read("title: One").warnings == ["no date was found"]
        assert read("title: One\ndraft: true").warnings == []

    @pytest.mark.parametrize("name", ["lastmod", "updated", "updatedDate", "last_modified_at"])
    def test_of_the_last_change_has_names_of_its_own(self, read: Reader, name: str) -> None:
        document = read(f"title: One\ndate: 2019-01-01\n{name}: 2020-07-01")
        assert document.updated == DAY


class TestPosition:
    @pytest.mark.parametrize("line", ["weight: 3", "order: '3'", "date: '3'", "date: 3"])
    def test_is_a_weight_or_a_small_number_for_a_date(self, read: Reader, line: str) -> None:
        document = read(f"title: One\n{line}", name="projects/one.md")
        assert (document.position, document.date, document.warnings) == (3, None, [])

    def test_of_a_job_may_be_its_title(self, read: Reader) -> None:
        document = read("company: Acme\nposition: Engineer", name="jobs/acme.md")
        assert (document.title, document.role) == ("Engineer", "Engineer")
        assert (document.position, document.warnings) == (None, [])

    def test_that_is_no_number_is_a_warning(self, read: Reader) -> None:
        document = read("title: One\nweight: heavy", name="projects/one.md")
        assert document.warnings == ["weight: 'heavy' is no whole number"]


class TestDraft:
    @pytest.mark.parametrize(
        "line",
        [
            "draft: true",
            "draft: yes",
            "published: false",
            "isPublished: false",
            "status: draft",
            "draft: false\nprivate: true",
            "visibility: private",
        ],
    )
    def test_is_what_its_author_does_not_show(self, read: Reader, line: str) -> None:
        assert read(f"title: One\n{line}").draft

    def test_is_what_lies_among_drafts(self, read: Reader) -> None:
        assert read("title: One", name="_drafts/one.md").draft

    @pytest.mark.parametrize(
        "line", ["draft: false", "published: true", "published: 2020-07-01", "status: completed"]
    )
    def test_is_nothing_else(self, read: Reader, line: str) -> None:
        assert not read(f"title: One\n{line}").draft


class TestTags:
    @pytest.mark.parametrize(
        ("lines", "tags"),
        [
            ("tags: [One, Two words]", ["One", "Two words"]),
            ("tags: One, Two words", ["One", "Two words"]),
            ("tags: Two words", ["Two words"]),
            ("tags: ['#One', 2]\ncategories: [one, Three]", ["One", "2", "Three"]),
            ("categories:\n  - title: One", ["One"]),
            ("taxonomies:\n  tags: [One]", ["One"]),
            ("tag: One\ncategory: Two words", ["One", "Two words"]),
            ("tags: []\ncategories:", []),
        ],
    )
    def test_come_with_categories_and_without_repetition(
        self, read: Reader, lines: str, tags: list[str]
    ) -> None:
        assert read(f"title: One\n{lines}").tags == tags

    def test_are_parted_by_spaces_in_jekyll(self, read: Reader) -> None:
        lines = "title: One\ntags: one two\ncategory: Three words"
        assert read(lines, name="_posts/2020-01-02-a.md").tags == ["one", "two", "Three words"]


class TestAuthors:
    @pytest.mark.parametrize(
        "lines",
        [
            "author: Ada L.",
            "authors: [Ada L.]",
            "authors:\n  - name: Ada L.",
            "author: {name: Ada L., url: https://a.example}",
            "extra:\n  author: Ada L.",
        ],
    )
    def test_are_names_in_any_form(self, read: Reader, lines: str) -> None:
        assert read(f"title: One\n{lines}").authors == ["Ada L."]


class TestSeries:
    @pytest.mark.parametrize("line", ["series: A", "series: [A]", "series: {name: A}"])
    def test_is_one_name(self, read: Reader, line: str) -> None:
        assert read(f"title: One\n{line}").series == "A"


class TestSummary:
    def test_leaves_a_second_text_to_search_engines(self, read: Reader) -> None:
        document = read("title: One\nexcerpt: For readers\ndescription: For engines")
        assert (document.summary, document.seo.description) == ("For readers", "For engines")

    def test_may_be_the_description(self, read: Reader) -> None:
        document = read("title: One\ndescription: For all")
        assert (document.summary, document.seo.description) == ("For all", None)


class TestSeo:
    @pytest.mark.parametrize(
        "lines",
        [
            "seo: {title: T, description: D, image: i.png}",
            "meta_title: T\nmeta_description: D\nog_image: i.png",
            "params:\n  seoTitle: T\n  seoDescription: D\n  socialImage: i.png",
        ],
    )
    def test_is_found_in_a_table_and_outside(self, read: Reader, lines: str) -> None:
        assert read(f"title: One\n{lines}").seo == Seo("T", "D", "i.png")
