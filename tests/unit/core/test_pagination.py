import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.core.errors import InvalidInputException
from portfolio.core.pagination import Cursor, Page, PageRequest, Sort

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


class TestSort:
    @pytest.mark.parametrize(
        ("text", "key", "descending"), [("title", "title", False), ("-title", "title", True)]
    )
    def test_reads_and_writes_its_grammar(self, text: str, key: str, descending: bool) -> None:
        sort = Sort.parse(text, {"title": None})
        assert (sort.key, sort.descending) == (key, descending)
        assert str(sort) == text

    @pytest.mark.parametrize("text", ["", "-", "--title", "body", "Title", "title "])
    def test_names_the_keys_that_there_are(self, text: str) -> None:
        with pytest.raises(InvalidInputException, match="created_at, title"):
            Sort.parse(text, {"title": None, "created_at": None})


class TestCursor:
    @given(
        value=st.one_of(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            st.integers(-(2**31) + 1, 2**31 - 1),
            st.datetimes(timezones=st.just(UTC)),
        ),
        row_id=st.integers(1, 2**63 - 1),
    )
    def test_comes_back_as_it_went(self, value: str | int | datetime, row_id: int) -> None:
        cursor = Cursor("-key", value, row_id)
        text = cursor.encode()
        assert text.isascii()
        assert set(text) & set("+/= ") == set()
        assert Cursor.decode(text, type(value)) == cursor

    def test_reads_any_zone_as_the_same_moment(self) -> None:
        there = NOON.astimezone(timezone(timedelta(hours=5)))
        assert Cursor.decode(Cursor("k", there, 1).encode(), datetime).value == NOON

    @given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
    def test_refuses_whatever_else_is_sent(self, text: str) -> None:
        for kind in (str, int, datetime):
            with pytest.raises(InvalidInputException, match="cursor"):
                Cursor.decode(text, kind)

    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            (["k", "text", 0, 1], int),
            (["k", 5, 0, 1], str),
            (["k", 5, 1, 1], datetime),
            (["k", "2026-11-22T12:00:00", 1, 1], datetime),
            (["k", "0001-01-01T00:00:00+14:00", 1, 1], datetime),
            (["k", "x", 0, "1"], str),
            (["k", "x", 0, True], str),
            (["k", "x", 0, 2**63], str),
            (["k", 2**31, 0, 1], int),
            (["k", "x", 0], str),
            (["k", "x", 0, 1, 2], str),
            ("k", str),
            (None, str),
        ],
    )
    def test_refuses_what_it_never_made(self, value: Any, kind: type) -> None:
        with pytest.raises(InvalidInputException, match="next_cursor"):
            Cursor.decode(encoded(value), kind)


class TestPage:
    @pytest.mark.parametrize(
        ("total", "pages"), [(0, 0), (1, 1), (20, 1), (21, 2), (40, 2), (None, None)]
    )
    def test_counts_the_pages(self, total: int | None, pages: int | None) -> None:
        assert Page[int]([], limit=20, total=total).pages == pages

    def test_begins_behind_the_pages_before(self) -> None:
        assert PageRequest().offset == 0
        assert PageRequest(limit=10, page=3).offset == 20
