from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.importers.front_matter import LIMIT, FrontMatter, FrontMatterError, parse


def failure(text: str) -> FrontMatterError:
    with pytest.raises(FrontMatterError) as caught:
        parse(text)
    return caught.value


class TestParse:
    @pytest.mark.parametrize(
        "text",
        [
            '---\ntitle: "One"\n---\nBody',
            '--- yaml  \ntitle: "One"\n---   \nBody',
            '---\ntitle: "One"\n...\nBody',
            '+++\ntitle = "One"\n+++\nBody',
            '---toml\ntitle = "One"\n---\nBody',
            '---json\n{"title": "One"}\n---\nBody',
            ';;;\n{"title": "One"}\n;;;\nBody',
            ';;;\n"title": "One"\n;;;\nBody',
            '{\n"title": "One"}\n\nBody',
        ],
    )
    def test_reads_each_language_behind_its_fence(self, text: str) -> None:
        found = parse(text)
        assert found.data == {"title": "One"}
        assert found.body.strip() == "Body"

    def test_says_on_which_line_of_the_file_the_body_begins(self) -> None:
        assert parse("---\ntitle: One\n---\nBody\n") == FrontMatter({"title": "One"}, "Body\n", 4)
        assert parse('{\n  "title": "One"\n}\nBody') == FrontMatter({"title": "One"}, "Body", 4)

    def test_does_not_mind_a_byte_order_mark_nor_the_line_ends_of_windows(self) -> None:
        text = "\ufeff---\r\ntitle: One\r\n---\r\nBody\r\n"
        assert parse(text) == FrontMatter({"title": "One"}, "Body\n", 4)

    def test_finds_front_matter_below_empty_lines(self) -> None:
        assert parse("\n\n+++\na = 1\n+++\nBody") == FrontMatter({"a": 1}, "Body", 6)

    @pytest.mark.parametrize(
        "text", ["---\n---\n", "---\n\n---\n", "+++\n+++\n", "---\n# x\n---\n"]
    )
    def test_takes_an_empty_one_for_no_values(self, text: str) -> None:
        assert parse(text).data == {}
        assert parse(text).body == ""

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Only text\n",
            "---\n\nA rule above prose.\n\n---\n",
            "---",
            "----\ntitle: One\n----\n",
            '{{< figure src="a.png" >}}\n',
            "{% raw %}\n",
        ],
    )
    def test_leaves_a_text_without_front_matter_as_it_is(self, text: str) -> None:
        assert parse(text) == FrontMatter({}, text, 1)

    def test_leaves_a_second_fence_in_the_body(self) -> None:
        assert parse("---\na: 1\n---\n---\nBody").body == "---\nBody"


class TestYaml:
    def test_keeps_dates_decimals_and_words_as_they_were_written(self) -> None:
        data = parse("---\ndate: 2020-01-02\nv: 1.10\nat: 12:30\nid: 007\nword: no\n---").data
        assert data == {
            "date": "2020-01-02",
            "v": "1.10",
            "at": "12:30",
            "id": "007",
            "word": "no",
        }

    def test_reads_true_false_null_and_whole_numbers(self) -> None:
        data = parse("---\na: true\nb: FALSE\nc: ~\nd:\ne: -12\n---").data
        assert data == {"a": True, "b": False, "c": None, "d": None, "e": -12}

    def test_follows_a_few_aliases(self) -> None:
        data = parse("---\ntitle: &t One\nseo:\n  title: *t\n---").data
        assert data == {"title": "One", "seo": {"title": "One"}}

    def test_lets_a_merged_table_be_overridden(self) -> None:
        data = parse("---\na: &a {x: 1, y: 1}\nb:\n  <<: *a\n  y: 2\n---").data
        assert data["b"] == {"x": 1, "y": 2}


class TestBroken:
    @pytest.mark.parametrize(
        ("text", "line", "words"),
        [
            ("---\nok: 1\ntitle: One: two\n---\n", 3, "needs quotes"),
            ("---\n\ttitle: One\n---\n", 2, "tab"),
            ("---\na: 1\na: 2\n---\n", 3, "twice"),
            ("---\na: 1\nb: \x07\n---\n", 3, "control character"),
            ("---\na: &x [*x]\n---\n", 2, "within itself"),
            ("---\na: !python/object:os.system x\n---\n", 2, "constructor"),
            ("---\n- a\n---\n", 2, "names and values"),
            ("---\nJust prose.\n---\n", 2, "names and values"),
            ("---\na: 1\n", 1, "never closed"),
            ("\n---\na: 1\n", 2, "never closed"),
            ("---js\n{}\n---\n", 1, "'js'"),
            ("+++\na = 1\nb =\n+++\n", 3, "Invalid value"),
            ("+++\na =\nb = 1\n+++\n", 2, "Invalid value"),
            ("+++\na = 1\na = 2\n+++\n", 3, "overwrite"),
            ('+++\na = 1\nb = "two\n+++\n', 3, ""),
            ('+++\na = """\nopen\n+++\n', 3, "Unterminated"),
            ('---json\n{"a": 1,\n}\n---\n', 3, "double quotes"),
            ('\n{\n"a": 1,\n}\n', 4, "double quotes"),
            (";;;\n[1]\n;;;\n", 2, "names and values"),
        ],
    )
    def test_names_the_line_in_the_file(self, text: str, line: int, words: str) -> None:
        error = failure(text)
        assert error.line == line
        assert words in error.message

    def test_refuses_what_unfolds_without_end(self) -> None:
        levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
        text = "\n".join(["---", "a0: &a0 x", *levels, "---"])
        assert "aliases" in failure(text).message

    def test_refuses_what_is_nested_without_end(self) -> None:
        assert failure("---\na: " + "[" * 9000 + "\n---\n").line == 2
        assert failure("+++\na = " + "[" * 9000 + "\n+++\n").line == 2
        assert failure('{"a": ' + "[" * 90000).line == 1

    def test_refuses_one_that_is_very_large(self) -> None:
        assert "KiB" in failure("---\na: " + "x" * LIMIT + "\n---\n").message
        assert "KiB" in failure('{"a": "' + "x" * LIMIT + '"}\n').message

    @given(
        st.sampled_from(["---\n", "+++\n", ";;;\n", "{", "---json\n"]),
        st.text(alphabet="ab:-+[]{}&*!#|>'\"\n\t ,019=;.~<\\%", max_size=40),
        st.sampled_from(["\n---\n", "\n+++\n", "\n;;;\n", "}", "\n"]),
    )
    def test_never_fails_in_another_way(self, opening: str, content: str, closing: str) -> None:
        text = opening + content + closing
        with suppress(FrontMatterError):
            parse(text)
