from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from portfolio.schemas.base import (
    Input,
    Line,
    Markdown,
    PartialDate,
    SlugText,
    Text,
    Timestamp,
    Title,
    WebAddress,
)


def accepts(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


class TestText:
    @pytest.mark.parametrize("kind", [Line, Title])
    @pytest.mark.parametrize("text", ["a\nb", "a\0b", "a\tb", "a\x1bb", "x" * 301])
    def test_on_one_line_is_short_and_without_control_characters(
        self, kind: Any, text: str
    ) -> None:
        assert not accepts(kind, text)

    @pytest.mark.parametrize("kind", [Text, Markdown])
    def test_on_many_lines_holds_no_nul(self, kind: Any) -> None:
        assert accepts(kind, "a\n\tb\r\n\u202e")
        assert not accepts(kind, "a\0b")

    def test_keeps_the_white_space_of_markdown_alone(self) -> None:
        class Both(Input):
            title: Title
            body: Markdown

        both = Both(title="  a  ", body="    code\n")
        assert (both.title, both.body) == ("a", "    code\n")
        assert not accepts(Both, {"title": "a", "body": "b", "more": 1})
        assert not accepts(Both, {"title": "  ", "body": "b"})


class TestSlug:
    @pytest.mark.parametrize("slug", ["a", "rust-1-88-0", "1f980", "a" * 120])
    def test_is_lower_case_with_single_hyphens(self, slug: str) -> None:
        assert accepts(SlugText, slug)

    @pytest.mark.parametrize(
        "slug", ["", "A", "a b", "a--b", "-a", "a-", "a/b", "ä", "12", "a" * 121, "a\n", "a_b"]
    )
    def test_is_nothing_else(self, slug: str) -> None:
        assert not accepts(SlugText, slug)


class TestWebAddress:
    @pytest.mark.parametrize(
        "address", ["https://example.com/ä?q=1#top", "http://localhost:8000", "/media/a.png", "/"]
    )
    def test_is_an_address_of_the_web_or_a_path_of_this_site(self, address: str) -> None:
        assert accepts(WebAddress, address)

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "example.com",
            "//example.com",
            "/\\example.com",
            "ftp://example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "https://a\nb",
            "/" + "x" * 2000,
        ],
    )
    def test_is_nothing_that_a_browser_takes_elsewhere(self, address: str) -> None:
        assert not accepts(WebAddress, address)


class TestPartialDate:
    @pytest.mark.parametrize("date", ["2021", "2021-06", "2021-06-30", "2020-02-29"])
    def test_is_known_as_far_as_it_goes(self, date: str) -> None:
        assert accepts(PartialDate, date)

    @pytest.mark.parametrize(
        "date", ["", "21", "2021-6", "2021-13", "2021-00", "2021-02-30", "2021-06-30T00", "0000"]
    )
    def test_is_a_date_of_the_calendar(self, date: str) -> None:
        assert not accepts(PartialDate, date)


class TestTimestamp:
    @pytest.mark.parametrize("moment", ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.123456+05:30"])
    def test_has_a_zone(self, moment: str) -> None:
        assert accepts(Timestamp, moment)

    @pytest.mark.parametrize(
        "moment",
        [
            "2026-11-22T10:00:00",
            "2026-11-22",
            "10:00",
            "1700000000",
            "17e8",
            "-1",
            1700000000,
            1.5,
            True,
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
        ],
    )
    def test_is_no_number_and_no_date(self, moment: object) -> None:
        assert not accepts(Timestamp, moment)
