"""The example of a front end, as two people see it who have it open at the same time."""

import json
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Page, Route, expect
from tests.browser.conftest import Example, OpenWindow
from tests.factories.visitors import Owner

LIVE = "#live[data-state=live]"
TEXT = "This text took me half an hour to write."
LETTER = {"name": "Ada", "email": "ada@example.com", "subject": "Looms", "message": TEXT}


async def publish(owner: Owner, title: str) -> Any:
    body = "Some *words*, to be talked about.\n\n> And others.\n\n```python\nprint(1)\n```"
    return await owner.post("/posts", 201, title=title, body_markdown=body, status="published")


async def look(window: OpenWindow, example: Example, slug: str, **options: object) -> Page:
    page = await window(example.address(slug), **options)
    await page.locator(LIVE).wait_for()
    await page.locator("#post[aria-busy=false]").wait_for()
    return page


async def say(owner: Owner, slug: str, body: str, **more: Any) -> Any:
    return await owner.post(f"/posts/{slug}/comments", 201, body=body, **more)


async def fill(page: Page, form: str, **fields: str) -> None:
    for name, text in fields.items():
        await page.locator(f"{form} [name={name}]").fill(text)


class TestTwoWindows:
    async def test_show_what_happens_in_the_other(
        self, example: Example, owner: Owner, new_window: OpenWindow
    ) -> None:
        slug = (await publish(owner, "Two windows"))["slug"]
        here, there = await look(new_window, example, slug), await look(new_window, example, slug)
        # From here on, neither asks for anything by itself.
        asked: list[str] = []
        there.on("request", lambda request: asked.append(request.url))

        await here.locator("[data-kind=love]").click()
        await expect(here.locator("[data-kind=love]")).to_have_attribute("aria-pressed", "true")
        await expect(there.locator("[data-kind=love] .count")).to_have_text("1")
        await expect(there.locator("[data-kind=love]")).to_have_attribute("aria-pressed", "false")

        first = await say(owner, slug, "The *first* word.")
        second = await say(owner, slug, "An answer.", parent_id=first["id"])
        for page in (here, there):
            await expect(page.locator("#comments > li > .words em")).to_have_text("first")
            await expect(page.locator("#comments ol .html")).to_have_text("An answer.")
            await expect(page.locator("#comments-count")).to_have_text("(2)")
        await owner.ask("PATCH", f"/comments/{second['id']}", 200, body="Another answer.")
        await expect(there.locator("#comments ol .html")).to_have_text("Another answer.")
        await owner.ask("DELETE", f"/comments/{first['id']}", 204)
        await expect(there.locator("#comments > li > .words .stone")).to_be_visible()
        await owner.ask("DELETE", f"/comments/{second['id']}", 204)
        await expect(there.locator("#comments li")).to_have_count(0)
        await expect(there.locator("#comments-count")).to_be_empty()

        await here.reload()
        await expect(here.locator("[data-kind=love]")).to_have_attribute("aria-pressed", "true")
        await here.locator("[data-kind=love]").click()
        await expect(there.locator("[data-kind=love] .count")).to_be_empty()
        assert asked == []

    async def test_come_back_by_themselves_after_the_server_was_killed(
        self, example: Example, owner: Owner, new_window: OpenWindow
    ) -> None:
        slug = (await publish(owner, "Killed"))["slug"]
        pages = [await look(new_window, example, slug) for _ in range(2)]
        await say(owner, slug, "Before.")
        for page in pages:
            await expect(page.locator("#comments .html")).to_have_text(["Before."])
        example.api.kill()
        for page in pages:
            await page.locator("#live[data-state=reconnecting]").wait_for()
        await example.api.start()
        await say(owner, slug, "Between.")
        for page in pages:
            await page.locator(LIVE).wait_for()
        await say(owner, slug, "After.")
        for page in pages:
            await expect(page.locator("#comments .html")).to_have_text(
                ["Before.", "Between.", "After."]
            )

    async def test_look_like_something(
        self, example: Example, owner: Owner, new_window: OpenWindow, tmp_path: Path
    ) -> None:
        slug = (await publish(owner, "On a screen"))["slug"]
        await say(owner, slug, "A comment.")
        complaints: list[str] = []
        for size, scheme in (((1200, 900), "light"), ((360, 800), "dark")):
            viewport = {"width": size[0], "height": size[1]}
            page = await new_window(viewport=viewport, color_scheme=scheme)
            page.on("console", lambda message: complaints.append(message.text))
            await page.goto(example.address(slug))
            await page.locator("#comments .html").wait_for()
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide == size[0], "it scrolls sideways"
            picture = await page.screenshot(path=tmp_path / f"{scheme}.png")
            image = Image.open(BytesIO(picture)).convert("RGB")
            assert image.size == size
            colours = image.getcolors(size[0] * size[1])
            assert colours is not None
            assert len(colours) > 50
            assert max(colours)[0] < 0.9 * size[0] * size[1]
        assert complaints == [], "its own policy forbids something that it does"


