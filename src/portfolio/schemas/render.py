from portfolio.schemas.base import Input, Markdown, Output
from portfolio.schemas.publications import Heading


class RenderRequest(Input):
    markdown: Markdown


class RenderRead(Output):
    html: str
    toc: list[Heading]
    excerpt: str
    reading_time: int
