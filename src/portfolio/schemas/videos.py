from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from portfolio.core import webvtt
from portfolio.models.entities import EntityType
from portfolio.models.media import VideoProvider
from portfolio.schemas.base import Ids, Input, Line, Output, Position, examples
from portfolio.schemas.media import MediaAddress

Seconds = Annotated[float, Field(gt=0, le=1_000_000)]
Language = Annotated[
    str,
    StringConstraints(pattern=webvtt.LANGUAGE, max_length=35),
    AfterValidator(webvtt.language),
    Field(description="BCP 47: `en`, `pt-BR`, `zh-Hant`", examples=["en"]),
]
Label = Annotated[Line, Field(min_length=1, max_length=100)]


class VideoFields(Input):
    title: Line | None = None
    poster: MediaAddress | None = Field(None, description="The picture to show before it plays")
    duration: Seconds | None = Field(None, description="In seconds; goes before what a file tells")


class VideoCreate(VideoFields):
    model_config = examples({"url": "https://youtu.be/dQw4w9WgXcQ", "title": "A tour"})

    url: MediaAddress = Field(
        description="A link, to YouTube and Vimeo in any of its usual forms, or the /media/ path "
        "of a video that is here already"
    )
    position: Position | None = Field(None, description="Behind the others if left out")


class VideoUpload(VideoFields):
    """What comes with a file."""

    position: Position | None = Field(None, description="Behind the others if left out")


class VideoUpdate(VideoFields):
    position: Position = 0


class VideoOrder(Input):
    ids: Ids = Field(description="Every video of it, each once, in the new order")


class CaptionRead(Output):
    """What is said, as text in a language (WebVTT)."""

    language: str
    label: str
    url: str


class VideoRead(Output):
    id: int
    entity_type: EntityType | None
    entity_id: int | None
    url: str = Field(description="A full address, or a path on this server")
    provider: VideoProvider
    embed_url: str | None = Field(description="For an iframe; of YouTube and Vimeo only")
    poster: str | None
    title: str | None
    duration: float | None = Field(description="In seconds")
    position: int
    width: int | None
    height: int | None
    bytes: int | None
    content_type: str | None
    captions: list[CaptionRead]
