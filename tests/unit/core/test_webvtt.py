import re

import pytest

from portfolio.core import webvtt
from portfolio.core.errors import InvalidInputException, PayloadTooLargeException

CUE = "\n\n00:01.000 --> 00:04.000\nÜber den Hafen\n"


class TestParse:
    @pytest.mark.parametrize(
        "text", ["WEBVTT", "WEBVTT\n", f"WEBVTT{CUE}", f"WEBVTT - Harbour{CUE}", "WEBVTT\tx\r\n"]
    )
    def test_takes_what_begins_as_it_must(self, text: str) -> None:
        assert webvtt.parse(text.encode()) == text

    def test_takes_the_byte_order_mark_away(self) -> None:
        assert webvtt.parse(b"\xef\xbb\xbfWEBVTT\n") == "WEBVTT\n"

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"WEBVTTX\n",
            b"webvtt\n",
            b"\nWEBVTT\n",
            b"1\n00:00:01,000 --> 00:00:04,000\nHello\n",
            b"<html>WEBVTT</html>",
            b"WEBVTT\n\xff\xfe",
            "WEBVTT\n".encode("utf-16"),
            b"WEBVTT\n\0",
        ],
    )
    def test_refuses_what_is_none(self, content: bytes) -> None:
        with pytest.raises(InvalidInputException) as refused:
            webvtt.parse(content)
        assert [error.code for error in refused.value.errors] == ["webvtt_invalid"]

    def test_refuses_what_is_too_long(self) -> None:
        longest = b"WEBVTT\n".ljust(webvtt.MAX_BYTES, b"x")
        assert len(webvtt.parse(longest)) == webvtt.MAX_BYTES
        with pytest.raises(PayloadTooLargeException):
            webvtt.parse(longest + b"x")


class TestLanguage:
    @pytest.mark.parametrize(
        ("given", "written"),
        [
            ("EN", "en"),
            ("pt-br", "pt-BR"),
            ("zh-hant", "zh-Hant"),
            ("ZH-HANT-TW", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("de-1996", "de-1996"),
            ("SL-Rozaj", "sl-rozaj"),
        ],
    )
    def test_is_written_as_usual(self, given: str, written: str) -> None:
        assert webvtt.language(given) == written
        assert re.search(webvtt.LANGUAGE, given)

    @pytest.mark.parametrize("tag", ["", "e", "english", "en_GB", "en-", "-en", "en--GB", "en/GB"])
    def test_has_a_form(self, tag: str) -> None:
        assert re.search(webvtt.LANGUAGE, tag) is None
