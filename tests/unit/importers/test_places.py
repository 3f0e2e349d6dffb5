from collections.abc import Callable
from pathlib import Path

import pytest

from portfolio.importers.places import place_of


class TestPlaceOf:
    @pytest.mark.parametrize("root", ["", "content", "content/projects", "content/projects/one.md"])
    def test_gives_one_source_whatever_part_of_a_site_is_imported(
        self, site: Path, write: Callable[..., Path], root: str
    ) -> None:
        path = write("content/projects/one.md")
        assert place_of(path, site / root).source == "content/projects/one.md"

    @pytest.mark.parametrize("root", ["", "content", "content/projects"])
    def test_needs_no_configuration_for_that(self, tmp_path: Path, root: str) -> None:
        path = tmp_path / "content/projects/one.md"
        path.parent.mkdir(parents=True)
        path.touch()
        assert place_of(path, tmp_path / root).source == "content/projects/one.md"

    def test_tells_apart_equal_names_in_two_sites_of_one_folder(self, tmp_path: Path) -> None:
        paths = [tmp_path / site / "content/one.md" for site in ("a", "b")]
        assert [place_of(path, tmp_path).source for path in paths] == [
            "a/content/one.md",
            "b/content/one.md",
        ]

    def test_tells_apart_bundles_that_are_named_like_a_content_folder(self, site: Path) -> None:
        names = ["content/posts/src/index.md", "content/posts/content/index.md"]
        assert [place_of(site / name, site).source for name in names] == names

    def test_needs_none_either_for_a_bundle_named_like_a_content_folder(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "content/posts/src/index.md"
        path.parent.mkdir(parents=True)
        path.touch()
        assert place_of(path, path.parent).source == "content/posts/src/index.md"

    def test_counts_from_the_folder_itself_where_nothing_is_known(self, tmp_path: Path) -> None:
        root = tmp_path / "notes"
        root.mkdir()
        place = place_of(root / "deep/one.md", root)
        assert place.source == "deep/one.md"
        assert place.folders == ["notes", "deep"]

    def test_composes_the_letters_of_a_name(self, site: Path) -> None:
        assert place_of(site / "cafe\u0301.md", site).source == "caf\u00e9.md"

    @pytest.mark.parametrize(
        ("path", "name", "folders"),
        [
            ("posts/hello.md", "hello", ["posts"]),
            ("posts/Rust-1.90.0.md", "Rust-1.90.0", ["posts"]),
            ("posts/hello/index.md", "hello", ["posts"]),
            ("posts/hello/README.markdown", "hello", ["posts"]),
            ("posts/hello/index.fr.md", "hello.fr", ["posts"]),
            ("index.md", "index", []),
        ],
    )
    def test_names_a_bundle_by_its_folder(
        self, site: Path, path: str, name: str, folders: list[str]
    ) -> None:
        place = place_of(site / path, site)
        assert (place.name, place.folders) == (name, folders)

    def test_refuses_a_path_that_leads_out(self, site: Path, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="outside"):
            place_of(tmp_path / "other/one.md", site / "content")
