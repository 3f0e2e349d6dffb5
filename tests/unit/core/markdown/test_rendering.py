import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portfolio.core.errors import InvalidInputException
from portfolio.core.markdown import (
    Heading,
    RenderedComment,
    highlighting,
    render,
    render_comment,
)

CONTENT = Path(__file__).parents[5] / "shared" / "data" / "rust-blog" / "content"


class TestRender:
    @pytest.mark.parametrize(
        ("source", "html"),
        [
            ("", ""),
            ("*a* **b** ~~c~~", "<p><em>a</em> <strong>b</strong> <s>c</s></p>\n"),
            ("Term\n: Meaning", "<dl>\n<dt>Term</dt>\n<dd>Meaning</dd>\n</dl>\n"),
            ("![a](b.png)", '<p><img src="b.png" alt="a" loading="lazy"></p>\n'),
            ("3. three", '<ol start="3">\n<li>three</li>\n</ol>\n'),
            ("a\0b", "<p>a\ufffdb</p>\n"),
            ("H<sub>2</sub>O <kbd>Esc</kbd>", "<p>H<sub>2</sub>O <kbd>Esc</kbd></p>\n"),
            ('<a name="x"></a>', '<p><a name="x" rel="noopener"></a></p>\n'),
            ("<pre>\n\n\na</pre>", "<pre>a</pre>"),
        ],
    )
    def test_writes_html(self, source: str, html: str) -> None:
        assert render(source).html == html

    def test_aligns_the_cells_of_a_table_without_style(self) -> None:
        html = render("|a|b|\n|:-:|-|\n|1|2|").html
        assert '<th align="center">a</th>\n<th>b</th>' in html
        assert '<td align="center">1</td>\n<td>2</td>' in html

    def test_ticks_the_boxes_of_a_task_list_for_good(self) -> None:
        html = render("- [x] done\n- [ ] open").html
        boxes = re.findall(r"<input [^>]*>", html)
        assert ["checked" in box for box in boxes] == [True, False]
        assert all('type="checkbox"' in box and "disabled" in box for box in boxes)

    def test_keeps_markdown_inside_of_raw_html(self) -> None:
        html = render("<details open><summary>S</summary>\n\n*text*\n\n</details>").html
        assert html.startswith('<details open=""><summary>S</summary>\n<p><em>text</em></p>')

    def test_joins_footnotes_and_their_marks(self) -> None:
        html = render("a[^n] b[^n]\n\n[^n]: The *note*.").html
        assert '<a href="#fn:1" id="fnref:1" rel="noopener">[1]</a>' in html
        assert '<a href="#fn:1" id="fnref:1:1" rel="noopener">[1]</a>' in html
        assert (
            '<li id="fn:1" class="footnote-item"><p>The <em>note</em>. <a href="#fnref:1"' in html
        )

    def test_says_how_long_it_takes_to_read(self) -> None:
        assert render("word " * 500).reading_time == 3

    def test_excerpts_prose_and_no_notes(self) -> None:
        source = "# Title\n\n```c\ncode\n```\n\nFirst[^1] *words*.\n\n[^1]: Note."
        assert render(source).excerpt == "First words."

    def test_gives_the_same_in_many_threads(self) -> None:
        source = "# T\n\n```rust\nfn main() {}\n```\n\na[^1]\n\n[^1]: b\n" * 3
        with ThreadPoolExecutor(8) as pool:
            assert len({result.html for result in pool.map(render, [source] * 32)}) == 1


class TestHeadings:
    def test_have_an_id_and_a_link_to_it(self) -> None:
        assert render("## Big *News*").html == (
            '<h2 id="big-news">Big <em>News</em>'
            '<a class="anchor" href="#big-news" aria-hidden="true" tabindex="-1" rel="noopener">'
            "</a></h2>\n"
        )

    def test_are_listed_down_to_the_fourth_level(self) -> None:
        assert render("# A `b` [c](d)\n\n#### Four\n\n##### Five").toc == [
            Heading(1, "a-b-c", "A b c"),
            Heading(4, "four", "Four"),
        ]

    @pytest.mark.parametrize(
        ("source", "ids"),
        [
            ("# A\n# A\n# A", ["a", "a-1", "a-2"]),
            ("# A\n# A-1\n# A", ["a", "a-1", "a-2"]),
            ("# A 1\n# A\n# A", ["a-1", "a", "a-2"]),
            ("# 😀\n# 🎉", ["section", "section-1"]),
            ("# A {#other}\n# Use `{#b}`", ["other", "use-b"]),
        ],
    )
    def test_have_unique_ids(self, source: str, ids: list[str]) -> None:
        assert [heading.id for heading in render(source).toc] == ids

    def test_lose_the_id_that_was_written_out(self) -> None:
        assert render("# A {#other}").toc[0].text == "A"


