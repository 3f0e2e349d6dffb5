"""What texts are told apart by, and how the filter reckons."""

import pytest

from portfolio.models.spam import WORD_LENGTH, Seen
from portfolio.services.spam import digest_of
from portfolio.services.spam.odds import spamminess
from portfolio.services.spam.words import LONGEST_TEXT, words_of

HUNDRED = Seen(100, 100)


class TestWords:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Buy NOW!", "buy… now"),
            ("\uff43\uff41\uff53\uff49\uff4e\uff4f", "casino"),
            ("ca\u200bsi\u00adno", "casino"),
            ("Straße", "STRASSE"),
            ("see https://pills.example/a?b#c", "See https://PILLS.example/a b c"),
        ],
    )
    def test_are_the_same_however_they_are_dressed(self, one: str, other: str) -> None:
        assert set(words_of(one)) == set(words_of(other))

    def test_of_a_link_are_its_host_wherever_it_pretends_to_go(self) -> None:
        honest = set(words_of("https://pills.example/"))
        assert honest <= set(words_of("https://portfolio.example@pills.example/"))
        assert honest - set(words_of("https pills example"))

    def test_tell_who_wrote_from_what_was_written(self) -> None:
        said = set(words_of("ada casino.example"))
        signed = words_of(
            "", name="Ada", website="https://casino.example", email="a@casino.example"
        )
        assert len(signed) == 3
        assert not said & set(signed)

    @pytest.mark.parametrize("text", ["東京の天気", "ภาษาไทย", "ភាសាខ្មែរ"])
    def test_come_out_of_scripts_that_put_no_space_between_them(self, text: str) -> None:
        assert set(words_of(text)) & set(words_of(f"前{text}後"))
        assert len(words_of(text)) > 1

    def test_of_other_scripts_stay_whole(self) -> None:
        assert len(words_of("हिन्दी में")) == 2

    @pytest.mark.parametrize("text", ["", " \n", "?!…", "\u200b"])
    def test_are_none_where_nothing_is_said(self, text: str) -> None:
        assert words_of(text) == []

    def test_are_each_counted_once_and_stored_in_ascii(self) -> None:
        found = words_of("spam spam 🥫 spam")
        assert len(found) == 2
        assert all(len(word) == WORD_LENGTH and word.isascii() for word in found)

    @pytest.mark.parametrize(
        "text",
        [
            " ".join(f"word{number}" for number in range(20_000)),
            " ".join(f"https://host{number}.example" for number in range(20_000)),
            "".join(chr(0x4E00 + number % 20_000) for number in range(100_000)),
            "https://" * 20_000,
            "a" * 1_000_000,
        ],
    )
    def test_are_few_of_any_text(self, text: str) -> None:
        assert len(words_of(text, name=text, website=text, email=f"a@{text}")) <= 302

    def test_that_stand_last_are_not_hidden_by_many_before_them(self) -> None:
        harmless = " ".join(f"word{number}" for number in range(LONGEST_TEXT))
        assert set(words_of("casino")) <= set(words_of(f"{harmless} casino"))


class TestSpamminess:
    @pytest.mark.parametrize("texts", [Seen(0, 0), Seen(9, 100), Seen(100, 9)])
    def test_is_unknown_before_enough_was_learned_of_both_kinds(self, texts: Seen) -> None:
        assert spamminess([Seen(5, 0)], texts) is None

    @pytest.mark.parametrize("words", [[], [Seen(50, 50)] * 20, [Seen(0, 0)]])
    def test_is_in_the_middle_where_words_tell_nothing(self, words: list[Seen]) -> None:
        assert spamminess(words, HUNDRED) == pytest.approx(0.5)

    def test_follows_the_words(self) -> None:
        scores = [
            spamminess([Seen(20, 0)] * spam + [Seen(0, 20)] * (10 - spam), HUNDRED)
            for spam in range(11)
        ]
        assert scores == sorted(scores, key=lambda score: score or 0)
        assert scores[0] == pytest.approx(0, abs=0.001)
        assert scores[5] == pytest.approx(0.5)
        assert scores[10] == pytest.approx(1, abs=0.001)

    def test_weighs_how_common_each_kind_is(self) -> None:
        assert spamminess([Seen(10, 10)] * 5, Seen(1000, 10)) == pytest.approx(0, abs=0.01)

    def test_believes_no_word_that_was_seen_once(self) -> None:
        assert spamminess([Seen(1, 0)], HUNDRED) == pytest.approx(0.75)

    def test_stays_within_its_bounds(self) -> None:
        many = 10_000
        for words in ([Seen(many, 0)] * 300, [Seen(0, many)] * 300):
            score = spamminess(words, Seen(many, many))
            assert score is not None
            assert 0 <= score <= 1


class TestDigest:
    def test_is_that_of_the_same_words_in_other_clothes(self) -> None:
        assert digest_of("Nice  post!\n") == digest_of(" nice\tPOST!")
        assert digest_of("Nice post") != digest_of("Nicepost")
        assert len(digest_of("")) == 64
