from collections.abc import Callable

import pytest

from portfolio.importers.documents import Document

Reader = Callable[..., Document]


class TestKind:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("content/blog/a.md", "posts"),
            ("_posts/2020-01-02-a.md", "posts"),
            ("content/Case_Studies/a.md", "projects"),
            ("content/featured/a/index.md", "projects"),
            ("_projects/a.md", "projects"),
            ("content/jobs/a/index.md", "experience"),
            ("content/work/career/a.md", "experience"),
            ("content/posts/portfolio/index.md", "posts"),
            ("content/posts/featured/a.md", "posts"),
        ],
    )
    def test_follows_the_nearest_folder_that_tells(
        self, read: Reader, name: str, kind: str
    ) -> None:
        assert read("title: One", name=name).kind == kind

    @pytest.mark.parametrize(
        ("front_matter", "kind"),
        [
            ("title: One", "posts"),
            ("title: One\ngithub: https://github.com/o/n", "projects"),
            ("title: One\ncompany: Acme\ntech: [Go]", "projects"),
            ("title: One\ncompany: Acme\nrange: 2017\ntech: [Go]", "experience"),
            ("title: One\ncompany: Acme", "experience"),
        ],
    )
    def test_follows_the_front_matter_elsewhere(
        self, read: Reader, front_matter: str, kind: str
    ) -> None:
        assert read(front_matter, name="content/one.md").kind == kind


class TestFeatured:
    def test_is_what_lies_in_a_folder_of_that_name(self, read: Reader) -> None:
        document = read("title: One\ndate: '2'", name="content/featured/a/index.md")
        assert (document.featured, document.position, document.date) == (True, 2, None)
        assert document.warnings == []

    def test_is_what_says_so(self, read: Reader) -> None:
        assert read("title: One\nfeatured: true").featured
        assert not read("title: One\nfeatured: false\nfeatured_image: a.png").featured
