"""The query of a list as one model: parsed at once, and declared for OpenAPI and the Door.

FastAPI takes models of parameters apart field by field on every request, which costs as much as
a statement or two; most lists are asked for without any parameter.
"""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

Q = TypeVar("Q", bound=BaseModel)


class QueryOf(Generic[Q]):
    """A dependency that fills `model` from the query. Raises RequestValidationError."""

    def __init__(self, model: type[Q]) -> None:
        self.model = model

    async def __call__(self, request: Request) -> Q:
        given = dict(request.query_params) if request.scope["query_string"] else {}
        try:
            return self.model.model_validate(given)
        except ValidationError as error:
            problems = [
                {**problem, "loc": ("query", *problem["loc"])} for problem in error.errors()
            ]
            raise RequestValidationError(problems) from error

    def parameters(self) -> Iterator[dict[str, Any]]:
        """As OpenAPI declares them."""
        schema = self.model.model_json_schema(ref_template="#/components/schemas/{model}")
        required = schema.get("required", ())
        for name, described in schema["properties"].items():
            parameter = {"name": name, "in": "query", "required": name in required}
            if "description" in described:
                parameter["description"] = described["description"]
            yield {**parameter, "schema": described}
