"""What each write sends. The first one makes the thing, the others change it."""

import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from benchmarks.freshness import things
from benchmarks.freshness.connection import LOST
from benchmarks.freshness.requests import SUCCESSES, Requests
from benchmarks.freshness.things import Thing, verb_of

PAST = "2020-01-01T00:00:00Z"
COVER = "https://example.com/harbour.jpg"
CONFLICT, NOT_FOUND = 409, 404


class Works:
    def __init__(self, requests: Requests) -> None:
        self._ask = requests.ask
        self._once = requests.once
        self._ids: dict[str, int] = {}

    async def prepare(self) -> None:
        """What stays as it is."""
        await self._ask("POST", "/tags", name="alone", slug="alone")

    def all(self) -> Iterator[tuple[Thing, Callable[[int], Awaitable[object]]]]:
        """Each thing with the function that does its n-th write."""
        makers: list[tuple[Callable[[str, int], Awaitable[object]], list[Thing]]] = [
            (partial(self._group, "tags"), things.TAGS),
            (partial(self._group, "series"), things.SERIES),
            (self._author, things.AUTHOR),
            (self._profile, things.PROFILE),
            (self._skill, things.SKILL),
            (self._steady, things.STEADY),
            (self._cover, things.COVER),
            (self._move, things.MOVING),
            (partial(self._flicker, "posts"), things.FLICKERING),
            (partial(self._flicker, "projects"), things.PROJECTS),
        ]
        for make, owned in makers:
            for thing in owned:
                yield thing, partial(make, thing.name)

    async def schedule(self, name: str, due: datetime) -> None:
        await self._make(
            "posts",
            name,
            title=f"{name}-n1",
            status="scheduled",
            published_at=due.isoformat(),
            tags=["tag1"],
        )

    async def is_beacon_counted(self) -> bool:
        try:
            return (await self._once("POST", "/posts/steady0/views")).status in SUCCESSES
        except LOST:
            return False

    async def _group(self, kind: str, name: str, number: int) -> None:
        text = f"{name}-n{number}"
        if number == 1:
            await self._ask("POST", f"/{kind}", CONFLICT, name=text, slug=name)
        else:
            await self._ask("PATCH", f"/{kind}/{name}", name=text)

    async def _author(self, name: str, number: int) -> None:
        await self._ask("PATCH", "/me", display_name=f"{name}-n{number}")

    async def _profile(self, name: str, number: int) -> None:
        await self._ask("PATCH", "/profile", name=f"{name}-n{number}")

    async def _skill(self, name: str, number: int) -> None:
        text = f"{name}-n{number}"
        if number == 1:
            answer = await self._ask("POST", "/profile/skills", name=text)
            self._ids[name] = json.loads(answer.body)["id"]
        else:
            await self._ask("PATCH", f"/profile/skills/{self._ids[name]}", name=text)

    async def _cover(self, name: str, number: int) -> None:
        text = f"{name}-n{number}"
        if number == 1:
            images = "/posts/steady0/images"
            answer = await self._ask("POST", images, url=COVER, cover=True, alt=text)
            self._ids[name] = json.loads(answer.body)["id"]
        else:
            await self._ask("PATCH", f"/images/{self._ids[name]}", alt=text)

    async def _steady(self, name: str, number: int) -> None:
        if number > 1:
            await self._ask("PATCH", f"/posts/{self._ids[name]}", title=f"{name}-n{number}")
            return
        alone = ["alone"] if name == "steady0" else []
        series = "series0" if name == "steady1" else None
        await self._publish("posts", name, 1, tags=["tag0", *alone], series=series)

    async def _move(self, name: str, number: int) -> None:
        """Its address has the number; the first one, without, leads to it all the time."""
        if number == 1:
            await self._publish("posts", name, 0, tags=["tag1"])
        await self._ask("PATCH", f"/posts/{self._ids[name]}", slug=f"{name}-n{number}")

    async def _flicker(self, kind: str, name: str, number: int) -> None:
        verb = verb_of(number)
        if verb == "create":
            label = "tags" if kind == "posts" else "technologies"
            await self._publish(kind, name, number, **{label: ["tag0"]})
            return
        path = f"/{kind}/{self._ids[name]}"
        match verb:
            case "rename":
                await self._ask("PATCH", path, title=f"{name}-n{number}")
            case "publish":
                await self._ask("POST", f"{path}/publish", publish_at=PAST)
            case "unpublish" | "restore":
                await self._ask("POST", f"{path}/{verb}")
            case "bin":
                await self._ask("DELETE", path)
            case "purge":
                await self._ask("DELETE", f"{path}?permanent=true", NOT_FOUND)

    async def _publish(self, kind: str, name: str, number: int, **more: Any) -> None:
        title = f"{name}-n{number}" if number else name
        await self._make(kind, name, title=title, status="published", published_at=PAST, **more)

    async def _make(self, kind: str, name: str, **body: Any) -> None:
        answer = await self._ask("POST", f"/{kind}", CONFLICT, slug=name, **body)
        if answer.status == CONFLICT:
            # It was made before: that answer was lost.
            answer = await self._ask("GET", f"/{kind}/{name}")
        self._ids[name] = json.loads(answer.body)["id"]
