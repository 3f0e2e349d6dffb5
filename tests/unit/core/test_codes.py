import re

import pytest

from portfolio.core.codes import mail_code, plain, recovery_codes

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@pytest.mark.requirement("32")
class TestRecoveryCodes:
    def test_are_ten_different_ones_of_80_bits(self) -> None:
        codes = recovery_codes()
        assert len(set(codes)) == 10
        group = f"[{ALPHABET}]{{4}}"
        assert len(ALPHABET) ** 16 == 2**80
        assert all(re.fullmatch("-".join([group] * 4), code) for code in codes)

    def test_use_the_whole_alphabet(self) -> None:
        letters = {letter for _ in range(100) for code in recovery_codes() for letter in code}
        assert letters == {*ALPHABET, "-"}


class TestPlain:
    @pytest.mark.parametrize(
        "typed",
        ["k3v9-2m7q-01fa-hh81", "K3V9 2M7Q 01FA HH81", "k3v92m7q01fahh81", "k3v9-2m7q-oIfa-hh8l"],
    )
    def test_is_one_form_of_a_code_however_it_was_typed(self, typed: str) -> None:
        assert plain(typed) == "k3v92m7q01fahh81"

    def test_keeps_all_codes_apart(self) -> None:
        codes = [code for _ in range(100) for code in recovery_codes()]
        assert len({plain(code) for code in codes}) == len(codes)


class TestMailCode:
    @pytest.mark.requirement("28")
    def test_has_six_digits_each_time_others(self) -> None:
        codes = [mail_code() for _ in range(2000)]
        assert all(re.fullmatch("[0-9]{6}", code) for code in codes)
        assert len(set(codes)) > 1900
        assert {code[0] for code in codes} == set("0123456789")
