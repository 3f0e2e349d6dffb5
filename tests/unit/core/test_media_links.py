import pytest
from time_machine import travel

from portfolio.core.media_links import MediaLinks, key_of, keys_in, unsigned

KEY, OTHER = "ab/" + "c" * 38 + ".avif", "cd/" + "e" * 38 + ".vtt"
URL = f"/media/{KEY}"


@pytest.fixture
def links() -> MediaLinks:
    return MediaLinks(["k" * 32])


def token_of(address: str) -> str:
    return address.partition("?signed=")[2]


class TestKeyOf:
    def test_is_the_key_in_an_address_of_ours(self, links: MediaLinks) -> None:
        assert key_of(URL) == KEY
        assert key_of(links.sign(KEY)) == KEY

    @pytest.mark.parametrize("url", ["", KEY, f"https://example.com{URL}", "/files/a.png"])
    def test_is_none_for_others(self, url: str) -> None:
        assert key_of(url) is None


class TestKeysIn:
    @pytest.mark.parametrize(
        "text",
        [
            f"![Ships]({URL})",
            f'<img src="{URL}">',
            f"srcset='{URL} 320w'",
            f"[ships]: {URL}",
            f"<{URL}>",
            URL,
            f"{URL}#top",
        ],
    )
    def test_are_found_however_they_are_written(self, text: str) -> None:
        assert keys_in(text) == [KEY]

    def test_are_found_once_each_signed_or_not(self, links: MediaLinks) -> None:
        assert keys_in(f"({URL}) ({links.sign(KEY)}) (/media/{OTHER})") == [KEY, OTHER]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "/media/nothing.png",
            f"https://example.com{URL}",
            f"//example.com{URL}",
            f"/copy{URL}",
            URL.upper(),
            URL.replace("c", "g"),
        ],
    )
    def test_are_none_where_nothing_of_ours_is_named(self, text: str) -> None:
        assert keys_in(text) == []


class TestUnsigned:
    def test_takes_the_signatures_and_nothing_else(self, links: MediaLinks) -> None:
        text = "![a]({0}) and [b]({0}#top) of <https://example.com/?signed=1.x>"
        assert unsigned(text.format(links.sign(KEY))) == text.format(URL)
        assert unsigned(text.format(URL)) == text.format(URL)

    def test_takes_them_from_full_addresses_too(self, links: MediaLinks) -> None:
        full = "https://api.example.com{0} and //api.example.com{0}"
        assert unsigned(full.format(links.sign(KEY))) == full.format(URL)

    def test_leaves_what_only_looks_like_one(self) -> None:
        for rest in ("?signed=", "?signed=1.short", "?size=2"):
            assert unsigned(URL + rest) == URL + rest


class TestSign:
    @pytest.mark.parametrize("second", [0, 1, 299])
    def test_lasts_for_five_to_ten_minutes(self, links: MediaLinks, second: int) -> None:
        now = 1_800_000_000 // 300 * 300 + second
        with travel(now, tick=False):
            token = token_of(links.sign(KEY))
            assert links.seconds_left(KEY, token) == 600 - second
        for later, left in ((599, 1), (600, 0), (10_000, 0)):
            with travel(now - second + later, tick=False):
                assert links.seconds_left(KEY, token) == left

    def test_gives_the_same_address_for_a_while(self, links: MediaLinks) -> None:
        with travel(1_800_000_000, tick=False):
            first = links.sign(KEY)
        with travel(1_800_000_299, tick=False):
            assert links.sign(KEY) == first
        with travel(1_800_000_300, tick=False):
            assert links.sign(KEY) != first


class TestSecondsLeft:
    def test_is_none_for_another_file(self, links: MediaLinks) -> None:
        assert links.seconds_left(OTHER, token_of(links.sign(KEY))) == 0

    def test_is_none_for_what_was_not_signed_so(self, links: MediaLinks) -> None:
        token = token_of(links.sign(KEY))
        expires, signature = token.split(".")
        for forged in (
            "",
            ".",
            token[:-1],
            token + "x",
            f"{int(expires) + 300}.{signature}",
            f"0{token}",
            f"{expires}.{signature.swapcase()}",
            f"{expires}.{'a' * 43}",
            f"{expires}.{'é' * 43}",
            f"{'9' * 400}.{signature}",
            f"{token}\n",
        ):
            assert links.seconds_left(KEY, forged) == 0, forged

    def test_goes_on_while_keys_are_rotated(self, links: MediaLinks) -> None:
        token = token_of(links.sign(KEY))
        assert MediaLinks(["n" * 32, "k" * 32]).seconds_left(KEY, token) > 0
        assert MediaLinks(["n" * 32]).seconds_left(KEY, token) == 0

    def test_belongs_to_the_new_key_from_then_on(self) -> None:
        token = token_of(MediaLinks(["n" * 32, "k" * 32]).sign(KEY))
        assert MediaLinks(["n" * 32]).seconds_left(KEY, token) > 0


class TestSigned:
    def test_signs_each_address_where_one_stands(self, links: MediaLinks) -> None:
        with travel(1_800_000_000, tick=False):
            address = links.sign(KEY)
            answer = {
                "id": 1,
                "cover": {"url": URL, "variants": [{"url": URL, "width": 320}]},
                "poster": URL,
                "html": f'<img src="{URL}"><source srcset="{URL} 320w, {URL} 640w">',
                "seo": {"image": URL},
            }
            assert links.signed(answer) == {
                "id": 1,
                "cover": {"url": address, "variants": [{"url": address, "width": 320}]},
                "poster": address,
                "html": f'<img src="{address}"><source srcset="{address} 320w, {address} 640w">',
                "seo": {"image": address},
            }

    @pytest.mark.parametrize("text", [URL, f"![]({URL})"])
    def test_leaves_what_was_written_and_what_is_elsewhere(
        self, links: MediaLinks, text: str
    ) -> None:
        answer = {
            "body_markdown": text,
            "url": f"https://example.com{URL}",
            "html": f'<img src="https://example.com{URL}">',
            "position": 0,
            "alt": None,
        }
        assert links.signed(answer) == answer
