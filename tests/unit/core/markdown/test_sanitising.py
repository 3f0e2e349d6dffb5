"""Nothing that a browser would run leaves the house, whoever wrote the text."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.core.errors import InvalidInputException
from portfolio.core.markdown import render, render_comment
from portfolio.core.markdown.sanitising import AUTHOR, VISITOR, sanitise

FORBIDDEN_TAGS = set(
    "applet audio base body button embed form frame frameset head html iframe link marquee math"  # noqa: SIM905 - a list of words
    " meta object script select style svg template textarea title video xmp".split()
)
ATTRIBUTES = set(
    "align alt aria-hidden checked class colspan datetime disabled height href id loading max name"  # noqa: SIM905 - a list of words
    " open rel reversed rowspan scope src start tabindex title type value width".split()
)
IDS = re.compile(r"fn(ref)?(:\d+)+|[a-z0-9-]+")

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil></SCRIPT>",
    "<scr<script>ipt>alert(1)</script>",
    "<script\n>alert(1)//",
    "<<script>alert(1)//<</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x OnErRoR = 'alert(1)'>",
    '<img """><script>alert(1)</script>">',
    "<img/src=x/onerror=alert(1)//",
    "<img src=javascript:alert(1)>",
    "<img src=data:image/svg+xml;base64,PHN2Zz4=>",
    "<p style='background:url(javascript:alert(1))'>x",
    "<div onclick=alert(1) class=x id=cookie>x</div>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61vascript&colon;alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='blob:https://a/b'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a id=x name=y onmouseover=alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](\\javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](https://a 'onclick=alert(1)')",
    "[x](https://a '\" onclick=alert(1) \"')",
    '![x"onerror="alert(1)](y)',
    "![x](y '\"onerror=alert(1) x=\"')",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "![x][r]\n\n[r]: javascript:alert(1)",
    "[x][r]\n\n[r]: https://a '\"><script>alert(1)</script>'",
    "[r]\n\n[r]: data:text/html,x",
    "<javascript:alert(1)>",
    "<https://a/'onclick='alert(1)>",
    '<https://a/"><script>alert(1)</script>',
    'https://a/"onmouseover="alert(1)',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src onerror=x&gt;'>",
    "<math href=javascript:alert(1)>x</math>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=x>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<style>@import 'https://evil';</style>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)><embed src=x></object>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=https://evil/>",
    "<link rel=stylesheet href=https://evil>",
    "<form action=https://evil><input name=password type=password autofocus onfocus=alert(1)>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<video src=x onerror=alert(1)><source onerror=alert(1)></video>",
    "<h1 id=__proto__>x</h1><h2 id='a b'>y</h2><img name=cookie id=body><form id=document>",
    "# <img src=x onerror=alert(1)>",
    '# x {#a"onclick=alert(1)}',
    "|<script>|\n|-|\n|<img onerror=x>|",
    "- [x] <input type=image src=x onerror=alert(1)>",
    "x[^<script>]\n\n[^<script>]: alert(1)",
    'x[^"onclick="alert(1)]\n\n[^"onclick="alert(1)]: y',
    '```"><script>alert(1)</script>\nx\n```',
    '```x" onclick=alert(1)\nx\n```',
    "```html\n<script>alert(1)</script>\n```",
    "```python\n</code></pre><script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<a\x0chref=javascript:alert(1)>x</a>",
    "<b\n\n*onclick=alert(1)*>x</b>",
    "*<i*onclick=alert(1)>",
    "a\0<scr\0ipt>alert(1)</scr\0ipt>",
    "\ufeff<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<plaintext><script>alert(1)</script>",
    "<table background=javascript:alert(1)><td background=x>",
    "<isindex action=javascript:alert(1)><keygen autofocus onfocus=alert(1)>",
]


class Inspector(HTMLParser):
    """Collects what has no place in the output."""

    def __init__(self) -> None:
        super().__init__()
        self.dangers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN_TAGS:
            self.dangers.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.dangers.append(f"{tag} {name}")
            elif name in {"href", "src"} and not self._is_safe(value or ""):
                self.dangers.append(f"{tag} {name}={value}")
            elif name == "id" and not IDS.fullmatch(value or ""):
                self.dangers.append(f"{tag} id={value}")
        if tag == "input" and dict(attrs).get("type") != "checkbox":
            self.dangers.append("input")

    def _is_safe(self, url: str) -> bool:
        # Browsers take these out before they look for the scheme.
        seen = re.sub(r"[\x00-\x20]", "", url)
        return urlsplit(seen).scheme in {"", "http", "https", "mailto"}


def dangers_in(html: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector.dangers


def render_html(source: str) -> str:
    return render(source).html


def render_visitors(source: str) -> str:
    return render_comment(source).html


class TestInspector:
    @pytest.mark.parametrize(
        "html",
        [
            "<script>x</script>",
            "<img src=x onerror=x>",
            "<a href='java\nscript:x'>",
            "<p style=x>",
            "<input>",
            "<div id=a_b>",
        ],
    )
    def test_sees_a_danger(self, html: str) -> None:
        assert dangers_in(html)


@pytest.mark.parametrize("rendering", [render_html, render_visitors])
class TestPayloads:
    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_are_disarmed(self, rendering: Callable[[str], str], payload: str) -> None:
        assert dangers_in(rendering(payload)) == []

    @pytest.mark.parametrize("frame", ["> {}", "- a\n\n  {}", "<div>{}</div>", "*{}*", "# {}"])
    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_are_disarmed_inside_of_other_markup(
        self, rendering: Callable[[str], str], frame: str, payload: str
    ) -> None:
        assert dangers_in(rendering(frame.format(payload))) == []


TAGS = ["<a href=x>", "</a>", "<b>", "</b>", "<p>", "<table>", "<td>", "</table>", "<pre>", "<svg>"]
MORE_TAGS = [
    "<ul><li>",
    "</ul>",
    "<h2 id=x>",
    "<select>",
    "<dl><dd>",
    "<math>",
    "<mi>",
    "<!--",
    "-->",
]
SIGNS = ["\n", "\n\n", "`", "[", "](x)", "> ", "- ", "|", "[^1]", "[^1]: ", "'"]
MARKUP = st.lists(st.sampled_from([*PAYLOADS, *TAGS, *MORE_TAGS, *SIGNS]), max_size=10).map("".join)


class TestAnyText:
    @given(st.one_of(st.text(), MARKUP))
    def test_is_rendered_once_and_for_all_or_refused(self, source: str) -> None:
        try:
            html, comment = render(source).html, render_visitors(source)
        except InvalidInputException:
            return
        assert dangers_in(html) == dangers_in(comment) == []
        assert sanitise(AUTHOR, html) == html
        assert sanitise(VISITOR, comment) == comment

    @given(st.text(alphabet=st.characters(categories=["Cs", "Cc", "Lu"])))
    def test_may_hold_any_code_point(self, source: str) -> None:
        for rendering in (render, render_visitors):
            try:
                rendering(source)
            except InvalidInputException as refusal:
                assert "surrogate" in refusal.detail  # noqa: PT017 - most texts are not refused


class TestIds:
    @pytest.mark.parametrize("source", ["<div id=x>", "<a id=x>", "<img id=x>", "<h2 id=aB_c>"])
    def test_of_an_author_are_refused_where_scripts_could_find_them(self, source: str) -> None:
        assert " id=" not in render_html(source)

    @pytest.mark.parametrize("source", ["<h2 id=a-b>x</h2>", "<li id=fn:1>", "<a id=fnref:1:2>"])
    def test_of_headings_and_footnotes_stay(self, source: str) -> None:
        assert " id=" in render_html(source)
