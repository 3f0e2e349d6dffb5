"""The ratios of results.md as a picture: a bar each, with its figure and its target."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.report import RESULTS

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "benchmarks.svg"
WIDTH, LABELS, TARGET, RIGHT, FIGURE = 830, 262, 490, 646, 716
LINE, BAR, HEAD, GROUP, EDGE = 20, 12, 30, 52, 12
MOST = (RIGHT - LABELS) / (TARGET - LABELS)
# What a bar says by its length, by the sense of its target.
SENSES = {"≥": "longer is better", "≤": "shorter is better"}
STYLE = """\
text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
.group { font-weight: 600; font-size: 13px } .soft { fill: #59636e }
.met { fill: #2f81c4 } .missed { fill: #d1601f } .target { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .soft { fill: #9198a1 }
  .met { fill: #4a9bdc } .missed { fill: #ee8147 } .target { stroke: #e6edf3 }
}"""
_SECTION = re.compile(r"^## (?P<id>P\d+): (?P<title>.+)$")
_SIDES = re.compile(r"^\| +\| ratio .*\| (?P<ours>[^|]+?) +\| (?P<theirs>[^|]+?) +\|$")
_ROW = re.compile(
    r"^\| (?P<name>[^|]+?) +\| (?P<ratio>[\d.]+) x +\| (?P<sense>[≥≤]) (?P<target>[\d.]+) x +\|"
)


@dataclass(frozen=True)
class Bar:
    name: str
    ratio: float
    sense: str
    target: float

    @property
    def met(self) -> bool:
        return self.ratio >= self.target if self.sense == "≥" else self.ratio <= self.target


@dataclass(frozen=True)
class Group:
    """One benchmark; its bars of one sense."""

    title: str
    sides: str
    sense: str
    bars: Sequence[Bar]


def draw(results: Path = RESULTS, picture: Path = PICTURE) -> None:
    """Of what was measured; what has no ratio has no bar."""
    groups = read(results.read_text(encoding="utf-8"))
    picture.write_text(svg(groups), encoding="utf-8")


def read(results: str) -> list[Group]:
    title = sides = ""
    bars: dict[tuple[str, str, str], list[Bar]] = {}
    for line in results.splitlines():
        if line.startswith("## "):
            section = _SECTION.match(line)
            title = f"{section['id']} {section['title']}" if section else ""
        elif found := _SIDES.match(line):
            sides = f"{found['ours']} : {found['theirs']}"
        elif title and (row := _ROW.match(line)):
            bar = Bar(row["name"], float(row["ratio"]), row["sense"], float(row["target"]))
            bars.setdefault((title, sides, bar.sense), []).append(bar)
    return [Group(*of, found) for of, found in bars.items()]


def svg(groups: Sequence[Group]) -> str:
    """Bars are scaled so that all targets stand below each other."""
    y = EDGE
    parts = [
        _text(x, y + 18, head, "soft", 'text-anchor="end"')
        for x, head in ((FIGURE, "ratio"), (WIDTH - EDGE, "target"))
    ]
    for group in groups:
        parts.append(_text(EDGE, y + 18, group.title, "group"))
        parts.append(_text(LABELS, y + 18, f"{group.sides}, {SENSES[group.sense]}", "soft"))
        y += HEAD
        for bar in group.bars:
            parts += _bar(bar, y)
            y += LINE
        y += GROUP - HEAD - LINE + EDGE
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" '
        f'height="{y}" role="img" aria-label="{escape(_told(groups))}">\n'
        f"<style>\n{STYLE}\n</style>\n{inside}\n</svg>\n"
    )


def _bar(bar: Bar, y: int) -> list[str]:
    share = min(bar.ratio / bar.target, MOST)
    length = max(2, round((TARGET - LABELS) * share))
    middle, top = y + LINE / 2 + 4, y + (LINE - BAR) / 2
    kind = "met" if bar.met else "missed"
    wanted = f"{'' if bar.met else 'not '}{bar.sense} {bar.target:g}"
    return [
        _text(LABELS - 8, middle, bar.name, "name", 'text-anchor="end"'),
        f'<rect class="{kind}" x="{LABELS}" y="{top}" width="{length}" height="{BAR}" rx="2"/>',
        *([_arrow(top, kind)] if bar.ratio / bar.target > MOST else ()),
        f'<line class="target" x1="{TARGET}" x2="{TARGET}" y1="{y + 1}" y2="{y + LINE - 1}"/>',
        _text(FIGURE, middle, f"{bar.ratio:.2f} x", "figure", 'text-anchor="end"'),
        _text(WIDTH - EDGE, middle, wanted, "soft", 'text-anchor="end"'),
    ]


def _arrow(top: float, kind: str) -> str:
    """It goes on beyond the picture."""
    points = f"{RIGHT},{top} {RIGHT + 8},{top + BAR / 2} {RIGHT},{top + BAR}"
    return f'<polygon class="{kind}" points="{points}"/>'


def _text(x: float, y: float, text: str, kind: str, more: str = "") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" {more}>{escape(text)}</text>'


def _told(groups: Sequence[Group]) -> str:
    """The same in words, for who cannot see it."""
    return "; ".join(
        f"{group.title}: "
        + ", ".join(f"{b.name} {b.ratio:g} times ({b.sense} {b.target:g})" for b in group.bars)
        for group in groups
    )
