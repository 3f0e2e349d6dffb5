from portfolio.core.markdown import render
from portfolio.core.markdown.pictures import Picture, Variant, offer_variants

OURS = "/media/ab/cd.jpg"


def variant(kind: str, width: int) -> Variant:
    return {
        "url": f"/media/{kind}/{width}.{kind}",
        "width": width,
        "height": width // 2,
        "format": kind,
    }


HARBOUR = Picture(
    OURS, 1200, 600, [variant("avif", 320), variant("avif", 640), variant("webp", 320)]
)


class TestOfferVariants:
    def test_lets_browsers_choose_by_format_and_width(self) -> None:
        html = render(f"![Harbour]({OURS})").html
        assert offer_variants(html, {OURS: HARBOUR}) == (
            "<p><picture>"
            '<source type="image/avif" srcset="/media/avif/320.avif 320w, /media/avif/640.avif 640w"'
            ' sizes="auto, (min-width: 60rem) 60rem, 100vw">'
            '<source type="image/webp" srcset="/media/webp/320.webp 320w"'
            ' sizes="auto, (min-width: 60rem) 60rem, 100vw">'
            f'<img src="{OURS}" alt="Harbour" loading="lazy" width="1200" height="600">'
            "</picture></p>\n"
        )

    def test_leaves_others_alone(self) -> None:
        html = render('![Away](https://example.com/a.jpg "a > b")\n\n`<img src="x">`').html
        assert offer_variants(html, {OURS: HARBOUR}) == html

    def test_keeps_the_size_that_an_author_chose(self) -> None:
        for given in ('width="50"', 'height="40"'):
            html = render(f'<img src="{OURS}" {given}>').html
            offered = offer_variants(html, {OURS: HARBOUR})
            assert given in offered
            assert "1200" not in offered
            assert "600" not in offered

    def test_says_at_least_how_large_it_is(self) -> None:
        html = render(f"![Harbour]({OURS})").html
        offered = offer_variants(html, {OURS: Picture(OURS, 1200, 600, [])})
        assert "<picture>" not in offered
        assert 'width="1200" height="600"' in offered

    def test_says_nothing_of_what_is_not_known(self) -> None:
        html = render(f"![Harbour]({OURS})").html
        assert offer_variants(html, {OURS: Picture(OURS, None, None, [])}) == html

    def test_shows_what_took_the_place_of_another(self) -> None:
        html = render(f'![Harbour]({OURS} "At {OURS}")').html
        offered = offer_variants(html, {OURS: Picture("/media/new.jpg", 1200, 600, [])})
        assert 'src="/media/new.jpg"' in offered
        assert f'title="At {OURS}"' in offered
