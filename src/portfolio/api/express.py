"""The short way for hot reads: dependencies solved from a plan that was made once.

FastAPI finds out on every request what each dependency is and which parameters it takes; for a
read of a post that is half of the time. An endpoint that answers with a ready Response and depends
on plain coroutines only goes this way; everything else goes FastAPI's.
"""

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi._compat import ModelField, field_annotation_is_scalar
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_validation_alias, request_params_to_args
from fastapi.exceptions import RequestValidationError

from portfolio.api.query import QueryOf

Call = Callable[..., Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Those of one call from the path, the query or the headers, and how to take them quickly."""

    fields: Sequence[ModelField]
    # Under which names; None where a field is more than one plain value.
    names: Sequence[str] | None

    @classmethod
    def of(cls, fields: Sequence[ModelField], *, plain: bool) -> "Parameters":
        plain = plain and all(
            field_annotation_is_scalar(field.field_info.annotation) for field in fields
        )
        return cls(fields, [get_validation_alias(field) for field in fields] if plain else None)

    def take(self, sent: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """The values, and what is wrong with them."""
        if self.names is None:
            return request_params_to_args(self.fields, sent)
        values: dict[str, Any] = {}
        for field, name in zip(self.fields, self.names, strict=True):
            given = sent.get(name)
            if given is not None:
                values[field.name], wrong = field.validate(given)
                if wrong:
                    return request_params_to_args(self.fields, sent)
            elif field.field_info.is_required():
                return request_params_to_args(self.fields, sent)
            else:
                values[field.name] = field.get_default()
        return values, []


@dataclass(frozen=True, slots=True)
class Step:
    """One call, and where its arguments come from."""

    call: Call
    path: Parameters | None
    query: Parameters | None
    headers: Parameters | None
    parts: tuple[tuple[str, Call], ...]
    request_name: str | None
    response_name: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """All calls of a route in their order, the endpoint last."""

    steps: tuple[Step, ...]

    @classmethod
    def of(cls, dependant: Dependant) -> "Plan | None":
        """None for a route that needs more than this way offers."""
        returned = inspect.signature(dependant.call, eval_str=True).return_annotation  # type: ignore[arg-type]  # an endpoint is callable
        steps: dict[Call, Step] = {}
        ready = returned is Response and _plan(dependant, steps)
        return cls(tuple(steps.values())) if ready else None

    async def run(self, request: Request) -> Response:
        """Raises RequestValidationError with all that is wrong with the parameters."""
        given = self._parameters(request)
        response = Response()
        # Whoever answers with these headers has a body of its own.
        del response.headers["content-length"]
        results: dict[Call, Any] = {}
        for step in self.steps:
            values = given[step.call]
            for name, call in step.parts:
                values[name] = results[call]
            if step.request_name:
                values[step.request_name] = request
            if step.response_name:
                values[step.response_name] = response
            results[step.call] = await step.call(**values)
        answer: Response = results[self.steps[-1].call]
        return answer

    def _parameters(self, request: Request) -> dict[Call, dict[str, Any]]:
        given, errors = {}, []
        for step in self.steps:
            values: dict[str, Any] = {}
            if step.path is not None:
                found, wrong = step.path.take(request.path_params)
                values.update(found)
                errors += wrong
            if step.query is not None:
                asked = request.query_params if request.scope["query_string"] else {}
                found, wrong = step.query.take(asked)
                values.update(found)
                errors += wrong
            if step.headers is not None:
                found, wrong = step.headers.take(request.headers)
                values.update(found)
                errors += wrong
            given[step.call] = values
        if errors:
            raise RequestValidationError(errors)
        return given


def _plan(dependant: Dependant, steps: dict[Call, Step]) -> bool:
    call: Any = dependant.call
    plain = inspect.iscoroutinefunction(call) or isinstance(call, QueryOf)
    beyond = (
        dependant.body_params
        or dependant.cookie_params
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.http_connection_param_name
    )
    if not plain or beyond:
        return False
    if not all(_plan(part, steps) for part in dependant.dependencies):
        return False
    path, query, headers = dependant.path_params, dependant.query_params, dependant.header_params
    steps[call] = Step(
        call=call,
        path=Parameters.of(path, plain=True) if path else None,
        query=Parameters.of(query, plain=True) if query else None,
        # Their names are made from those of the arguments, which FastAPI knows how to do.
        headers=Parameters.of(headers, plain=False) if headers else None,
        parts=tuple(
            (part.name, part.call) for part in dependant.dependencies if part.name and part.call
        ),
        request_name=dependant.request_param_name,
        response_name=dependant.response_param_name,
    )
    return True
