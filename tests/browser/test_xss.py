"""What people write, in a real browser without any content security policy: nothing of it runs."""

import asyncio
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from markdown_it import MarkdownIt
from playwright.async_api import Page, Route, expect
from tests.browser.conftest import Example, OpenWindow
from tests.factories.injections import HOST, addresses, injections
from tests.factories.traps import Trap
from tests.factories.visitors import Owner

from portfolio.core.markdown import render

pytestmark = pytest.mark.requirement("46")
# NUL is refused everywhere.
TEXTS = [text for text in injections() if "\0" not in text]
GUEST = {"email": "guest@example.com", "name": "Ada"}
IN_A_COMMENT, IN_A_LETTER = 10, 120
# What there can be of a comment in a page.
TAGS = {"a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "strong", "ul"}
ATTRIBUTES = {"href", "rel", "title", "start"}
# Those that take a page away which trusts them, so that nothing else could be caught there.
LEAVING = ("location", "<meta", "<form", "<base", "<frame", "<input", "<button", "<link")
ACCOUNT = "verify-email", "confirm-email", "reset-password", "unlock", "accept-invite"
PAGES_OF_LINKS = (
    *(f"/account/{page}" for page in (*ACCOUNT, "confirm-comment")),
    "/api/v1/comments/unsubscribe",
    "/setup",
)
# Leads out of wherever it stands.
EVERYWHERE = "'\"></textarea></title></style></script>--><img src=x onerror=canary(1)>"

# Handlers are called as if somebody had done what they wait for. Of links, only scripts are followed.
TOUCH = """async (within) => {
    addEventListener("click", (event) => {
        const { href } = event.target.closest?.("a, area") ?? {};
        if (!/^javascript:/.test(href?.animVal ?? href)) event.preventDefault();
    }, true);
    for (const element of document.querySelectorAll(`${within} *`)) {
        for (const { name } of element.attributes) {
            if (name.startsWith("on")) element.dispatchEvent(new Event(name.slice(2)));
        }
        element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    }
    // What was to come has come when something comes that was asked for last.
    await new Promise((come) => {
        const last = new Image();
        last.onerror = () => requestIdleCallback(come);
        last.src = "data:,";
    });
}"""
PARTS = """(within) => [...document.querySelectorAll(`${within} *`)].map((element) => ({
    tag: element.localName,
    ...Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value])),
}))"""
INBOX = """(messages) => {
    for (const message of messages) {
        for (const text of Object.values(message)) {
            document.body.appendChild(document.createElement("p")).textContent = text;
        }
    }
}"""
FORM = """<!doctype html><meta charset="utf-8">
    <form method="post" action="{api}/api/v1/contact"><input name="name"><input name="email">
    <textarea name="subject"></textarea><textarea name="message"></textarea>
    <input name="redirect"><input name="subtitle"><input name="shown_at"></form>"""
SEND = """(values) => {
    for (const [name, value] of Object.entries(values)) document.forms[0][name].value = value;
    document.forms[0].submit();
}"""


def careless() -> Callable[[str], str]:
    """What a server would do that renders Markdown and takes no care."""
    parser = MarkdownIt("commonmark", {"html": True})
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # it is the careful part
    return parser.render


def portions(size: int) -> Iterator[list[str]]:
    return (TEXTS[at : at + size] for at in range(0, len(TEXTS), size))


@pytest.fixture
async def page(new_window: OpenWindow) -> Page:
    """Allows everything."""
    return await new_window(bypass_csp=True)


@pytest.fixture
async def trap(page: Page) -> Trap:
    """Whatever runs there falls into it."""
    trap = Trap()
    await trap.attach(page.context)
    return trap


@pytest.fixture(scope="module")
async def slug(example: Example) -> str:
    """Of a post under which each text stands, and many as the name of who wrote them."""
    names = (text for text in TEXTS if len(text) <= 100 and text.isprintable())
    # There is no HTML in comments, so what is made of one ends where the next one begins.
    bodies = map("\n\n".join, portions(IN_A_COMMENT))
    async with example.api.client() as client, example.api.client() as guest:
        owner = Owner(client)
        await owner.log_in()
        post = await owner.post("/posts", 201, title="X", body_markdown="x", status="published")
        path = f"/api/v1/posts/{post['slug']}/comments"
        said = [
            GUEST | {"name": name, "body": body, "website": f"http://example.com/{name}"}
            for body, name in zip(bodies, names, strict=False)
        ]
        answers = await asyncio.gather(*(guest.post(path, json=one) for one in said))
        ids = [answer.json()["id"] for answer in answers]
        await owner.post("/comments/moderate", 200, ids=ids, action="approve")
        slug: str = post["slug"]
        return slug


class TestTrap:
    async def test_catches_what_runs_in_a_page_that_trusts_everybody(
        self, example: Example, slug: str, page: Page, trap: Trap
    ) -> None:
        html_of = careless()

        async def trust(route: Route) -> None:
            response = await route.fetch()
            answer = await response.json()
            first = answer["items"][0]
            some = [text for text in TEXTS if not any(word in text for word in LEAVING)]
            answer["items"] = [
                first | {"id": number, "html": html}
                for number, html in enumerate(map(html_of, some))
            ]
            await route.fulfill(response=response, json=answer)

        await page.route("**/comments?*", trust)
        await page.goto(example.address(slug))
        await page.locator("#comments li").first.wait_for()
        await page.evaluate(TOUCH, "#comments")
        assert len(trap.numbers) >= 300
        ways = {"alert", "canary", "confirm", "console", "error", "fetch", "prompt"}
        assert {how for how, _ in trap.caught} == ways


class TestComments:
    async def test_run_nothing(self, example: Example, slug: str, page: Page, trap: Trap) -> None:
        await page.goto(example.address(slug))
        await page.locator("#comments li").first.wait_for()
        await expect(page.locator("#more")).to_be_hidden()
        await page.evaluate(TOUCH, "#comments")
        parts = await page.evaluate(PARTS, "#comments .html")
        assert {part.pop("tag") for part in parts} <= TAGS
        names = await page.locator("#comments .meta > :first-child").all_text_contents()
        assert len(set(names)) == len(list(portions(IN_A_COMMENT)))
        assert set(names) <= {text.strip() for text in TEXTS}
        links = [part for part in parts if "rel" in part]
        assert len(links) > 100
        assert {name for part in parts for name in part} <= ATTRIBUTES
        assert {link["rel"] for link in links} == {"nofollow ugc noopener"}
        found = {link["href"].partition(":")[0] for link in links if "href" in link}
        assert found <= {"http", "https", "mailto"}
        # The same as it comes, opened in a window of its own.
        await page.goto(f"{example.api.url}/api/v1/posts/{slug}/comments?limit=100")
        assert trap.caught == []

    async def test_come_with_addresses_of_pages_only(self, example: Example, slug: str) -> None:
        async with example.api.client() as guest:
            path = f"/api/v1/posts/{slug}/comments"
            for address in addresses():
                said = GUEST | {"body": "x", "website": address}
                answer = await guest.post(path, json=said)
                assert answer.json()["errors"][0]["field"] == "website", address


class TestPosts:
    async def test_run_nothing(self, example: Example, slug: str, page: Page, trap: Trap) -> None:
        """Authors may show pictures of others, and write HTML, but no scripts."""
        texts = [text for text in TEXTS if HOST not in text]
        html = "\n".join(render(text).html for text in texts)

        async def replace(route: Route) -> None:
            response = await route.fetch()
            await route.fulfill(response=response, json=await response.json() | {"html": html})

        await page.route(f"**/posts/{slug}", replace)
        await page.goto(example.address(slug))
        await page.locator("#post[aria-busy=false]").wait_for()
        await page.evaluate(TOUCH, "#post .text")
        parts = await page.evaluate(PARTS, "#post .text")
        assert len(parts) > len(texts)
        assert {"script", "svg", "math", "style", "iframe", "form"}.isdisjoint(
            part["tag"] for part in parts
        )
        assert trap.caught == []


class TestLetters:
    async def test_run_nothing(
        self, example: Example, owner: Owner, page: Page, trap: Trap
    ) -> None:
        """Neither where they come back to be corrected, nor in the inbox."""
        form = example.folder / "form.html"
        form.write_text(FORM.format(api=example.api.url), "utf-8")
        for some in portions(IN_A_LETTER):
            fields = ("name", "email", "subject", "redirect", "subtitle", "shown_at")
            values = {"message": "\n\n".join(some), **dict(zip(fields, some, strict=False))}
            await page.goto(f"{example.origin}/form.html")
            async with page.expect_navigation():
                await page.evaluate(SEND, values)
            assert await page.title() == "Almost sent"
            assert some[0] in await page.locator("[name=message]").input_value()
            await page.evaluate(TOUCH, "body")
        text = TEXTS[0]
        letter = {"name": text, "email": "a@example.com", "subject": text, "message": text}
        await page.goto(f"{example.origin}/form.html")
        async with page.expect_navigation():
            await page.evaluate(SEND, letter)
        assert await page.title() == "Thank you"
        messages = (await owner.get("/contact/messages"))["items"]
        assert messages[0]["excerpt"] == text
        await page.evaluate(INBOX, messages)
        await page.evaluate(TOUCH, "body")
        assert trap.caught == []


class TestPages:
    async def test_run_nothing_that_stands_in_a_link(
        self, example: Example, page: Page, trap: Trap
    ) -> None:
        token = urlencode({"token": EVERYWHERE})
        for path in PAGES_OF_LINKS:
            await page.goto(f"{example.api.url}{path}?{token}")
            await expect(page.locator("h1")).to_be_visible()
            await page.evaluate(TOUCH, "body")
        assert trap.caught == []
