from collections.abc import Callable

import pytest

from portfolio.importers.documents import Document

Reader = Callable[..., Document]


class TestCover:
    @pytest.mark.parametrize(
        "lines",
        [
            "cover: ./a.png\ncover_alt: A cat",
            "cover: {image: ./a.png, alt: A cat}",
            "featured_image: ./a.png\nfeatured_image_alt: A cat",
            "images: [./a.png, ./b.png]\nimageAlt: A cat",
            "heroImage: ./a.png\nheroImageAlt: A cat",
            "image: {path: ./a.png, alt: A cat}",
            "header: {teaser: ./a.png}\nimageAlt: A cat",
        ],
    )
    def test_is_the_picture_with_its_text(self, read: Reader, lines: str) -> None:
        document = read(f"title: One\n{lines}")
        assert (document.cover, document.cover_alt) == ("./a.png", "A cat")

    def test_may_be_missing(self, read: Reader) -> None:
        assert read("title: One\ncover: ''\nimage: false").cover is None


class TestLinks:
    def test_go_by_one_name_each(self, read: Reader) -> None:
        document = read(
            "title: One\ngithub: https://code.example/o/n\nexternal: https://live.example\n"
            "ios: https://ios.example\nandroid: https://android.example\ndocs: https://d.example",
            name="projects/one.md",
        )
        assert document.links == {
            "repository": "https://code.example/o/n",
            "live": "https://live.example",
            "ios": "https://ios.example",
            "android": "https://android.example",
            "docs": "https://d.example",
        }

    def test_leave_out_empty_ones_without_a_word(self, read: Reader) -> None:
        document = read("title: One\ngithub: ''\nexternal:", name="projects/one.md")
        assert (document.links, document.warnings) == ({}, [])

    def test_call_to_action_is_left_out_when_it_repeats_another(self, read: Reader) -> None:
        same = "title: One\nexternal: https://a.example\ncta: https://a.example"
        other = "title: One\nexternal: https://a.example\ncta: https://b.example"
        assert read(same).links == {"live": "https://a.example"}
        assert read(other).links == {"live": "https://a.example", "cta": "https://b.example"}

    @pytest.mark.parametrize(
        "lines",
        [
            "links: {github: https://a.example, Blog: https://b.example}",
            (
                "links:\n  - {name: GitHub, url: https://a.example}\n"
                "  - {label: Blog, href: https://b.example}"
            ),
        ],
    )
    def test_may_stand_in_a_table_of_their_own(self, read: Reader, lines: str) -> None:
        found = read(f"title: One\n{lines}").links
        assert found == {"repository": "https://a.example", "blog": "https://b.example"}

    def test_of_a_repository_may_be_short(self, read: Reader) -> None:
        assert read("title: One\ngithub: o/n").links == {"repository": "https://github.com/o/n"}
        assert read("title: One\ngitlab: o/n").links == {"repository": "https://gitlab.com/o/n"}

    def test_that_lead_nowhere_are_a_warning(self, read: Reader) -> None:
        document = read("title: One\ndemo: javascript:alert(1)", name="projects/one.md")
        assert document.links == {}
        assert document.warnings == ["demo: 'javascript:alert(1)' is no web address"]
