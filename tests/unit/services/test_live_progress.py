"""What was seen of numbers that are not committed in order."""

from tests.factories.clocks import Clock

from portfolio.services.live.progress import MOST_MISSING, PATIENCE, Cursor, Progress


class TestNote:
    def test_remembers_what_was_passed_over(self) -> None:
        progress = Progress(5, [5])
        progress.note(8)
        assert progress.missing == {6, 7}
        progress.note(6)
        assert progress.missing == {7}
        assert progress.newest == 8

    def test_gives_up_after_half_a_minute(self) -> None:
        clock = Clock()
        progress = Progress(5, [5], clock)
        progress.note(7)
        clock.advance(PATIENCE - 1)
        progress.note(9)
        clock.advance(1)
        assert progress.missing == {8}

    def test_waits_for_the_last_hundred_of_many(self) -> None:
        progress = Progress(5, [5])
        progress.note(5000)
        assert len(progress.missing) == MOST_MISSING
        progress.note(9000)
        assert progress.missing == set(range(8900, 9000))


class TestBegin:
    def test_waits_for_what_is_missing_among_the_last(self) -> None:
        assert Progress(9, [4, 5, 8, 9]).missing == {6, 7}

    def test_waits_for_nothing_where_nothing_is(self) -> None:
        assert not Progress(0).missing
        assert Progress(0).newest == 0


class TestCursor:
    def test_is_a_number_and_what_may_still_come_before_it(self) -> None:
        assert str(Cursor(57)) == "57"
        assert str(Cursor(57, frozenset({55, 52, 60}))) == "57.52.55"

    def test_is_read_as_it_was_written(self) -> None:
        cursor = Cursor(57, frozenset({55, 52}))
        assert Cursor.parse(str(cursor)) == cursor

    def test_is_nothing_else(self) -> None:
        for text in ("", "x", "-1", "1.", "1.1", "1.2", "9" * 20, "1" * 5000, "²"):
            assert Cursor.parse(text) is None
        assert Cursor.parse(".".join(map(str, [500, *range(101)]))) is None

    def test_goes_on_with_each_event(self) -> None:
        cursor = Cursor(5, frozenset({3})).after(3).after(9)
        assert cursor == Cursor(9)
