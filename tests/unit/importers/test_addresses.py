import pytest

from portfolio.importers import addresses


class TestWebAddress:
    @pytest.mark.parametrize(
        ("written", "address"),
        [
            ("https://a.example/x", "https://a.example/x"),
            (" http://a.example ", "http://a.example"),
            ("//a.example/x", "https://a.example/x"),
            ("www.a.example", "https://www.a.example"),
            ("sub.a.dev/x", "https://sub.a.dev/x"),
        ],
    )
    def test_is_absolute(self, written: str, address: str) -> None:
        assert addresses.web_address(written) == address

    @pytest.mark.parametrize(
        "written",
        [
            None,
            "",
            "/about/",
            "about.html",
            "javascript:alert(1)",
            "mailto:a@b.example",
            "https://",
            "http://[",
            "owner/name",
        ],
    )
    def test_is_nothing_else(self, written: str | None) -> None:
        assert addresses.web_address(written) is None

    def test_may_be_short_for_a_repository(self) -> None:
        assert addresses.web_address("o/n.x", "host.example") == "https://host.example/o/n.x"
        assert addresses.web_address("a.dev/x", "host.example") == "https://a.dev/x"


class TestNormalise:
    @pytest.mark.parametrize(
        ("written", "path"),
        [
            ("/blog/name/", "blog/name"),
            ("blog//./name.html", "blog/name.html"),
            ("https://old.example/blog/name/?utm=1#top", "blog/name"),
            ("/caf%C3%A9/", "caf\u00e9"),
            ("2022/04/07/Rust-1.60.0", "2022/04/07/Rust-1.60.0"),
        ],
    )
    def test_leaves_the_path(self, written: str, path: str) -> None:
        assert addresses.normalise(written) == path

    @pytest.mark.parametrize("written", ["/", "", "?p=12", "../up", "/a/../../b", "http://["])
    def test_is_none_where_no_path_of_the_site_is_left(self, written: str) -> None:
        assert addresses.normalise(written) is None


class TestLastSegment:
    @pytest.mark.parametrize(
        "address", ["name", "/blog/name/", "/blog/name.html", "/blog/name/index.html", "name.htm"]
    )
    def test_is_the_name(self, address: str) -> None:
        assert addresses.last_segment(address) == "name"

    def test_keeps_the_dots_of_a_version(self) -> None:
        assert addresses.last_segment("2022/04/07/Rust-1.60.0") == "Rust-1.60.0"

    def test_is_empty_for_the_root(self) -> None:
        assert addresses.last_segment("/") == addresses.last_segment("/index.html") == ""
