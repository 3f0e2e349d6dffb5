"""Pictures of ours in rendered HTML: each offers its variants, and a browser takes what fits."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TypedDict

# As the sanitiser writes them: attributes in double quotes, which no value holds.
_IMG = re.compile(r'<img(?: [a-z-]+(?:="[^"]*")?)*>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
# Lazy pictures are asked for once their place is known; other browsers count on a column of text.
_SIZES = "auto, (min-width: 60rem) 60rem, 100vw"


class Variant(TypedDict):
    url: str
    width: int
    height: int
    format: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored one; `variants` stand together by format, the format to be preferred first."""

    url: str
    width: int | None
    height: int | None
    variants: Sequence[Variant]


def offer_variants(html: str, known: Mapping[str, Picture]) -> str:
    """Put a <picture> (HTML, 4.8.1) in the place of each <img> whose address is known.

    The picture may have another address by now. It says its size, so that the text below does not
    jump once it is there.
    """

    def offered(match: re.Match[str]) -> str:
        attributes = _attributes(match[0])
        picture = known.get(attributes.get("src", ""))
        if picture is None:
            return match[0]
        img = match[0].replace(f'src="{attributes["src"]}"', f'src="{picture.url}"')
        if picture.width and picture.height and not {"width", "height"} & attributes.keys():
            size = f' width="{picture.width}" height="{picture.height}">'
            img = img.removesuffix(">") + size
        sources = "".join(_sources(picture.variants))
        return f"<picture>{sources}{img}</picture>" if sources else img

    return _IMG.sub(offered, html)


def _sources(variants: Sequence[Variant]) -> Iterator[str]:
    for kind, group in groupby(variants, key=lambda variant: variant["format"]):
        addresses = ", ".join(f"{escape(each['url'])} {each['width']}w" for each in group)
        yield f'<source type="image/{kind}" srcset="{addresses}" sizes="{_SIZES}">'


def _attributes(tag: str) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(tag))