class TestLinks:
    @pytest.mark.parametrize(
        ("source", "address"),
        [
            ("see https://a.b/c.", "https://a.b/c"),
            ("(https://a.b/c_(d))", "https://a.b/c_(d)"),
            ("**https://a.b**", "https://a.b"),
            ("<https://a.b?c=d&e>", "https://a.b?c=d&amp;e"),
            ("[x](HTTP://a.b)", "HTTP://a.b"),
            ("[x](mailto:a@b.c)", "mailto:a@b.c"),
            ("[x](../y)", "../y"),
            ("[x](#y)", "#y"),
        ],
    )
    def test_are_made_of_addresses(self, source: str, address: str) -> None:
        assert re.findall(r'<a href="([^"]*)" rel="noopener">', render(source).html) == [address]

    @pytest.mark.parametrize("source", ["`https://a.b`", "xhttps://a.b", "https://", "a.b/c"])
    def test_are_not_made_of_code_and_words(self, source: str) -> None:
        assert "<a" not in render(source).html

    @pytest.mark.parametrize(
        "source", ["[https://a.b](https://c.d)", '<a href="https://c.d">https://a.b</a>']
    )
    def test_are_not_nested(self, source: str) -> None:
        assert render(source).html.count("<a ") == 1


class TestCode:
    @pytest.mark.parametrize(
        ("info", "language"),
        [
            ("rust", "rust"),
            ("rust,ignore", "rust"),
            ("{.python}", "python"),
            ("{ .python .numberLines }", "python"),
            ("shell:title=bin/composer", "shell"),
            ("js{1,3-5}", "js"),
            ("C++", "c++"),
            ("SQL  ", "sql"),
        ],
    )
    def test_is_highlighted_in_the_language_of_the_fence(self, info: str, language: str) -> None:
        html = render(f"```{info}\nreturn 1\n```").html
        assert html.startswith(f'<pre><code class="language-{language}">')
        assert "<span class=" in html
        assert "style=" not in html

    @pytest.mark.parametrize(
        ("source", "html"),
        [
            ("```nosuch\na<b\n```", '<pre><code class="language-nosuch">a&lt;b\n</code></pre>\n'),
            ("```\na<b\n```", "<pre><code>a&lt;b\n</code></pre>\n"),
            ("    a<b", "<pre><code>a&lt;b\n</code></pre>\n"),
            ("```,;\na\n```", "<pre><code>a\n</code></pre>\n"),
        ],
    )
    def test_in_no_known_language_is_plain(self, source: str, html: str) -> None:
        assert render(source).html == html

    def test_keeps_every_blank(self) -> None:
        code = "\n\n  def f():\n\n\treturn  1  \n\n"
        html = render(f"```python\n{code}```").html
        assert re.sub(r"<[^>]*>", "", html) == f"{code}\n"

    @pytest.mark.parametrize(
        "code", ["x = 1\n" * 17_000, "x = " + "1" * 500 + "\n", "x = 1\n" + " \n" * 30 + "y = 2\n"]
    )
    def test_that_lexers_choke_on_is_plain(self, code: str) -> None:
        html = render(f"```python\n{code}```").html
        assert html == f'<pre><code class="language-python">{code}</code></pre>\n'

    def test_is_plain_when_the_time_is_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(highlighting, "MAX_SECONDS", -1)
        assert "<span" not in render("```python\nx = 1\n```").html


