import os
from collections.abc import Callable
from pathlib import Path

import pytest

from portfolio.importers import documents
from portfolio.importers.documents import Document, DocumentError, Skipped

Reader = Callable[..., Document]
Writer = Callable[..., Path]


class TestTitle:
    def test_is_the_first_heading_where_front_matter_has_none(self, read: Reader) -> None:
        document = read("date: 2020-07-01", "\n# One\n\nText.\n\n## Two")
        assert (document.title, document.body) == ("One", "Text.\n\n## Two\n")
        assert document.warnings == []

    def test_is_not_repeated_by_the_body(self, read: Reader) -> None:
        document = read("title: One", "# One\n\nText.")
        assert (document.body, document.body_line) == ("Text.\n", 6)

    def test_leaves_another_heading_alone(self, read: Reader) -> None:
        assert read("title: One", "# Two\n\nText.").body == "# Two\n\nText.\n"
        assert read("title: One", "Text.\n\n# One").body == "Text.\n\n# One\n"

    def test_is_else_made_from_the_name(self, read: Reader) -> None:
        document = read("date: 2020-07-01", name="posts/2020-07-01-my-API_notes.md")
        assert document.title == "My API notes"
        assert document.warnings == ["no title was found; the file's name gives 'My API notes'"]

    def test_is_one_line_as_it_was_written(self, read: Reader) -> None:
        assert read("title: 1.10").title == "1.10"
        assert read("title: >\n  One\n  line").title == "One line"


class TestSlug:
    @pytest.mark.parametrize(
        ("lines", "name", "slug"),
        [
            ("slug: my-slug", "posts/x.md", "my-slug"),
            ("slug: /pensieve/my-slug", "posts/x.md", "my-slug"),
            ("path: 2022/04/07/Rust-1.60.0", "posts/x.md", "rust-1-60-0"),
            ("permalink: /blog/my-slug.html", "posts/x.md", "my-slug"),
            ("url: https://elsewhere.example/y", "posts/x.md", "x"),
            ("weight: 1", "_posts/2020-01-02-my-slug.md", "my-slug"),
            ("weight: 1", "posts/2020-01-02-my-slug/index.md", "my-slug"),
            ("weight: 1", "posts/My Slug/README.md", "my-slug"),
            ("weight: 1", "posts/2020-01-02.md", "2020-01-02"),
            ("weight: 1", "posts/\U0001f389.md", "one"),
        ],
    )
    def test_is_the_last_part_of_what_names_the_page(
        self, read: Reader, lines: str, name: str, slug: str
    ) -> None:
        assert read(f"title: One\n{lines}", name=name).slug == slug

    def test_is_never_empty_and_always_the_same(self, read: Reader) -> None:
        one, again = (read("title: '\U0001f389'", name="posts/\U0001f389.md") for _ in "ab")
        assert one.slug == again.slug != ""


class TestAliases:
    def test_begin_with_the_address_of_the_page_itself(self, read: Reader) -> None:
        document = read("title: One\npath: 2022/04/07/one/\naliases: [/old/one.html, old/one.html]")
        assert document.aliases == ["2022/04/07/one", "old/one.html"]

    @pytest.mark.parametrize(
        "line",
        [
            "slug: /old/one",
            "permalink: /old/one/",
            "url: old/one",
            "redirect_from: /old/one",
            "alias: https://old.example/old/one",
        ],
    )
    def test_are_known_by_many_names(self, read: Reader, line: str) -> None:
        assert read(f"title: One\n{line}").aliases == ["old/one"]

    @pytest.mark.parametrize("line", ["slug: one", "permalink: false", "permalink: pretty"])
    def test_are_none_where_no_address_is_named(self, read: Reader, line: str) -> None:
        document = read(f"title: One\ndate: 2020-07-01\n{line}")
        assert (document.aliases, document.warnings) == ([], [])

    @pytest.mark.parametrize("line", ["permalink: /:year/:title/", "permalink: '/b/{{ title }}/'"])
    def test_cannot_be_known_from_a_template(self, read: Reader, line: str) -> None:
        document = read(f"title: One\ndate: 2020-07-01\n{line}")
        assert document.aliases == []
        assert "is a template" in document.warnings[0]

    def test_out_of_the_site_are_a_warning(self, read: Reader) -> None:
        document = read("title: One\ndate: 2020-07-01\naliases: [../../etc]")
        assert document.warnings == ["the old address '../../etc' is no path of this site"]


