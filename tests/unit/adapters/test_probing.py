"""With small programs in the place of ffprobe and ffmpeg."""

import os
from pathlib import Path
from typing import Any

import pytest
from tests.factories import pictures
from tests.factories.videos import SAID, ffmpeg, ffprobe, mp4, program, webm

from portfolio.adapters.probing import VideoFacts, VideoProbe, identify_video
from portfolio.core.errors import InvalidInputException


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where programs are looked for first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "-film.mp4"
    path.write_bytes(mp4())
    return path


def said_of_video(**changed: Any) -> dict[str, Any]:
    return {**SAID, "streams": [{**SAID["streams"][1], **changed}]}


class TestIdentifyVideo:
    @pytest.mark.parametrize(
        ("head", "extension"),
        [
            (mp4(), "mp4"),
            (mp4("", b"mp42", b"isom", b"mp41"), "mp4"),
            (mp4("", b"XAVC", b"mp42"), "mp4"),
            (mp4("", b"qt  "), "mov"),
            (webm(), "webm"),
        ],
    )
    def test_tells_the_kind_by_the_first_bytes(self, head: bytes, extension: str) -> None:
        assert identify_video(head) == extension

    @pytest.mark.parametrize(
        "head",
        [
            b"",
            b"\0\0\0\x14ftyp",
            pictures.avif(),
            pictures.png(),
            mp4("", b"avis", b"iso8", b"msf1"),
            mp4("", b"heic", b"mif1"),
            mp4("", b"M4A ", b"M4B "),
            webm(b"matroska"),
            b"#EXTM3U\n",
            b"ffconcat version 1.0\n",
            b"RIFF\0\0\0\0AVI LIST",
            b"<html>",
        ],
    )
    def test_knows_nothing_else(self, head: bytes) -> None:
        assert identify_video(head) is None


@pytest.mark.requirement("57")
class TestDescribe:
    async def test_says_nothing_where_nobody_is_installed(
        self, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert await VideoProbe().describe(film, "mp4") is None

    async def test_tells_how_long_and_how_large_it_is(self, film: Path, bin_folder: Path) -> None:
        ffprobe(bin_folder)
        assert await VideoProbe().describe(film, "mp4") == VideoFacts(12.346, 320, 180)

    @pytest.mark.parametrize(
        "turned",
        [
            {"side_data_list": [{"x": 1}, {"rotation": -90}]},
            {"side_data_list": [{"rotation": 270}]},
        ],
    )
    async def test_gives_the_size_as_it_is_shown(
        self, film: Path, bin_folder: Path, turned: dict[str, Any]
    ) -> None:
        ffprobe(bin_folder, said_of_video(**turned))
        assert await VideoProbe().describe(film, "mp4") == VideoFacts(12.346, 180, 320)

    @pytest.mark.parametrize(
        "container",
        [
            None,
            [],
            {},
            {"duration": "N/A"},
            {"duration": "inf"},
            {"duration": -1},
            {"duration": []},
        ],
    )
    async def test_leaves_out_a_length_that_cannot_be(
        self, film: Path, bin_folder: Path, container: Any
    ) -> None:
        ffprobe(bin_folder, {**SAID, "format": container})
        assert await VideoProbe().describe(film, "mp4") == VideoFacts(None, 320, 180)

    async def test_leaves_out_a_size_that_cannot_be(self, film: Path, bin_folder: Path) -> None:
        ffprobe(
            bin_folder, said_of_video(width=10**9, height="180", side_data_list={"rotation": 90})
        )
        assert await VideoProbe().describe(film, "mp4") == VideoFacts(12.346, None, None)

    @pytest.mark.parametrize(
        "said",
        [
            "",
            "{",
            "null",
            "[" * 100_000,
            {"streams": None},
            {"streams": [None, {"codec_type": "audio"}]},
            said_of_video(disposition={"attached_pic": 1}),
        ],
        ids=["nothing", "half", "null", "deep", "no list", "a song", "its cover"],
    )
    async def test_refuses_a_file_without_a_video(
        self, film: Path, bin_folder: Path, said: Any
    ) -> None:
        ffprobe(bin_folder, said)
        with pytest.raises(InvalidInputException):
            await VideoProbe().describe(film, "mp4")

    async def test_does_not_listen_to_endless_talk(self, film: Path, bin_folder: Path) -> None:
        program(
            bin_folder, "ffprobe", "while :; do echo '{\"streams\": []}                  '; done"
        )
        with pytest.raises(InvalidInputException):
            await VideoProbe().describe(film, "mp4")

    async def test_ends_whoever_takes_too_long(self, film: Path, bin_folder: Path) -> None:
        program(bin_folder, "ffprobe", f"echo $$ > {bin_folder}/pid; sleep 600 & wait")
        assert await VideoProbe(seconds=0.5).describe(film, "mp4") is None
        with pytest.raises(ProcessLookupError):
            os.kill(int((bin_folder / "pid").read_text()), 0)

    async def test_lets_it_see_this_file_alone(
        self, film: Path, bin_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SECRET_KEY", "a canary")
        asked, limits = bin_folder / "asked", bin_folder / "limits"
        script = f'printf "%s\\n" "$@" > {asked}; env >> {asked}; ulimit -t > {limits}'
        program(bin_folder, "ffprobe", script)
        with pytest.raises(InvalidInputException):
            await VideoProbe().describe(film, "webm")
        words = asked.read_text()
        assert "-protocol_whitelist\nfile\n-f\nmatroska\n" in words
        assert f"\nfile:{film}\n" in words
        assert "canary" not in words
        assert limits.read_text() == "30\n"


@pytest.mark.requirement("57")
class TestPicture:
    async def test_is_taken_at_a_moment(self, film: Path, bin_folder: Path, tmp_path: Path) -> None:
        ffmpeg(bin_folder, pictures.jpeg(320, 180))
        into = tmp_path / "poster.jpg"
        assert await VideoProbe().picture(film, "mp4", into, 1.5)
        assert into.read_bytes() == pictures.jpeg(320, 180)

    async def test_lets_it_see_this_file_alone(
        self, film: Path, bin_folder: Path, tmp_path: Path
    ) -> None:
        asked = bin_folder / "asked"
        program(bin_folder, "ffmpeg", f'echo "$@" > {asked}')
        assert not await VideoProbe().picture(film, "mov", tmp_path / "poster.jpg", 1.5)
        assert f"-protocol_whitelist file -f mov -ss 1.500 -i file:{film} " in asked.read_text()

    async def test_is_none_where_nobody_is_installed(
        self, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert not await VideoProbe().picture(film, "mp4", tmp_path / "poster.jpg", 0)

    async def test_is_none_where_nothing_was_written(
        self, film: Path, bin_folder: Path, tmp_path: Path
    ) -> None:
        ffmpeg(bin_folder, b"")
        assert not await VideoProbe().picture(film, "mp4", tmp_path / "poster.jpg", 0)
