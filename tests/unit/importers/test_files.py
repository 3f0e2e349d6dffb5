import os
from collections.abc import Callable
from pathlib import Path

import pytest

from portfolio.importers.files import LIMIT, DocumentError, read_text, scan

Writer = Callable[..., Path]


def names(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in scan(root)]


class TestScan:
    def test_finds_markdown_by_its_endings_in_a_stable_order(
        self, site: Path, write: Writer
    ) -> None:
        for name in ("b.md", "a.MD", "c/d.mdx", "c/a.markdown", "c/e.html", "Z/a.md"):
            write(name)
        assert names(site) == ["a.MD", "b.md", "Z/a.md", "c/a.markdown", "c/d.mdx"]

    def test_does_not_depend_on_the_order_in_which_folders_were_made(
        self, site: Path, write: Writer
    ) -> None:
        for letter in "mzaxbyc":
            write(f"{letter}/a.md")
        assert names(site) == [f"{letter}/a.md" for letter in "abcmxyz"]

    def test_gives_a_single_file_as_it_is(self, write: Writer) -> None:
        path = write("a.md")
        assert list(scan(path)) == [path]

    @pytest.mark.parametrize(
        "name",
        [
            ".git/a.md",
            ".hidden.md",
            "x/node_modules/a.md",
            "_site/a.md",
            "public/a.md",
            "themes/a.md",
        ],
    )
    def test_passes_over_what_the_author_did_not_write(
        self, site: Path, write: Writer, name: str
    ) -> None:
        write(name)
        assert names(site) == []

    def test_keeps_a_section_named_like_a_folder_for_output(
        self, site: Path, write: Writer
    ) -> None:
        write("content/public/a.md")
        assert names(site) == ["content/public/a.md"]

    def test_takes_no_folder_for_a_file(self, site: Path, write: Writer) -> None:
        write("folder.md/a.md")
        assert names(site) == ["folder.md/a.md"]

    def test_follows_no_symlink(self, site: Path, write: Writer, tmp_path: Path) -> None:
        path = write("content/a.md")
        (site / "content/again.md").symlink_to(path)
        (site / "content/self.md").symlink_to(site / "content/self.md")
        (site / "content/loop").symlink_to(site / "content", target_is_directory=True)
        (site / "content/out").symlink_to("/", target_is_directory=True)
        assert names(site) == ["content/a.md"]

    def test_takes_no_pipe_for_a_file(self, site: Path) -> None:
        os.mkfifo(site / "a.md")
        assert names(site) == []


class TestReadText:
    def test_reads_utf_8(self, write: Writer) -> None:
        assert read_text(write("a.md", "caf\u00e9")) == "caf\u00e9"

    @pytest.mark.parametrize(
        ("content", "line", "words"),
        [
            (b"one\ntwo\ncaf\xe9", 3, "0xE9"),
            (b"\xff\xfeo\0n\0e\0", 1, "0xFF"),
            (b"one\n\0", 2, "NUL"),
            (b"x" * (LIMIT + 1), None, "1 MiB"),
        ],
    )
    def test_says_why_a_file_cannot_be_read(
        self, write: Writer, content: bytes, line: int | None, words: str
    ) -> None:
        with pytest.raises(DocumentError, match=words) as caught:
            read_text(write("a.md", content))
        assert caught.value.line == line

    def test_reads_a_file_of_just_the_limit(self, write: Writer) -> None:
        assert len(read_text(write("a.md", b"x" * LIMIT))) == LIMIT

    def test_does_not_wait_for_a_pipe(self, site: Path) -> None:
        os.mkfifo(site / "a.md")
        with pytest.raises(DocumentError, match="no regular file"):
            read_text(site / "a.md")

    def test_tells_a_missing_file_and_a_folder(self, site: Path) -> None:
        with pytest.raises(DocumentError, match="No such file"):
            read_text(site / "a.md")
        with pytest.raises(DocumentError, match="folder"):
            read_text(site)

    @pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
    def test_tells_that_it_may_not_read(self, site: Path, write: Writer) -> None:
        path = write("closed/a.md")
        path.chmod(0)
        with pytest.raises(DocumentError, match="denied"):
            read_text(path)
        path.parent.chmod(0)
        assert names(site) == ["closed"]
        path.parent.chmod(0o700)
