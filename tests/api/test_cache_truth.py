"""After every write strangers get, from the cache or not, what would be made anew for them.

A site with something of everything, all addresses at which strangers may look at it, and all ways
to change it. A request with a cookie never gets a kept answer: it is asked for the truth.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from tests.factories.showcase import API, BYPASS, Showcase, make_showcase, shown
from tests.factories.writes import WRITES, Write, call
from tests.test_architecture import routes

from portfolio.db import changes
from portfolio.db.repositories.publications import PublicationRepository
from portfolio.models.base import Base
from portfolio.models.media import Image, Video
from portfolio.models.posts import BlogPost
from portfolio.models.profiles import Profile, Section
from portfolio.models.projects import Project
from portfolio.models.taxonomy import Series, Tag
from portfolio.models.users import User
from portfolio.wiring import Services

# Operations that change nothing which strangers could see.
PRIVATE = {
    "who gets in, and how": """
        POST /auth/login POST /auth/token POST /auth/refresh POST /auth/logout
        POST /auth/2fa/send POST /auth/2fa/verify POST /auth/unlock
        POST /auth/password/forgot POST /auth/password/reset
        POST /auth/verify-email POST /auth/verify-email/resend
        POST /me/reauthenticate PUT /me/password PUT /me/email
        POST /me/2fa/totp POST /me/2fa/totp/confirm DELETE /me/2fa/totp
        PUT /me/2fa/email DELETE /me/2fa/email POST /me/2fa/recovery-codes
        POST /me/api-tokens DELETE /me/api-tokens/{id}
        DELETE /me/sessions DELETE /me/sessions/{id} PATCH /me/notifications
        POST /comments/unsubscribe
        DELETE /users/{id}/sessions DELETE /users/{id}/two-factor POST /users/{id}/unlock""",
    "only once it is used": "POST /invites",
    "between visitors and the owner": """
        POST /contact PATCH /contact/messages/{id} DELETE /contact/messages/{id}
        POST /contact/messages/{id}/reply""",
    "reads, although it is a POST": "POST /render POST /me/export POST /counts",
    "the first admin comes before anything to be seen": "POST /auth/setup",
}
# Doors to the same services as below /api/v1.
PAGES = {
    "POST /setup",
    *(f"POST /account/{name}" for name in ("verify-email", "confirm-email", "reset-password")),
    *(f"POST /account/{name}" for name in ("unlock", "accept-invite", "confirm-comment")),
}
# What strangers may read and the cache does not keep.
NOT_KEPT = {
    f"{API}/posts/{{address}}": "leads elsewhere",
    f"{API}/projects/{{address}}": "same",
    "/media/{key}": "a file, which never changes",
    "/api": "never changes while the server runs",
    "/openapi.json": "same",
    **dict.fromkeys(("/docs", "/redoc", "/docs/swagger.js", "/docs/redoc.js"), "same"),
    **dict.fromkeys(("/health", "/health/live", "/health/ready", "/metrics"), "of this moment"),
    f"{API}/comments/unsubscribe": "for who has a link",
    f"{API}/events": "has no end",
    "/setup": "same",
    **dict.fromkeys((page.removeprefix("POST ") for page in PAGES), "same"),
}
# By table, the beginnings of the tags of which an answer that was made of it bears one.
COVERED = {
    **dict.fromkeys(("blog_posts", "post_tags", "post_listings"), ("post",)),
    **dict.fromkeys(("projects", "project_tags", "project_listings"), ("project",)),
    "publication_tallies": ("posts", "projects"),
    "images": ("post", "project", "profile"),
    "videos": ("post", "project", "profile"),
    "tags": ("tag", "posts", "projects"),
    # Most posts are in none.
    "series": ("series", "post"),
    "redirects": ("redirects",),
    **dict.fromkeys(
        ("profiles", *(section.__tablename__ for section in Section.__subclasses__())),
        ("profiles",),
    ),
    # `below` is what a statement calls the answers that it has found so far.
    **dict.fromkeys(("comments", "below", "reaction_tallies"), ("post", "project", "comment")),
    # What guests say shows no account.
    "users": ("user:", "posts", "projects", "profiles", "post_comments", "project_comments"),
}
READ = re.compile(r'(?:FROM|JOIN) "?\[?(\w+)')


@dataclass
class Watch:
    """Looks at all of a site as strangers do."""

    site: Showcase
    said: dict[str, Any] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    unkept: set[str] = field(default_factory=set)

    async def look(self, among: str = "") -> tuple[list[str], bool]:
        """The addresses with an answer that is out of date, and whether there is anything new."""
        await self.site.look()
        stale, news = [], False
        for route, path in self.site.addresses():
            if route in self.unkept or not path.startswith(among):
                continue
            seen = truth = await self.site.see(path)
            if seen.headers["x-cache"] == "hit":
                self.kept.add(route)
                truth = await self.site.see(path, BYPASS)
                if shown(seen) != shown(truth):
                    stale.append(path)
            says = truth.body if truth.status == 200 else truth.status
            news = news or self.said.get(path, 404) != says
            self.said[path] = says
        return stale, news

    async def begin(self, among: str = "") -> None:
        """Have everything kept that can be; what is not need not be looked at again."""
        await self.look(among)
        stale, _ = await self.look(among)
        assert stale == []
        if not among:
            self.unkept = {route for route, _ in self.site.addresses()} - self.kept


@pytest.fixture
async def watch(app: FastAPI, services: Services) -> Watch:
    return Watch(await make_showcase(app, services))


class TestWhatStrangersGet:
    @pytest.mark.parametrize("writes", WRITES.values(), ids=WRITES)
    async def test_is_the_truth_after_every_write(self, watch: Watch, writes: list[Write]) -> None:
        await watch.begin()
        stale, unseen = {}, []
        for number, write in enumerate(writes):
            await write.run(watch.site)
            outdated, news = await watch.look(write.among)
            if outdated:
                stale[f"{number} {write.name}"] = outdated
            if news != write.seen:
                unseen.append(f"{number} {write.name}")
        assert stale == {}
        assert unseen == [], "these show something, or nothing, against what they say"

    async def test_is_kept_or_known_not_to_be(self, watch: Watch) -> None:
        await watch.begin()
        refused = {route for route in watch.unkept if await _is_refused(watch.site, route)}
        assert watch.unkept - refused == NOT_KEPT.keys()


async def _is_refused(site: Showcase, route: str) -> bool:
    paths = [path for of, path in site.addresses() if of == route]
    return {(await site.see(path)).status for path in paths} == {401}


class TestEveryWrite:
    def test_is_tried(self, app: FastAPI) -> None:
        tried = {write.name for writes in WRITES.values() for write in writes}
        private = {word for words in PRIVATE.values() for word in _operations(words)}
        there = {name.replace(API, "") for name, _, _ in routes(app)}
        writing = {name for name in there if not name.startswith("GET ")} - PAGES
        assert writing - tried == private
        assert private - writing == set()


def _operations(words: str) -> list[str]:
    methods, paths = words.split()[::2], words.split()[1::2]
    return [f"{method} {path}" for method, path in zip(methods, paths, strict=True)]


class TestWatch:
    """It does see what is out of date."""

    @pytest.mark.parametrize(
        ("model", "write", "address"),
        [
            (BlogPost, call("PATCH /posts/{id}", "posts first", title="New"), "posts/first"),
            (
                Project,
                call("PATCH /projects/{id}", "projects first", title="New"),
                "projects/first",
            ),
            (Tag, call("PATCH /tags/{ref}", "rust", name="New"), "posts/first"),
            (Series, call("PATCH /series/{ref}", "letters", name="New"), "posts/first"),
            (Image, call("PATCH /images/{id}", "picture 1 of posts", alt="New"), "posts/first"),
            (Video, call("PATCH /videos/{id}", "video 1 of posts", title="New"), "posts/first"),
            (Profile, call("PATCH /profile", headline="New"), "profile"),
            (User, call("PATCH /users/{id}", "editor", role="user"), "profiles/editor"),
        ],
    )
    async def test_misses_the_tags_of_a_model(
        self,
        watch: Watch,
        monkeypatch: pytest.MonkeyPatch,
        model: type[Base],
        write: Write,
        address: str,
    ) -> None:
        monkeypatch.setitem(changes.TAGS, model, lambda _row: ())
        monkeypatch.setitem(changes._BY_TABLE, model.__table__, lambda _row: ())
        await self.find(watch, write, address)

    async def test_misses_a_note(self, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(PublicationRepository, "_shown_by", lambda *_: ["post:0"])
        await self.find(watch, call("PATCH /tags/{ref}", "rust", name="New"), "posts/first")

    async def find(self, watch: Watch, write: Write, address: str) -> None:
        await watch.begin(f"{API}/{address}")
        await write.run(watch.site)
        stale, _ = await watch.look(f"{API}/{address}")
        assert f"{API}/{address}" in stale


class TestNotes:
    async def test_cover_all_tables_that_an_answer_is_made_of(
        self, watch: Watch, count_queries: list[str]
    ) -> None:
        await watch.begin()
        missing = set()
        for route, path in watch.site.addresses():
            if route in watch.unkept:
                continue
            await watch.site.services.cache.purge()
            count_queries.clear()
            answer = await watch.site.see(path)
            if answer.headers["x-cache"] != "miss":
                continue
            tables = {name for statement in count_queries for name in READ.findall(statement)}
            assert tables
            tags = answer.headers["cache-tag"].split(",")
            missing |= {
                (route, table)
                for table in tables
                if not any(tag.startswith(COVERED[table]) for tag in tags)
            }
        assert missing == set()
