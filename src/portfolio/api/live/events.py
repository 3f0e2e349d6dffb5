"""GET /api/v1/events: live updates as a stream of events (HTML, 9.2)."""

import asyncio
import random
from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from portfolio.api.conditional import PRIVATE
from portfolio.api.deps import services_of
from portfolio.api.errors import errors
from portfolio.api.identity import Caller, bearer_token
from portfolio.api.live.cutting import cut_of
from portfolio.api.middleware.access import open_connections
from portfolio.api.problem import refusal
from portfolio.api.route import door_router
from portfolio.core.context import current
from portfolio.core.errors import (
    ForbiddenException,
    NotFoundException,
    TooManyRequestsException,
    UnauthorizedException,
    UnavailableException,
)
from portfolio.services.live import Listener
from portfolio.services.live.messages import Message
from portfolio.services.live.places import Place
from portfolio.services.live.progress import Cursor
from portfolio.services.live.subscriber import RESTART, Subscriber
from portfolio.wiring import Services

MOST_TOPICS = 20
_RETRY_MS = 3000
# After a restart not everybody comes back in the same moment.
_SOONEST_MS, _LATEST_MS = 1000, 4000
_COMMENT_SECONDS = 15.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = door_router("live", prefix="/api/v1")
Topic = Annotated[str, Query(min_length=1, max_length=200)]


class EventStreamResponse(Response):
    media_type = "text/event-stream"


class EventStream(EventStreamResponse):
    """Holds no connection to the database; begins when it is sent, outside of the unit of work."""

    def __init__(
        self,
        services: Services,
        topics: Mapping[str, str],
        who: Listener | None,
        last: str | None,
    ) -> None:
        super().__init__(
            headers=_HEADERS if who is None else {**_HEADERS, "Cache-Control": PRIVATE}
        )
        del self.headers["Content-Length"]
        self._services = services
        self._topics = topics
        self._who = who
        self._last = last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        subscriber = Subscriber(Message.lines, cut_of(scope))
        subscriber.who = self._who
        hub = self._services.hub

        def begin(cursor: Cursor) -> None:
            subscriber.put(f"retry: {_RETRY_MS}\nid: {cursor}\n\n")

        with Place(self._services.connections, self._services.settings.live) as place:
            try:
                place.take(current().client, self._who.user_id if self._who else None)
                hub.join(subscriber)
                await hub.subscribe(subscriber, self._topics, self._last, begin)
                with open_connections("events"):
                    await self._stream(subscriber, receive, send)
            except TooManyRequestsException as error:
                await refusal(error)(scope, receive, send)
            finally:
                hub.leave(subscriber)

    async def _stream(self, subscriber: Subscriber, receive: Receive, send: Send) -> None:
        writing = asyncio.create_task(self._write(subscriber, send))
        hearing = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({writing, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                writing.result()
        finally:
            for task in (writing, hearing):
                task.cancel()

    async def _write(self, subscriber: Subscriber, send: Send) -> None:
        head = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **head})
        more = True
        while more:
            try:
                async with asyncio.timeout(_COMMENT_SECONDS):
                    text = await subscriber.next()
            except TimeoutError:
                # What they have, though nothing of it was for them.
                text = f":\nid: {self._services.hub.cursor}\n\n"
            more = text is not None
            if text is None and subscriber.end is RESTART:
                text = f"retry: {random.randint(_SOONEST_MS, _LATEST_MS)}\n\n"  # noqa: S311 - no secret
            body = (text or "").encode()
            await send({"type": "http.response.body", "body": body, "more_body": more})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def get_listener(request: Request, caller: Caller) -> Listener | None:
    """Raises UnauthorizedException."""
    token = await bearer_token(request)
    if caller is None or token is None:
        return None
    return services_of(request).live_access.listener(caller, token)


@router.get(
    "/events",
    summary="Follow what happens, as it happens",
    response_class=EventStreamResponse,
    responses=errors(
        UnauthorizedException,
        ForbiddenException,
        NotFoundException,
        TooManyRequestsException,
        UnavailableException,
    ),
)
async def stream_events(
    request: Request,
    listener: Annotated[Listener | None, Depends(get_listener)],
    topic: Annotated[
        list[Topic],
        Query(
            min_length=1,
            max_length=MOST_TOPICS,
            description="`posts`, `projects`, `posts:my-slug`, `projects:4`; "
            "for moderators `moderation`, `contact`",
        ),
    ],
    last_event_id: Annotated[
        str | None,
        Query(max_length=4000, description="The id of the last event that you have"),
    ] = None,
    last_event_id_header: Annotated[
        str | None,
        Header(alias="Last-Event-ID", max_length=4000, description="As browsers send it"),
    ] = None,
) -> Response:
    services = services_of(request)
    topics = await services.live_access.find_all(topic, listener)
    return EventStream(services, topics, listener, last_event_id_header or last_event_id)
