from typing import Literal

from pydantic import ConfigDict, Field

from portfolio.models.entities import EntityType
from portfolio.schemas.base import Output


class RedirectRead(Output):
    """For the build or the middleware of a front end."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)

    entity_type: EntityType
    old: str = Field(serialization_alias="from", description="A path that was")
    new: str = Field(serialization_alias="to", description="The path that took its place")
    status: Literal[308] = 308