class TestRead:
    def test_takes_toml_and_json_as_well(self, site: Path, write: Writer) -> None:
        toml = write("posts/a.md", "+++\ntitle = 'One'\ndate = 2020-07-01\n+++\nText.")
        json = write("posts/b.md", '{"title": "One", "date": "2020-07-01"}\nText.')
        one, other = documents.read(toml, site), documents.read(json, site)
        assert isinstance(one, Document)
        assert isinstance(other, Document)
        assert (one.title, one.date, one.body) == (other.title, other.date, other.body)

    def test_lets_the_kind_be_forced(self, site: Path, write: Writer) -> None:
        path = write("featured/a.md", "---\ntitle: One\n---\nText.")
        document = documents.read(path, site, "posts")
        assert isinstance(document, Document)
        assert (document.kind, document.featured) == ("posts", True)

    def test_leaves_shortcodes_as_they_are_and_names_them_once(self, read: Reader) -> None:
        body = "{{< figure >}}\n\n{{< figure >}} {{< gist >}}"
        document = read("title: One\ndate: 2020-07-01", body)
        assert document.body == f"{body}\n"
        assert document.warnings == ["shortcodes are left as text: figure, gist"]

    def test_takes_a_page_without_text_that_has_a_title(self, read: Reader) -> None:
        assert read("title: One", "").body == ""


class TestSkipped:
    @pytest.mark.parametrize(
        ("name", "text", "reason"),
        [
            ("posts/_index.md", "---\ntitle: [broken\n---", "section"),
            ("posts/_index.fr.md", "Text.", "section"),
            ("posts/a.md", "", "is empty"),
            ("posts/a.md", "\n---\n---\n\n", "is empty"),
            ("posts/a.md", "+++\ntemplate = 'x.html'\n+++\n", "neither a title nor text"),
            ("posts/a.md", "---\ntitle: One\nredirect_to: /b/\n---\n", "redirects to /b/"),
            ("CONTRIBUTING.md", "# Contributing\n\nText.", "repository"),
        ],
    )
    def test_says_why(self, site: Path, write: Writer, name: str, text: str, reason: str) -> None:
        skipped = documents.read(write(name, text), site)
        assert isinstance(skipped, Skipped)
        assert reason in skipped.reason

    def test_is_a_readme_that_describes_other_documents(self, site: Path, write: Writer) -> None:
        readme = write("posts/README.md", "# How to write\n\nText.")
        write("posts/deep/a.md")
        assert isinstance(documents.read(readme, site), Skipped)
        assert isinstance(documents.read(readme, readme), Document)

    def test_is_no_readme_that_is_the_page_of_its_bundle(self, site: Path, write: Writer) -> None:
        readme = write("projects/tool/README.md", "# Tool\n\nText.")
        write("projects/tool/CHANGELOG.md")
        document = documents.read(readme, site)
        assert isinstance(document, Document)
        assert (document.kind, document.title, document.slug) == ("projects", "Tool", "tool")


class TestError:
    def test_names_the_file_and_the_line(self, site: Path, write: Writer) -> None:
        path = write("posts/a.md", "---\nok: 1\ntitle: One: two\n---\n")
        with pytest.raises(DocumentError) as caught:
            documents.read(path, site)
        assert (caught.value.path, caught.value.line) == (path, 3)
        assert str(caught.value).startswith(f"{path}:3: ")

    def test_is_raised_for_a_symlink_that_leads_out_or_nowhere(
        self, site: Path, write: Writer
    ) -> None:
        (site / "content").mkdir()
        out, loop = site / "content/out.md", site / "content/loop.md"
        out.symlink_to(write("secret.md"))
        loop.symlink_to(loop)
        for path in (out, loop):
            with pytest.raises(DocumentError):
                documents.read(path, site / "content")

    def test_is_raised_for_a_name_that_is_no_text(self, site: Path) -> None:
        path = site / os.fsdecode(b"caf\xe9.md")
        path.write_text("Text.")
        with pytest.raises(DocumentError, match="name"):
            documents.read(path, site)
