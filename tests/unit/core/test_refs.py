import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from portfolio.core.refs import LONGEST_MADE, parse_ref, slug_of
from portfolio.schemas.base import SlugText

SLUG: TypeAdapter[str] = TypeAdapter(SlugText)


class TestParseRef:
    @pytest.mark.parametrize(
        ("ref", "parsed"),
        [
            ("17", 17),
            ("0017", 17),
            ("hello", "hello"),
            ("-1", "-1"),
            ("1.0", "1.0"),
            ("\N{SUPERSCRIPT TWO}", "\N{SUPERSCRIPT TWO}"),
            ("9223372036854775808", "9223372036854775808"),
            ("", ""),
        ],
    )
    def test_takes_for_an_id_what_can_be_one(self, ref: str, parsed: int | str) -> None:
        assert parse_ref(ref) == parsed


class TestSlugOf:
    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("Hello, World", "hello-world"),
            ("2024", "post-2024"),
            ("\N{CRAB}", "1f980"),
            ("#", "post-23"),
            (" ", ""),
        ],
    )
    def test_is_made_of_the_name(self, name: str, slug: str) -> None:
        assert slug_of(name, "post") == slug

    @given(st.text(min_size=1).filter(str.strip))
    def test_is_always_one_that_could_have_been_chosen(self, name: str) -> None:
        slug = slug_of(name, "post")
        assert SLUG.validate_python(slug) == slug
        assert len(slug) <= LONGEST_MADE + len("post-")
        assert isinstance(parse_ref(slug), str)
        assert slug_of(name, "post") == slug
