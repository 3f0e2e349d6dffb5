"""Why something was held back or taken for spam, as moderators read it."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from portfolio.models.spam import Reason
from portfolio.schemas.base import Output


class ReasonRead(Output):
    code: str
    text: str


def _explained(codes: Any) -> Any:
    return [
        ReasonRead(code=code, text=Reason(code).text) if isinstance(code, str) else code
        for code in codes
    ]


# Filled from the codes in a `reasons` column.
Reasons = Annotated[
    list[ReasonRead],
    BeforeValidator(_explained),
    Field(description="Why it waits, or was taken for spam"),
]
