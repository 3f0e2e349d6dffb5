"""The short way for hot reads: dependencies solved from a plan that was made once.

FastAPI finds out on every request what each dependency is and which parameters it takes; for a
read of a post that is half of the time. An endpoint that answers with a ready Response and depends
on plain coroutines only goes this way; everything else goes FastAPI's.
"""

import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError

from portfolio.api.query import QueryOf

Call = Callable[..., Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """One call: where its arguments come from, and under which key others find its result."""

    key: Call
    call: Call
    parameters: Dependant | None
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
            values = given.get(step.key, {})
            for name, key in step.parts:
                values[name] = results[key]
            if step.request_name:
                values[step.request_name] = request
            if step.response_name:
                values[step.response_name] = response
            results[step.key] = await step.call(**values)
        answer: Response = results[self.steps[-1].key]
        return answer

    def _parameters(self, request: Request) -> dict[Call, dict[str, Any]]:
        given, errors = {}, []
        for step in self.steps:
            if step.parameters is not None:
                values: dict[str, Any] = {}
                for fields, source in (
                    (step.parameters.path_params, request.path_params),
                    (step.parameters.query_params, request.query_params),
                    (step.parameters.header_params, request.headers),
                ):
                    found, wrong = request_params_to_args(fields, source)
                    values.update(found)
                    errors += wrong
                given[step.key] = values
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
    parameters = dependant.path_params or dependant.query_params or dependant.header_params
    steps[call] = Step(
        key=call,
        call=call,
        parameters=dependant if parameters else None,
        parts=tuple(
            (part.name, part.call) for part in dependant.dependencies if part.name and part.call
        ),
        request_name=dependant.request_param_name,
        response_name=dependant.response_param_name,
    )
    return True
