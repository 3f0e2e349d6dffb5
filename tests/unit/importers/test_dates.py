from datetime import UTC, date, datetime

import pytest

from portfolio.importers import dates


class TestRead:
    @pytest.mark.parametrize(
        "written",
        [
            "2020-07-01",
            "2020-7-1",
            "2020/07/01",
            "20200701",
            20200701,
            "Jul 01 2020",
            "July 1, 2020",
            "1st of July 2020",
            "Wed, 01 Jul 2020 00:00:00 GMT",
            "Wed Jul 01 2020 02:00:00 GMT+0200 (Central European Summer Time)",
            "2020-07-01T00:00:00.000Z",
            "2020-07-01 02:00:00 +0200",
            "2020-06-30 19:00:00 CDT",
            "01.07.2020",
            "07/01/2020",
            date(2020, 7, 1),
            datetime(2020, 7, 1, tzinfo=UTC),
        ],
    )
    def test_understands_how_authors_write_a_day(self, written: object) -> None:
        assert dates.read(written) == datetime(2020, 7, 1, tzinfo=UTC)

    def test_takes_an_hour_without_a_zone_for_utc(self) -> None:
        assert dates.read("2020-07-01 10:30") == datetime(2020, 7, 1, 10, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        "written",
        [
            "2020",
            "Jul 2020",
            "2020-07",
            "Monday",
            "May 2020 Friday",
            "07/01/20",
            "2020-13-01",
            "Feb 30 2020",
            "2. Juli 2020",
            "version 3 of 2020",
            "1580000000",
            "2020-07-01 10:00 FOO",
            "0001-01-01T00:00:00+01:00",
            "99999999999 1 1 2020",
            "2020-07-01" + " " * 200 + "x",
            True,
            [2020, 7, 1],
        ],
    )
    def test_refuses_what_is_no_whole_date(self, written: object) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - its message is the parser's own
            dates.read(written)


class TestIsAmbiguous:
    def test_holds_for_two_numbers_that_could_both_be_the_month(self) -> None:
        assert dates.is_ambiguous("01/02/2020")
        assert not dates.is_ambiguous("13/02/2020")
        assert not dates.is_ambiguous("02/02/2020")
        assert not dates.is_ambiguous("2020-01-02")


class TestInName:
    @pytest.mark.parametrize("name", ["2020-07-01-hello", "2020-7-1_hello", "2020-07-01 hello"])
    def test_splits_the_date_from_the_rest(self, name: str) -> None:
        assert dates.in_name(name) == (datetime(2020, 7, 1, tzinfo=UTC), "hello")

    def test_may_find_nothing_but_a_date(self) -> None:
        assert dates.in_name("2020-07-01") == (datetime(2020, 7, 1, tzinfo=UTC), "")

    @pytest.mark.parametrize(
        "name", ["hello", "2020-13-01-hello", "2020-07-hello", "12020-07-01-x"]
    )
    def test_leaves_a_name_without_a_date_whole(self, name: str) -> None:
        assert dates.in_name(name) == (None, name)


class TestInPath:
    @pytest.mark.parametrize(
        "path", ["2020/07/01/hello", "blog/2020/7/1/hello.md", "blog/2020-07-01-hello/index.md"]
    )
    def test_finds_the_date_in_the_folders(self, path: str) -> None:
        assert dates.in_path(path) == datetime(2020, 7, 1, tzinfo=UTC)

    @pytest.mark.parametrize("path", ["blog/hello", "2020/07/hello", "2020/13/01/hello"])
    def test_finds_none_where_there_is_none(self, path: str) -> None:
        assert dates.in_path(path) is None
