import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.core.text import excerpt, fold, passage, plain_text, reading_time, slugify


class TestSlugify:
    @pytest.mark.parametrize(
        ("text", "slug"),
        [
            ("Hello, World!", "hello-world"),
            ("Rust-1.88.0", "rust-1-88-0"),
            ("C++ & C#", "cpp-csharp"),
            ("Issue #5", "issue-5"),
            ("Crème brûlée für Œdipe", "creme-brulee-fur-oedipe"),
            ("北京", "bei-jing"),
            ("Don't panic", "don-t-panic"),
            ("a&amp;b", "a-amp-b"),
            ("--a__b--", "a-b"),
        ],
    )
    def test_writes_an_address_part(self, text: str, slug: str) -> None:
        assert slugify(text) == slug

    @pytest.mark.parametrize("text", ["", " ", "😀🎉", "...", "\0"])
    def test_is_empty_where_nothing_is_left(self, text: str) -> None:
        assert slugify(text) == ""

    def test_cuts_at_a_word(self) -> None:
        assert slugify("one two three", max_length=9) == "one-two"

    def test_cuts_a_word_that_is_too_long(self) -> None:
        assert slugify("a" * 100_000) == "a" * 120

    @given(st.text())
    def test_uses_no_character_but_letters_digits_and_single_hyphens(self, text: str) -> None:
        slug = slugify(text, max_length=30)
        assert len(slug) <= 30
        assert all(part.isascii() and part.isalnum() for part in slug.split("-") if slug)
        assert slug == slug.lower()

    @given(st.text())
    def test_leaves_a_slug_alone(self, text: str) -> None:
        assert slugify(slugify(text)) == slugify(text)


class TestPlainText:
    def test_keeps_words_of_neighbouring_blocks_apart(self) -> None:
        assert plain_text("<h2>One</h2><p>two<br>three</p><ul><li>four") == "One two three four"

    def test_reads_entities_and_drops_scripts(self) -> None:
        assert plain_text("<p>1 &lt; 2</p><script>alert(1)</script>") == "1 < 2"

    def test_passes_text_without_tags(self) -> None:
        assert plain_text("2 < 3 & so\non") == "2 < 3 & so on"


class TestExcerpt:
    def test_passes_a_short_text(self) -> None:
        assert excerpt("<p>Short <em>and</em> sweet.</p>") == "Short and sweet."

    def test_cuts_at_a_word(self) -> None:
        assert excerpt("one two, three", limit=10) == "one two…"

    def test_cuts_text_without_spaces_at_a_character(self) -> None:
        assert excerpt("漢字" * 10, limit=6) == "漢字漢字漢…"

    def test_prefers_prose_to_headings_code_and_tables(self) -> None:
        html = "<h1>T</h1><pre>x = 1</pre><table><tr><td>1</td></tr></table><p>Prose<sup>[1]</sup>."
        assert excerpt(html) == "Prose."

    def test_shows_what_there_is_without_prose(self) -> None:
        assert excerpt("<pre>x = 1</pre>") == "x = 1"

    @given(st.text(), st.integers(1, 50))
    def test_never_exceeds_the_limit(self, text: str, limit: int) -> None:
        assert len(excerpt(text, limit)) <= limit


class TestPassage:
    def test_is_the_text_line_by_line(self) -> None:
        markup = "<p>One <b>bold</b> word<br>two</p>\n<ul><li>a &lt; b</li><li></li></ul>"
        assert passage(markup) == ["One bold word", "two", "a < b"]

    def test_ends_with_an_ellipsis_where_there_is_more(self) -> None:
        assert passage("<p>one two three</p><p>four</p>", 9) == ["one two…"]
        assert passage("<p>one two three</p><p>four</p>", 13) == ["one two three", "…"]

    def test_has_not_too_many_lines(self) -> None:
        assert len(passage("<p>a</p>" * 1000, 600)) == 16

    def test_is_nothing_where_nothing_is_said(self) -> None:
        assert passage('<p><img src="/x.png"></p>') == []


class TestReadingTime:
    @pytest.mark.parametrize(
        ("text", "minutes"),
        [("", 1), ("word " * 220, 1), ("word " * 221, 2), ("漢" * 440, 1), ("漢" * 441, 2)],
    )
    def test_counts_started_minutes(self, text: str, minutes: int) -> None:
        assert reading_time(text) == minutes


class TestFold:
    @pytest.mark.parametrize(
        ("text", "folded"),
        [
            (" Ada@Example.ORG ", "ada@example.org"),
            ("STRASSE", "strasse"),
            ("straße", "strasse"),
            ("\uff46\uff55\uff4c\uff4c", "full"),
            ("e\u0301", "é"),
        ],
    )
    def test_brings_spellings_together(self, text: str, folded: str) -> None:
        assert fold(text) == folded

    @given(st.text())
    def test_leaves_a_folded_name_alone(self, text: str) -> None:
        assert fold(fold(text)) == fold(text)
