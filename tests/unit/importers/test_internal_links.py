from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.importers import documents
from portfolio.importers.documents import Document
from portfolio.importers.internal_links import InternalLinks, local_path
from portfolio.importers.pictures import Picture, PictureError, Pictures

Read = Callable[..., Document]
# What addresses are made of, and what they should not be made of.
addresses = st.lists(
    st.sampled_from(
        ["/", "//", "..", ".", "%2F", "%5B", "%00", "%ff", "http:", "[", "?", "#", "@/"]
    )
    | st.sampled_from(["name", "posts", ".md", "\ud800", "\0", " ", "{{", "x" * 300])
    | st.text(max_size=3),
    max_size=6,
).map("".join)


class TestLocalPath:
    @pytest.mark.parametrize(
        ("address", "path"),
        [
            ("a%20b.png?x=1#y", "a b.png"),
            ("/a/", "/a/"),
            ("#top", None),
            ("https://example.com/a", None),
            ("//example.com/a", None),
            ("mailto:a@example.com", None),
            ("data:image/png;base64,AA", None),
            ("{{ site.url }}/a.png", None),
            ("http://[", None),
        ],
    )
    def test_is_what_lies_on_the_same_site(self, address: str, path: str | None) -> None:
        assert local_path(address) == path


class TestTarget:
    def test_survives_any_address(self, site: Path, read: Read) -> None:
        document = read("aliases: ['/a?b', '[c', '%2F%2F[x']", name="posts/name.md")
        links, pictures = InternalLinks([document], site), Pictures(site)

        @given(addresses)
        def check(address: str) -> None:
            target = links.target(document, address)
            assert target in (None, document)
            try:
                found = pictures.find(local_path(address) or "", document.path)
            except PictureError:
                found = None
            assert found is None or isinstance(found, Picture)

        check()

    def test_prefers_what_an_author_declared(self, site: Path, write: Callable[..., Path]) -> None:
        write("posts/one.md", "---\naliases: [/posts/two]\n---\nText")
        write("posts/two.md")
        one, two = (documents.read(path, site) for path in documents.scan(site))
        assert isinstance(one, Document)
        assert isinstance(two, Document)
        links = InternalLinks([one, two], site)
        assert links.target(two, "/posts/two") is one
        assert links.target(one, "two.md") is two
