"""A real browser, and real servers for it: one for the API, one for a front end on another origin."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.factories.servers import Server, free_port, running_server
from tests.factories.static_sites import HOST, static_site
from tests.factories.visitors import Owner

EXAMPLE = Path(__file__).parents[2] / "examples" / "live-page"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 30_000  # milliseconds, on the slowest machine
expect.set_options(timeout=PATIENCE)
# As its README says.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {api} data:; "
    "connect-src {api}; form-action {api} 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass
class Example:
    """The example page in a folder with its own server, and the API that it speaks with."""

    origin: str
    api: Server
    folder: Path

    def address(self, slug: str) -> str:
        return f"{self.origin}/index.html?post={slug}"


class OpenWindow(Protocol):
    async def __call__(self, address: str = "", **options: object) -> Page:
        """One more, that shares nothing with the others; `options` are Playwright's."""
        ...


@pytest.fixture(scope="session")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    async with async_playwright() as playwright:
        # The sandbox wants rights that containers do not give; only pages of ours are opened.
        chromium = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        await chromium.close()


@pytest.fixture
async def new_window(browser: Browser) -> AsyncIterator[OpenWindow]:
    async with AsyncExitStack() as stack:

        async def window(address: str = "", **options: object) -> Page:
            context = await stack.enter_async_context(await browser.new_context(**options))  # type: ignore[arg-type]  # as they came
            context.set_default_timeout(PATIENCE)
            page = await context.new_page()
            if address:
                await page.goto(address)
            return page

        yield window


@pytest.fixture(scope="session")
async def example(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Example]:
    """Accounts' comments do not wait, and nothing is too fast or too much."""
    folder = tmp_path_factory.mktemp("example")
    port = free_port()
    api = f"http://{HOST}:{port}"
    headers = {"Content-Security-Policy": POLICY.format(api=api)}
    with static_site(folder / "page", headers) as origin:
        _deploy(folder / "page", api, origin)
        async with running_server(
            folder / "server",
            PORT=str(port),
            ALLOWED_ORIGINS=origin,
            PUBLIC_URL=api,
            COMMENTS_MODERATION="none",
            COMMENTS_MIN_SECONDS="0",
            CONTACT_MIN_SECONDS="0",
            RATE_LIMIT_ENABLED="false",
        ) as server:
            yield Example(origin, server, folder / "page")


@pytest.fixture
async def owner(example: Example) -> AsyncIterator[Owner]:
    async with example.api.client() as client:
        signed_in = Owner(client)
        await signed_in.log_in()
        yield signed_in


def _deploy(folder: Path, api: str, origin: str) -> None:
    """As its README says: one copies it, and writes two addresses into it."""
    shutil.copytree(EXAMPLE, folder)
    page = folder / "index.html"
    text = page.read_text("utf-8")
    for here, there in (("http://127.0.0.1:8000", api), ("http://127.0.0.1:5500", origin)):
        assert here in text
        text = text.replace(here, there)
    page.write_text(text, "utf-8")