class TestRenderComment:
    @pytest.mark.parametrize(
        ("source", "html"),
        [
            ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>\n"),
            ("a\nb", "<p>a<br>\nb</p>\n"),
            ("> a", "<blockquote>\n<p>a</p>\n</blockquote>\n"),
            ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
            ("```rust\nfn f() {}\n```", "<pre><code>fn f() {}\n</code></pre>\n"),
            ("# a", "<p># a</p>\n"),
            ("a\n===", "<p>a<br>\n===</p>\n"),
            ("***", "<p>***</p>\n"),
            ("|a|\n|-|", "<p>|a|<br>\n|-|</p>\n"),
            ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"),
        ],
    )
    def test_knows_text_code_quotations_and_lists(self, source: str, html: str) -> None:
        assert render_comment(source).html == html

    @pytest.mark.parametrize(
        ("source", "begin", "text"),
        [
            ("[x](https://a.b)", "", "x"),
            ("![x](https://a.b)", "!", "x"),
            ("https://a.b", "", "https://a.b"),
            ("<https://a.b>", "", "https://a.b"),
        ],
    )
    def test_marks_links_as_a_visitors_and_counts_them(
        self, source: str, begin: str, text: str
    ) -> None:
        link = f'<a href="https://a.b" rel="nofollow ugc noopener">{text}</a>'
        assert render_comment(source) == RenderedComment(f"<p>{begin}{link}</p>\n", 1)

    @pytest.mark.parametrize("address", ["/logout", "//evil", "ftp://a.b", "#x", "javascript:x"])
    def test_links_to_no_path_and_by_no_other_scheme(self, address: str) -> None:
        assert "href" not in render_comment(f"[x]({address})").html

    def test_writes_no_ids_and_classes(self) -> None:
        source = "# A\n\n```rust\nfn f() {}\n```\n\n- [x] done\n\n|a|\n|-|\n\nb[^1]\n\n[^1]: c"
        assert not re.search(r"\s(id|class|style)=", render_comment(source).html)


class TestLimits:
    @pytest.mark.parametrize(
        "source",
        [
            "a" * 500_001,
            "\ud800",
            "![" * 50_000,
            "[^1]: x\n\n" + "[^" * 50_000,
            "> " * 40 + "a\n" * 40_000,
            "> " * 20 + "a",
            "".join("  " * depth + "- a\n" for depth in range(12)),
        ],
        ids=lambda source: repr(source[:16]),
    )
    @pytest.mark.parametrize("rendering", [render, render_comment])
    def test_refuse_what_would_take_too_long(
        self, rendering: Callable[[str], object], source: str
    ) -> None:
        with pytest.raises(InvalidInputException):
            rendering(source)

    @pytest.mark.parametrize(
        "source",
        [
            "|a\n" * 2 + "|-|-|\n" + "|x\n" * 33_000,
            ("|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n" + "|\n" * 65 + "\n") * 24,
            "#\n" * 50_000,
        ],
        ids=lambda source: repr(source[:16]),
    )
    def test_refuse_what_only_an_author_can_make_costly(self, source: str) -> None:
        with pytest.raises(InvalidInputException):
            render(source)

    @pytest.mark.parametrize("tag", ["div", "b", "ul><li", "span", "T"])
    def test_refuse_a_tower_of_tags(self, tag: str) -> None:
        with pytest.raises(InvalidInputException, match="nested too deeply"):
            render(f"<{tag}>" * 5_000)

    def test_bound_what_open_tags_do_to_later_paragraphs(self) -> None:
        source = "<p>" + "".join(f"<b id={n}>" for n in range(150)) + "<p>x" * 1_000
        assert len(render(source).html) < 20 * len(source)

    def test_allow_long_texts_and_nine_lists_in_each_other(self) -> None:
        assert render("A sentence with a [link](https://a.b) and `code`.\n\n" * 2_500).html
        assert "deep" in render("- " * 9 + "deep").html


def real_posts() -> Iterator[Path]:
    """Every thirteenth post of a real blog."""
    return iter(sorted(CONTENT.rglob("*.md"))[::13])


@pytest.mark.skipif(not CONTENT.is_dir(), reason="the sample content is not there")
class TestRealPosts:
    def test_render_with_unique_ids_and_a_table_of_contents_that_leads_somewhere(self) -> None:
        for path in real_posts():
            rendered = render(path.read_text("utf-8"))
            ids = re.findall(r' id="([^"]*)"', rendered.html)
            assert len(ids) == len(set(ids)), path
            assert {heading.id for heading in rendered.toc} <= set(ids), path
            assert rendered.excerpt, path
