"""The same content for every side: authors, tags, and posts with three tags and a cover."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypedDict, TypeVar

T = TypeVar("T")
SEED = 20
FIRST = datetime(2015, 1, 1, 9, tzinfo=UTC)
APART = timedelta(minutes=47)
TAGS_PER_POST = 3
BLOCKS_PER_BODY = 6
VOCABULARY = (
    "about after all also answer around away bridge build careful change clear code corner day design "
    "detail draw early edge enough evening every example far few figure find first follow garden give "
    "glass good grow hand harbour hear idea keep kind large last learn letter light line list little "
    "long machine make many measure morning move name new night often old open order other page paper "
    "part pattern people picture place plain plan point quiet reader reason river road room same second "
    "sentence shape short simple small sound stand start station stone story street system table take "
    "test thing think time tool train turn under until useful value view voice walk water week whole "
    "window winter without wood word work world write year"
)
WORDS = VOCABULARY.split()


class Author(TypedDict):
    id: int
    username: str
    email: str
    display_name: str


class Tag(TypedDict):
    id: int
    slug: str
    name: str


class Cover(TypedDict):
    url: str
    alt: str
    width: int
    height: int


class Post(TypedDict):
    id: int
    slug: str
    title: str
    excerpt: str
    body_markdown: str
    html: str
    reading_time: int
    published_at: datetime
    author_id: int
    tag_ids: list[int]
    cover: Cover


AUTHORS = [
    Author(
        id=number,
        username=f"author-{number}",
        email=f"author-{number}@example.com",
        display_name=f"Author {number}",
    )
    for number in range(1, 6)
]
# Each of the common tags is on a tenth of all posts, the rare one on RARELY, however many there are.
COMMON, RARELY = 30, 10
RARE = Tag(id=COMMON + 1, slug="rare", name="Rare")
TAGS = [
    *(
        Tag(id=number, slug=f"tag-{number}", name=f"Tag {number}")
        for number in range(1, COMMON + 1)
    ),
    RARE,
]


def posts(count: int) -> Iterator[Post]:
    """`count` published posts, oldest first, the same ones on every run; bodies of some 3 KB."""
    chance = random.Random(SEED)
    blocks = [_block(chance) for _ in range(200)]
    for number in range(1, count + 1):
        title = _sentence(chance, 5).rstrip(".")
        chosen = chance.sample(blocks, BLOCKS_PER_BODY)
        yield Post(
            id=number,
            slug=slug(number),
            title=title,
            excerpt=_sentence(chance, 24),
            body_markdown="\n\n".join(markdown for markdown, _ in chosen),
            html="\n".join(html for _, html in chosen),
            reading_time=2,
            published_at=FIRST + number * APART,
            author_id=chance.choice(AUTHORS)["id"],
            tag_ids=_tags(chance, rare=number % max(1, count // RARELY) == 0),
            cover=Cover(
                url=f"https://pictures.example.com/{number}.jpg", alt=title, width=1600, height=900
            ),
        )


def _tags(chance: random.Random, *, rare: bool) -> list[int]:
    chosen = sorted(chance.sample(range(1, COMMON + 1), TAGS_PER_POST))
    return [*chosen[:-1], RARE["id"]] if rare else chosen


def slug(number: int) -> str:
    return f"post-number-{number}"


def chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words)).capitalize() + "."


def _block(chance: random.Random) -> tuple[str, str]:
    """A heading and a paragraph, as Markdown and as the HTML that it renders to."""
    heading, anchor = _sentence(chance, 3).rstrip("."), chance.randrange(10**6)
    text, strong = " ".join(_sentence(chance, 12) for _ in range(5)), _sentence(chance, 3)
    link = f"https://example.com/{anchor}"
    markdown = f"## {heading}\n\n{text} **{strong}** [More]({link})."
    html = (
        f'<h2 id="s{anchor}">{heading}</h2>\n<p>{text} <strong>{strong}</strong> '
        f'<a href="{link}" rel="noopener">More</a>.</p>'
    )
    return markdown, html
