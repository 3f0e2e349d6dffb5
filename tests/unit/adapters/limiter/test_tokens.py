from tests.factories.clocks import Clock

from portfolio.adapters.limiter.tokens import GOOD_SECONDS, MAX_TOKENS, KnownTokens


class TestKnownTokens:
    def test_know_what_was_checked(self) -> None:
        tokens = KnownTokens()
        tokens.add("a")
        assert "a" in tokens
        assert "b" not in tokens
        assert "" not in tokens

    def test_forget_it_after_a_while(self, clock: Clock) -> None:
        tokens = KnownTokens(clock)
        tokens.add("a")
        clock.advance(GOOD_SECONDS - 1)
        tokens.add("b")
        assert "a" in tokens
        clock.advance(1)
        assert "a" not in tokens
        assert "b" in tokens

    def test_are_not_more_than_so_many(self) -> None:
        tokens = KnownTokens()
        for number in range(MAX_TOKENS + 1):
            tokens.add(str(number))
        assert "0" not in tokens
        assert "1" in tokens
