"""What shows that a script of somebody else has run in a page, or that it fetched something."""

import re
from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Route, WebError
from tests.factories.injections import HOST

_TRAP = """
    for (const name of ["canary", "alert", "confirm", "prompt"]) {
        window[name] = (...found) => caught(name, found.map(String).join(" "));
    }
"""


@dataclass
class Trap:
    """Set for all pages and frames of a context, before anything of theirs runs."""

    caught: list[tuple[str, str]] = field(default_factory=list)

    async def attach(self, context: BrowserContext) -> None:
        await context.expose_binding("caught", lambda _, how, what: self.catch(how, what))
        await context.add_init_script(_TRAP)
        await context.route(re.compile(rf"^\w+://{HOST}/"), self._fetched)
        context.on("console", self._printed)
        context.on("weberror", self._thrown)
        context.on("dialog", lambda dialog: self.catch("dialog", dialog.message))

    def catch(self, how: str, what: str) -> None:
        self.caught.append((how, what))

    @property
    def numbers(self) -> set[int]:
        """Those of the texts that did it."""
        return {int(number) for _, what in self.caught for number in re.findall(r"\d+", what)}

    async def _fetched(self, route: Route, request: Request) -> None:
        self.catch("fetch", request.url)
        await route.abort()

    def _printed(self, message: ConsoleMessage) -> None:
        # What Chromium itself has to say begins with words.
        if re.fullmatch(r"[\d ]+|.*canary\.test.*", message.text):
            self.catch("console", message.text)

    def _thrown(self, error: WebError) -> None:
        self.catch("error", error.error.message)
