from portfolio.importers.order import placed


class TestPlace:
    def test_leaves_what_stands_right(self) -> None:
        assert placed([1, 2, 3], {1: (1,), 2: (2,), 3: (3,)}, 3) == [1, 2, 3]

    def test_puts_it_before_the_first_that_ranks_behind(self) -> None:
        assert placed([1, 3, 2], {1: (1,), 2: (2,), 3: (3,)}, 2) == [1, 2, 3]

    def test_puts_it_behind_the_last_that_ranks_before(self) -> None:
        assert placed([3, 1, 2, 9], {1: (1,), 2: (2,), 3: (3,)}, 3) == [1, 2, 3, 9]

    def test_reads_over_what_was_made_by_hand(self) -> None:
        assert placed([9, 1, 8, 3, 2], {1: (1,), 2: (2,), 3: (3,)}, 2) == [9, 1, 8, 2, 3]

    def test_moves_nothing_once_people_have_arranged_the_others(self) -> None:
        assert placed([3, 1, 2], {1: (1,), 2: (2,), 3: (3,)}, 2) == [3, 1, 2]

    def test_takes_the_only_one_as_it_stands(self) -> None:
        assert placed([9, 1], {1: (1,)}, 1) == [9, 1]
