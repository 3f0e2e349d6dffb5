from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from portfolio.models.audit import Action
from portfolio.schemas.base import Id, Output, Timestamp
from portfolio.schemas.page import ListQuery

# Spelled out: parameters stand on their own in OpenAPI.
ActionName = Annotated[
    Action, WithJsonSchema({"type": "string", "enum": [action.value for action in Action]})
]


class AuditQuery(ListQuery):
    """Everything that was done, unless a filter says otherwise."""

    actor: Id | None = Field(None, description="The number of the account that did it")
    action: ActionName | None = None
    entity: str | None = Field(
        None,
        pattern=r"^[a-z_]{1,40}(:[1-9][0-9]{0,17})?$",
        max_length=60,
        description="What it was done to: `post`, or `post:17` for a single one",
    )
    since: Timestamp | None = None
    until: Timestamp | None = Field(None, description="Exclusive")


class AuditRead(Output):
    """`changes` has `before` and `after`, each with the fields that differ.

    `address` and `agent` are known for 90 days.
    """

    id: int
    action: str
    actor_id: int | None
    entity_type: str | None = Field(validation_alias="target_type")
    entity_id: int | None = Field(validation_alias="target_id")
    request_id: str
    address: str | None
    agent: str | None
    changes: dict[str, dict[str, Any]]
    created_at: datetime
