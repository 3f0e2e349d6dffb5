import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.core.players import Player, player_of

ID = "aaaaAAAA-_1"
YOUTUBE = f"https://www.youtube-nocookie.com/embed/{ID}"
VIMEO = "https://player.vimeo.com/video/76979871?dnt=1"


class TestYouTube:
    @pytest.mark.parametrize(
        "link",
        [
            f"https://youtu.be/{ID}",
            f"http://youtu.be/{ID}?si=share",
            f"https://www.youtube.com/watch?v={ID}",
            f"https://youtube.com/watch?v={ID}&list=PL1&index=2",
            f"https://www.youtube.com/watch?feature=share&v={ID}",
            f"https://www.youtube.com/watch/{ID}",
            f"https://m.youtube.com/watch?app=desktop&v={ID}",
            f"https://music.youtube.com/watch?v={ID}",
            f"https://WWW.YouTube.com/watch?v={ID}",
            f"https://youtube.com/shorts/{ID}?feature=share",
            f"https://www.youtube.com/live/{ID}?si=share",
            f"https://www.youtube.com/embed/{ID}?rel=0",
            f"https://www.youtube-nocookie.com/embed/{ID}",
            f"https://www.youtube.com/v/{ID}",
            f"https://www.youtube.com/e/{ID}",
            f"https://www.youtube.com/attribution_link?a=b&u=%2Fwatch%3Fv%3D{ID}%26feature%3Dshare",
        ],
    )
    def test_is_played_without_cookies_from_any_of_its_links(self, link: str) -> None:
        assert player_of(link) == Player("youtube", YOUTUBE)

    @pytest.mark.parametrize(
        ("query", "start"),
        [
            ("t=90", 90),
            ("t=90s", 90),
            ("t=1m30s", 90),
            ("t=1h2m3s", 3723),
            ("start=42", 42),
            ("time_continue=7", 7),
        ],
    )
    def test_begins_where_the_link_does(self, query: str, start: int) -> None:
        for link in (f"https://youtu.be/{ID}?{query}", f"https://youtu.be/{ID}#{query}"):
            assert player_of(link) == Player("youtube", f"{YOUTUBE}?start={start}")

    @pytest.mark.parametrize("query", ["t=0", "t=", "t=soon", "t=-5", "t=1:30", "t=9" + "9" * 50])
    def test_begins_at_the_beginning_where_nothing_else_is_understood(self, query: str) -> None:
        assert player_of(f"https://youtu.be/{ID}?{query}") == Player("youtube", YOUTUBE)

    @pytest.mark.parametrize(
        "link",
        [
            "https://www.youtube.com/",
            "https://www.youtube.com/@channel",
            "https://www.youtube.com/playlist?list=PL1",
            "https://www.youtube.com/embed/videoseries?list=PL1",
            "https://www.youtube.com/embed/live_stream?channel=UC1",
            "https://www.youtube.com/watch?v=short",
            f"https://www.youtube.com/watch?v={ID}more",
            f"https://www.youtube.com/results?v={ID}",
            "https://youtu.be/aaaaAAAA%22%3E",
            f"https://www.youtube.com/attribution_link?u=https%3A%2F%2Fevil.com%2F%3Fv%3D{ID}",
            "https://www.youtube.com/watch?" + "&".join(["a=b"] * 100),
        ],
    )
    def test_is_no_video_everywhere(self, link: str) -> None:
        assert player_of(link) is None


class TestVimeo:
    @pytest.mark.parametrize(
        "link",
        [
            "https://vimeo.com/76979871",
            "http://www.vimeo.com/76979871/",
            "https://vimeo.com/76979871?share=copy",
            "https://vimeo.com/channels/staffpicks/76979871",
            "https://vimeo.com/groups/name/videos/76979871",
            "https://vimeo.com/album/12/video/76979871",
            "https://vimeo.com/showcase/12/video/76979871",
            "https://vimeo.com/ondemand/name/76979871",
            "https://vimeo.com/manage/videos/76979871",
            "https://player.vimeo.com/video/76979871?autoplay=1",
        ],
    )
    def test_is_played_untracked_from_any_of_its_links(self, link: str) -> None:
        assert player_of(link) == Player("vimeo", VIMEO)

    @pytest.mark.parametrize(
        "link",
        [
            "https://vimeo.com/76979871/8272103f6e",
            "https://vimeo.com/76979871?h=8272103f6e",
            "https://player.vimeo.com/video/76979871?h=8272103f6e",
        ],
    )
    def test_is_played_unlisted_with_what_opens_it(self, link: str) -> None:
        assert player_of(link) == Player("vimeo", f"{VIMEO}&h=8272103f6e")

    def test_begins_where_the_link_does(self) -> None:
        assert player_of("https://vimeo.com/76979871#t=1m30s") == Player("vimeo", f"{VIMEO}#t=90s")

    @pytest.mark.parametrize(
        "link",
        [
            "https://vimeo.com/about",
            "https://vimeo.com/channels/76979871",
            "https://vimeo.com/user76979871",
            "https://vimeo.com/76979871/8272103f6e/more",
        ],
    )
    def test_is_no_video_everywhere(self, link: str) -> None:
        assert player_of(link) is None

    def test_takes_no_hash_that_is_none(self) -> None:
        assert player_of("https://vimeo.com/76979871?h=%22onload") == Player("vimeo", VIMEO)


class TestOther:
    @pytest.mark.parametrize(
        "link",
        [
            f"https://example.com/watch?v={ID}",
            f"https://example.com/youtube.com/watch?v={ID}",
            f"https://notyoutube.com/watch?v={ID}",
            f"https://youtube.com.example.com/watch?v={ID}",
            f"https://youtube.com@example.com/watch?v={ID}",
            f"https://example.com@youtube.com/watch?v={ID}",
            f"https://youtube.com:8443/watch?v={ID}",
            f"https://youtube.com:port/watch?v={ID}",
            f"ftp://youtube.com/watch?v={ID}",
            f"javascript://youtube.com/watch?v={ID}",
            f"//youtube.com/watch?v={ID}",
            "https://[::1/76979871",
            "/media/ab/video.mp4",
            "",
        ],
    )
    def test_has_no_player(self, link: str) -> None:
        assert player_of(link) is None

    @given(st.text())
    def test_is_whatever_else_there_is(self, text: str) -> None:
        for before in (
            "",
            "https://youtu.be/",
            "https://www.youtube.com/watch?v=",
            "https://vimeo.com/",
        ):
            found = player_of(before + text)
            assert found is None or found.url.isascii()
