import pytest

from portfolio.importers import bodies


class TestFirstHeading:
    @pytest.mark.parametrize(
        "body",
        ["# One\nText", "\n\n   #  One ##  \nText", "One\n===\nText", "# One {#id}", "# [One](/x)"],
    )
    def test_reads_its_words(self, body: str) -> None:
        heading = bodies.first_heading(body)
        assert heading is not None
        assert (heading.text, heading.leads) == ("One", True)

    def test_keeps_a_sharp_that_closes_nothing(self) -> None:
        heading = bodies.first_heading("# Learning C#")
        assert heading is not None
        assert heading.text == "Learning C#"

    def test_knows_whether_text_stands_before_it(self) -> None:
        heading = bodies.first_heading("Text\n\n# One")
        assert heading is not None
        assert not heading.leads

    @pytest.mark.parametrize(
        "body",
        [
            "Text",
            "## One",
            "#One",
            "    # One",
            "```\n# One\n```",
            "~~~sh\n# One",
            "#\n",
            "# ![](a.png)",
        ],
    )
    def test_finds_none_where_there_is_none(self, body: str) -> None:
        assert bodies.first_heading(body) is None

    def test_is_not_deceived_by_a_shorter_fence_within_a_longer(self) -> None:
        heading = bodies.first_heading("````\n```\n# No\n````\n# Yes")
        assert heading is not None
        assert heading.text == "Yes"

    def test_leaves_every_other_line_its_number(self) -> None:
        body = "Logo\n\nOne\n===\nText"
        heading = bodies.first_heading(body)
        assert heading is not None
        assert bodies.without(body, heading) == "Logo\n\n\n\nText"


class TestShortcodes:
    @pytest.mark.parametrize(
        ("body", "names"),
        [
            ('{{< figure src="a.png" >}} {{% note %}}x{{% /note %}}', ["figure", "note"]),
            ('{{ youtube(id="x") }}\n{% quote() %}x{% end %}', ["quote", "youtube"]),
            ("{% highlight ruby %}\nx\n{% endhighlight %}", ["highlight"]),
            ("{{ site.url }} {{- page.title | upper -}}", ["page.title", "site.url"]),
        ],
    )
    def test_are_named_in_order_and_once(self, body: str, names: list[str]) -> None:
        assert bodies.shortcodes(body * 2) == names

    @pytest.mark.parametrize(
        "body", ["Text", "`{{ x }}`", "``{% x %}``", "```\n{{< x >}}\n```", "a {b} {{ 1 + 2 }}"]
    )
    def test_are_not_seen_in_code(self, body: str) -> None:
        assert bodies.shortcodes(body) == []

    def test_of_mdx_are_its_imports_and_components(self) -> None:
        body = "import Tweet from './tweet'\n\n<Tweet id='1' /> and <em>text</em>"
        assert bodies.shortcodes(body, is_mdx=True) == ["<Tweet>", "import"]
        assert bodies.shortcodes(body) == []


class TestHighlights:
    def test_are_the_items_of_a_list(self) -> None:
        assert bodies.highlights("- One\n* Two\n+ Three\n1. Four\n2) Five") == (
            ["One", "Two", "Three", "Four", "Five"],
            "",
        )

    def test_keep_what_belongs_to_an_item(self) -> None:
        body = "- One\n  goes on\nand on\n\n  after a break\n  - nested\n- Two"
        assert bodies.highlights(body) == (
            ["One goes on and on after a break\n- nested", "Two"],
            "",
        )

    def test_leave_the_rest(self) -> None:
        body = "Intro.\n\n- One\n- Two\n\nOutro.\n\n---\n\n* * *\n\n- Three"
        assert bodies.highlights(body) == (
            ["One", "Two", "Three"],
            "Intro.\n\n\nOutro.\n\n---\n\n* * *",
        )
