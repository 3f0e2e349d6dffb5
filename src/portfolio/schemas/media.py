from typing import Annotated

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field
from pydantic_core import from_json

from portfolio.models.entities import EntityType
from portfolio.schemas.base import Ids, Input, Output, Position, Text, WebAddress


def _stored_or_elsewhere(address: str) -> str:
    if address.startswith("/") and not address.startswith("/media/"):
        raise ValueError("use a full http(s) address, or the /media/ path of a stored file")
    return address


MediaAddress = Annotated[WebAddress, AfterValidator(_stored_or_elsewhere)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class FocalPoint(Input):
    """The point that must stay in view, as fractions of width and height."""

    x: Fraction
    y: Fraction


class ImageFields(Input):
    alt: Text | None = Field(None, description="What it shows; empty for mere decoration")
    caption: Text | None = None
    focal_point: FocalPoint | None = None
    cover: bool = Field(False, description="Stands for the whole, which has one cover at most")


class ImageCreate(ImageFields):
    url: MediaAddress = Field(examples=["https://example.com/harbour.jpg"])
    position: Position | None = Field(None, description="Behind the others if left out")


def _from_form(value: object) -> object:
    return from_json(value) if isinstance(value, str) else value


class ImageUpload(ImageFields):
    """What comes with a file, in a form."""

    focal_point: Annotated[FocalPoint | None, BeforeValidator(_from_form)] = Field(
        None, description='As JSON: `{"x": 0.5, "y": 0.3}`'
    )
    position: Position | None = Field(None, description="Behind the others if left out")


class FileUpload(Input):
    """A file in the place of another, of which all that was said stays true."""


class ImageUpdate(ImageFields):
    position: Position = 0


class ImageOrder(Input):
    ids: Ids = Field(description="Every image of it, each once, in the new order")


class VariantRead(Output):
    """The same picture in another size or format."""

    url: str
    width: int
    height: int
    format: str
    bytes: int


class ImageRead(Output):
    id: int
    entity_type: EntityType | None
    entity_id: int | None
    url: str = Field(description="A full address, or a path on this server")
    alt: str | None
    caption: str | None
    position: int
    cover: bool = Field(validation_alias=AliasChoices("cover", "is_cover"))
    width: int | None
    height: int | None
    bytes: int | None
    content_type: str | None
    placeholder: str | None = Field(description="A data URI to show until the picture is there")
    focal_point: FocalPoint | None
    color: str | None = Field(description="The dominant colour, `#rrggbb`")
    variants: Annotated[list[VariantRead], BeforeValidator(lambda made: made or [])] = Field(
        description="By format and width, for `<picture>`; none until they are made"
    )
