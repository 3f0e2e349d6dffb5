from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.core.errors import InvalidInputException
from portfolio.core.markdown import render
from portfolio.core.markdown.addresses import image_addresses, link_addresses, rewrite_addresses

LINKS = ["![a](b.png)", "[a](b)", "[a][r]", "![r]", "[r]: /u\n", "[r]: <u v> 'T'\n", "(b (c) d)"]
TAGS = ["<img src=x>", "<a href='y'>", "<p title='<img src=z>'>", "<div>\n", "<!--", "-->"]
BLOCKS = ["> ", "- ", "    ", "\n", "\n\n", "\r\n", "```\n", "| ", "|-|-|\n", "[^1]: ", "# ", "=\n"]
SIGNS = ["[", "]", "![", "](", "<", ">", "\\", "\\|", "*", "`", "\t", "é", "\0", "[^1]"]
MARKUP = st.lists(st.sampled_from([*LINKS, *TAGS, *BLOCKS, *SIGNS]), max_size=20).map("".join)


def moved(url: str) -> str:
    return f"/new/{url}"


class TestRewriteAddresses:
    @pytest.mark.parametrize(
        ("source", "rewritten"),
        [
            ("![a](./i.jpg)", "![a](/new/./i.jpg)"),
            ('[a](b "b") b', '[a](/new/b "b") b'),
            ("[a](  <b c>  'd')", "[a](  /new/b%20c  'd')"),
            ("[a](b_(c))", r"[a](/new/b_\(c\))"),
            ("[![i](j)](k)", "[![i](/new/j)](/new/k)"),
            ("[a]: f.svg 'f.svg'\n\n![a]", "[a]: /new/f.svg 'f.svg'\n\n![a]"),
            ("[a]:\n  f.svg", "[a]:\n  /new/f.svg"),
            ("> - [a](b\n> 'c')", "> - [a](/new/b\n> 'c')"),
            ("# [a](b) #", "# [a](/new/b) #"),
            ("[a](b)\r\n===\r\n", "[a](/new/b)\r\n===\r\n"),
            ("|a|[a](b)|[a](b)|\n|-|-|-|", "|a|[a](/new/b)|[a](/new/b)|\n|-|-|-|"),
            ("a[^1]\n\n[^1]: [b](c)", "a[^1]\n\n[^1]: [b](/new/c)"),
            ("<img alt='src=a' src=a>", "<img alt='src=a' src=\"/new/a\">"),
            ('<p><a\nhref="b&amp;c">x</a></p>', '<p><a\nhref="/new/b&amp;c">x</a></p>'),
            ("a <IMG SRC='b'/> c", 'a <IMG SRC="/new/b"/> c'),
        ],
    )
    def test_moves_images_and_links(self, source: str, rewritten: str) -> None:
        assert rewrite_addresses(source, moved) == rewritten

    @pytest.mark.parametrize(
        "source",
        [
            "`![a](b)` ``[a](b)``",
            "    ![a](b)",
            "```\n![a](b)\n<img src=a>\n```",
            r"\[a](b) !\[a](b)",
            "[a](b c)",
            "<!-- <img src=a> -->",
            "<https://a.b> https://a.b",
            "<p title='<img src=a>'>",
            "| a\\|b [a](b) |\n|-|",
        ],
    )
    def test_leaves_code_text_and_what_is_in_doubt(self, source: str) -> None:
        assert rewrite_addresses(source, moved) == source

    def test_leaves_what_is_replaced_by_itself(self) -> None:
        source = "[a](<b>) <img src=c>"
        assert rewrite_addresses(source, lambda url: url) == source

    @pytest.mark.parametrize("url", ["a b", "a)b", "(", "<a>", "a|b", "a\\", "a\nb", "&copy;", '"'])
    @pytest.mark.parametrize(
        "source", ["[x](y 't')", "[x]\n\n[x]: y 't'", "|[x](y)|\n|-|", "<a href=y>x</a>"]
    )
    def test_writes_any_address_so_that_it_is_read_again(self, source: str, url: str) -> None:
        rewritten = rewrite_addresses(source, lambda _: url)
        assert [unquote(address) for address in link_addresses(rewritten)] == [url]

    @given(MARKUP)
    def test_changes_nothing_but_addresses(self, source: str) -> None:
        try:
            rewritten = rewrite_addresses(source, lambda url: f"/new/{url}".replace(" ", "-"))
        except InvalidInputException:
            return
        assert render(rewritten).excerpt == render(source).excerpt
        assert len(image_addresses(rewritten)) == len(image_addresses(source))
        assert rewritten.count("/new/") == len(image_addresses(source) + link_addresses(source))


class TestAddresses:
    SOURCE = (
        "![a](a.png) [![b](b.png)](b.html) ![c] [d] <img src=e.png>\n\n"
        "[c]: c.png\n[d]: d.html\n\n"
        "<figure><img src='f.png'></figure>\n\n`![g](g.png)`"
    )

    def test_of_images_are_listed_in_order(self) -> None:
        expected = ["a.png", "b.png", "e.png", "c.png", "f.png"]
        assert image_addresses(self.SOURCE) == expected

    def test_of_links_are_listed_in_order(self) -> None:
        assert link_addresses(self.SOURCE) == ["b.html", "d.html"]