class TestEvents:
    async def test_change_nothing_when_they_come_twice(
        self, example: Example, owner: Owner, new_window: OpenWindow
    ) -> None:
        slug = (await publish(owner, "Twice"))["slug"]
        comment = await say(owner, slug, "Once.")
        created = event_of("comment.created", 7, {**comment, "comments_count": 1})
        counts = {"target_type": "posts", "target_id": comment["entity_id"], "counts": {"like": 3}}
        counted = event_of("reactions.changed", 8, counts | {"total": 3})
        stream = {"status": 200, "content_type": "text/event-stream"}
        twice = stand_in(example.origin, **stream, body=created * 2 + counted * 2 + created)
        page = await new_window()
        await page.route("**/events?*", twice)
        await page.goto(example.address(slug))
        await expect(page.locator("[data-kind=like] .count")).to_have_text("3")
        await expect(page.locator("#comments .html")).to_have_text(["Once."])
        await expect(page.locator("#comments-count")).to_have_text("(1)")

    async def test_are_asked_for_again_after_an_error(
        self, example: Example, owner: Owner, new_window: OpenWindow
    ) -> None:
        slug = (await publish(owner, "Refused"))["slug"]
        page = await new_window()
        await page.route("**/events?*", stand_in(example.origin, status=503), times=1)
        await page.goto(example.address(slug))
        await page.locator("#post[aria-busy=false]").wait_for()
        await say(owner, slug, "Meanwhile.")
        await page.locator(LIVE).wait_for()
        await expect(page.locator("#comments .html")).to_have_text(["Meanwhile."])


class TestForms:
    async def test_lose_nothing_that_was_typed(
        self, example: Example, owner: Owner, new_window: OpenWindow
    ) -> None:
        slug = (await publish(owner, "Typed"))["slug"]
        page = await look(new_window, example, slug)
        form, status = "#comment-form", page.locator("#comment-form .status")
        text, send = page.locator(f"{form} [name=body]"), page.locator(
            f"{form} button:text('Send')"
        )

        await fill(page, form, name="Ada", email="nowhere", body=TEXT)
        await send.click()
        await expect(page.locator("#c-email-problem")).not_to_be_empty()
        await expect(page.locator("#c-email")).to_be_focused()
        await fill(page, form, email="ada@example.com")
        for answer, words in (
            ({"status": 429, "headers": {"Retry-After": "42"}}, "try again in 42 seconds"),
            ({"status": 503, "headers": {"Retry-After": "2"}}, "try again in 2 seconds"),
            ({}, "cannot be reached"),
        ):
            await page.route("**/comments", stand_in(example.origin, **answer), times=1)
            await send.click()
            await expect(status).to_contain_text(words)
            await expect(text).to_have_value(TEXT)
        await page.reload()
        await expect(text).to_have_value(TEXT)
        await page.locator(LIVE).wait_for()
        await send.click()
        await expect(status).not_to_be_empty()
        await expect(text).to_be_empty()
        await page.reload()
        await expect(text).to_be_empty()

    async def test_write_to_the_owner_with_a_script_and_without(
        self, example: Example, owner: Owner, new_window: OpenWindow
    ) -> None:
        slug = (await publish(owner, "Letters"))["slug"]
        scripted = await look(new_window, example, slug)
        plain = await new_window(example.address(slug), java_script_enabled=False)
        for page, name in ((scripted, "Ada"), (plain, "Bob")):
            await fill(page, "#contact-form", **LETTER | {"name": name})
            await page.locator("#contact-form button").click()
            thanks = page.locator("#contact-form .status" if page is scripted else "#sent")
            await expect(thanks).to_be_visible()
            await expect(thanks).to_have_text("Thank you, your message has arrived.")
        inbox = (await owner.get("/contact/messages"))["items"]
        assert {message["name"] for message in inbox} == {"Ada", "Bob"}
        assert {message["excerpt"] for message in inbox} == {TEXT}


def event_of(kind: str, number: int, data: Any) -> str:
    content = json.dumps({"topic": "posts:x", "at": "2026-11-22T10:00:00Z", "data": data})
    return f"id: {number}\nevent: {kind}\ndata: {content}\n\n"


def stand_in(origin: str, **answer: Any) -> Callable[[Route], Awaitable[None]]:
    """An answer in place of the server's; without a status there is none at all."""

    async def handle(route: Route) -> None:
        if "status" not in answer:
            await route.abort()
            return
        allowed = {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": "Retry-After",
        }
        await route.fulfill(**answer | {"headers": allowed | answer.get("headers", {})})

    return handle
