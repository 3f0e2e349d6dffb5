"""The way through which every request enters and every answer leaves: one unit of work."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fastapi import APIRouter, FastAPI, Request
from fastapi._compat import field_annotation_is_sequence
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params, get_validation_alias
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.responses import Response

from portfolio.api.body import StrictRequest
from portfolio.api.express import Plan
from portfolio.api.query import QueryOf
from portfolio.api.signing import sign_addresses
from portfolio.core.context import current
from portfolio.core.errors import (
    FieldError,
    InvalidInputException,
    RetryableException,
    UnavailableException,
)

MAX_ATTEMPTS = 3
STACK = "portfolio.door"
IDEMPOTENCY = "portfolio.idempotency"
REPEATED = "portfolio.repeated"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Replay(Exception):
    """Raised by a dependency to answer at once with a response that is there already."""

    def __init__(self, response: Response) -> None:
        self.response = response


class Remembered(Protocol):
    """What a dependency leaves at scope[IDEMPOTENCY] to be told of the response."""

    async def store(self, response: Response) -> None: ...


def door_router(*tags: str, prefix: str = "", door: type["Door"] | None = None) -> APIRouter:
    """For Doors that are complete as they stand, to be placed in the app as they are."""
    return APIRouter(
        prefix=prefix,
        tags=[*tags],
        route_class=door or Door,
        # The operation id: `list_posts`.
        generate_unique_id_function=lambda route: route.name,
    )


def place(into: FastAPI | APIRouter, router: APIRouter) -> None:
    """Add these routes as they are; include_router() would make them again, at the first request."""
    into.routes.extend(router.routes)


def unit_of_work(request: Request) -> AsyncExitStack:
    """The stack that closes after the response is made and before its first byte is sent."""
    stack: AsyncExitStack = request.scope[STACK]
    return stack


class Door(APIRoute):
    """A route whose transaction ends before its answer begins.

    Refuses unknown and repeated query parameters, reads bodies strictly, and runs the whole again
    when the database asks for it.
    """

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()
        expected: _Input | None = None

        async def handle(request: Request) -> Response:
            nonlocal expected, inner
            if expected is None:
                route = _effective(self, request)
                expected = _Input.of(route, self.form_limits)
                plan = Plan.of(route.dependant)
                inner = plan.run if plan else inner
            asked = StrictRequest(request.scope, request.receive)
            try:
                await expected.check(asked)
                response = await _insistently(inner, asked)
                return sign_addresses(request, response)
            finally:
                # The files of a form, once no attempt needs them any more.
                await asked.close()

        return handle


async def _insistently(handle: Handler, request: StrictRequest) -> Response:
    attempt = 1
    while True:
        try:
            return await _attempt(handle, request)
        except Replay as replay:
            return replay.response
        except RetryableException as error:
            if attempt == MAX_ATTEMPTS or not await request.rewind():
                raise UnavailableException("The data is being changed; try again") from error
        request.scope[REPEATED] = True
        # Jitter keeps those who collided from colliding again.
        await asyncio.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - no secret
        attempt += 1


async def _attempt(handle: Handler, request: StrictRequest) -> Response:
    request.scope.pop(IDEMPOTENCY, None)
    current().shows_unpublished = False
    async with AsyncExitStack() as stack:
        # FastAPI's function-scoped dependencies join us, so that each attempt has its own.
        request.scope[STACK] = request.scope["fastapi_function_astack"] = stack
        response = await handle(request)
        remembered: Remembered | None = request.scope.get(IDEMPOTENCY)
        if remembered is not None:
            await remembered.store(response)
    return response


def _effective(route: APIRoute, request: Request) -> Any:
    """The route with what the routers around it added."""
    context = request.scope.get("fastapi", {}).get("effective_route_context")
    return route if context is None else context


@dataclass(frozen=True, slots=True)
class _Input:
    """What a route takes: query parameters (and whether they repeat), and a kind of body."""

    query: Mapping[str, bool]
    body: Literal["json", "form"] | None
    form_limits: Mapping[str, Any]

    @classmethod
    def of(cls, route: Any, form_limits: Mapping[str, Any]) -> "_Input":
        dependant: Dependant = route.dependant
        # Part by part: a model of parameters is only taken apart where it stands alone.
        fields = [
            field
            for part in _flat(dependant)
            for field in get_flat_params(Dependant(query_params=part.query_params))
        ]
        query = {
            get_validation_alias(field): field_annotation_is_sequence(field.field_info.annotation)
            for field in fields
        }
        for part in _flat(dependant):
            if isinstance(part.call, QueryOf):
                query.update(dict.fromkeys(part.call.model.model_fields, False))
        body: Literal["json", "form"] | None = None
        if route.body_field is not None:
            body = "form" if isinstance(route.body_field.field_info, Form) else "json"
        return cls(query=query, body=body, form_limits=form_limits)

    async def check(self, request: StrictRequest) -> None:
        """Raises InvalidInputException or UnsupportedMediaTypeException."""
        if request.has_body:
            request.demand_plain()
        if request.scope["query_string"]:
            self._check_query(request)
        if self.body == "json":
            request.demand_json()
            if request.has_body:
                await request.json()
        elif self.body == "form":
            request.demand_form()
            await request.form(**self.form_limits)

    def _check_query(self, request: StrictRequest) -> None:
        refused: dict[str, FieldError] = {}
        for name, _ in request.query_params.multi_items():
            if name not in self.query:
                known = ", ".join(sorted(self.query))
                hint = f"use {known}" if known else "this address takes none"
                refused[name] = FieldError(name, "unknown_parameter", f"unknown parameter; {hint}")
            elif not self.query[name] and len(request.query_params.getlist(name)) > 1:
                refused[name] = FieldError(name, "repeated_parameter", "given more than once")
        if refused:
            first = next(iter(refused.values()))
            raise InvalidInputException(
                f"{first.field}: {first.message}", errors=list(refused.values())
            )


def _flat(dependant: Dependant) -> Iterable[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from _flat(part)
