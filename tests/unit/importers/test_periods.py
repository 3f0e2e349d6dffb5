import pytest

from portfolio.importers import periods
from portfolio.importers.periods import Period


class TestRead:
    @pytest.mark.parametrize(
        ("text", "started_on", "ended_on"),
        [
            ("July - December 2017", "2017-07", "2017-12"),
            ("July-December 2017", "2017-07", "2017-12"),
            ("December - February 2017", "2016-12", "2017-02"),
            ("Jul. 2017 to Sept. 2018", "2017-07", "2018-09"),
            ("07/2017-12/2017", "2017-07", "2017-12"),
            ("2017-07 \u2013 2017-12", "2017-07", "2017-12"),
            ("2017-07-01 \u2013 2017-12-31", "2017-07-01", "2017-12-31"),
            ("July 1, 2017 - Dec 31, 2017", "2017-07-01", "2017-12-31"),
            ("Jul '17 \u2014 Dec \u201917", "2017-07", "2017-12"),
            ("Jan 2020 - Mar 2020 (3 months)", "2020-01", "2020-03"),
            ("2015-2017", "2015", "2017"),
            ("2016", "2016", "2016"),
            ("Summer 2016", "2016-06", "2016-08"),
            ("Spring - Fall 2016", "2016-03", "2016-11"),
            ("Spring 2016 & 2017", "2016-03", "2017-05"),
            ("Summer 2015, 2016 and 2017", "2015-06", "2017-08"),
            ("Winter 2016", "2016-01", "2016-02"),
        ],
    )
    def test_finds_both_edges(self, text: str, started_on: str, ended_on: str) -> None:
        assert periods.read(text) == Period(started_on, ended_on)

    @pytest.mark.parametrize(
        "text",
        [
            "May 2018 - Present",
            "May 2018 \u2013 now",
            "May 2018-today",
            "since May 2018",
            "May 2018 -",
        ],
    )
    def test_knows_what_still_goes_on(self, text: str) -> None:
        assert periods.read(text) == Period("2018-05", None, is_current=True)

    @pytest.mark.parametrize(
        "text", ["", "a while", "July", "2017 - 2015", "2015-16", "July 31 - February 31 2017"]
    )
    def test_refuses_what_it_cannot_place(self, text: str) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - each says its own reason
            periods.read(text)


class TestReadEdges:
    def test_keeps_the_precision_of_each(self) -> None:
        assert periods.read_edges("2017", "2018-05-01") == Period("2017", "2018-05-01")
        assert periods.read_edges(2017, "May 2018") == Period("2017", "2018-05")
        assert periods.read_edges("2017-01-31T10:00:00Z", 2018) == Period("2017-01-31", "2018")

    @pytest.mark.parametrize("end", [None, "Present"])
    def test_goes_on_without_an_end(self, end: str | None) -> None:
        assert periods.read_edges("2017-07", end) == Period("2017-07", None, is_current=True)

    def test_may_know_the_end_alone(self) -> None:
        assert periods.read_edges(None, "2018") == Period(None, "2018")

    def test_refuses_an_end_before_the_start(self) -> None:
        with pytest.raises(ValueError, match="before"):
            periods.read_edges("2018-05", "2017")
