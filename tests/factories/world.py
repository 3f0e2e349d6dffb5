"""Everybody who can ask, and something at every address to ask for."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx2 import Response
from tests.factories.api_tokens import make_api_token
from tests.factories.clients import make_client
from tests.factories.kept import keep
from tests.factories.pictures import png
from tests.factories.posts import make_post
from tests.factories.projects import make_project
from tests.factories.users import PASSWORD, change_users, make_access_token, make_user
from tests.factories.videos import mp4

from portfolio.models.credentials import Scope
from portfolio.models.users import Role, User
from portfolio.wiring import Services

API = "/api/v1"
PICTURE = {"url": "https://example.com/a.png"}
FILM = {"url": "https://youtu.be/aaaaaaaaaaa"}
LETTER = {"name": "Ada", "email": "ada@example.com", "subject": "Looms", "message": "Hello!"}
REMARK = {"body": "Well said"}
CAPTIONS: dict[str, Any] = {"content": "WEBVTT\n", "headers": {"Content-Type": "text/vtt"}}
# API tokens of the admin by their only scope; `user's` is the most that another account can have.
SCOPES = {
    "read": Scope.CONTENT_READ,
    "write": Scope.CONTENT_WRITE,
    "moderate": Scope.COMMENTS_MODERATE,
    "all": Scope.ADMIN,
}


@dataclass
class World:
    app: FastAPI
    services: Services
    folder: Path
    admin: User
    user: User
    made: int = 0  # the id of what address() led to
    newcomers: Iterator[int] = field(default_factory=count)
    _tokens: dict[str, str | None] = field(default_factory=dict)
    _rows: dict[str, int] = field(default_factory=dict)

    async def ask(self, who: str, method: str, path: str, **body: Any) -> Response:
        async with make_client(self.app, await self.token(who)) as client:
            return await client.request(method, path, **body)

    async def token(self, who: str) -> str | None:
        """What they send. "another" and "deactivated" are made when they are asked for."""
        if who not in self._tokens:
            self._tokens[who] = await self._token(who)
        return self._tokens[who]

    async def _token(self, who: str) -> str | None:
        if who == "anonymous":
            return None
        if who in SCOPES:
            return await make_api_token(self.services, self.admin, SCOPES[who])
        if who == "user's":
            return await make_api_token(self.services, self.user)
        known = {"admin": self.admin, "user": self.user}
        account = known.get(who) or await make_user(self.services, who)
        token = await make_access_token(self.services, account)
        if who == "deactivated":
            await change_users(self.services.database, account, is_active=False)
        return token

    async def address(self, path: str) -> str:
        """The path with something real in place of its parameters; what is private is the user's."""
        if "{" not in path:
            if path.endswith("/order"):
                self.made = await self._row(path.removeprefix(API).removesuffix("/order"))
            return path
        if path == "/media/{key}":
            return await self._file()
        ref = await self._make(path.removeprefix(API))
        if path.endswith(("/images/order", "/videos/order")):
            place = path.replace("{ref}", ref).removesuffix("/order")
            self.made = (await self._admin("POST", place, json=PICTURE)).json()["id"]
        values = {"{id}": ref, "{ref}": ref, "{address}": "former/path", "{number}": "1"}
        values |= {"{language}": "en", "{kind}": "like"}
        for name, value in values.items():
            path = path.replace(name, value)
        if "/captions/" in path:
            await self._admin("PUT", path, **CAPTIONS)
        return path

    async def _make(self, path: str) -> str:
        if path.startswith("/profiles"):
            await self._admin("PATCH", f"{API}/profile", json={"name": "The Owner"})
            return "owner"
        self.made = await self._row(path)
        return str(self.made)

    async def _row(self, path: str) -> int:
        """One of each kind."""
        kind = path.partition("/{")[0]
        if kind not in self._rows:
            self._rows[kind] = await self._new_row(kind)
        return self._rows[kind]

    async def _new_row(self, kind: str) -> int:
        match kind.split("/")[1:]:
            case ["posts"]:
                return (await make_post(self.services, self.admin, aliases=["former/path"])).id
            case ["projects"]:
                return (await make_project(self.services, self.admin, aliases=["former/path"])).id
            case ["users"]:
                return self.user.id
            case ["me", owned]:
                make = make_access_token if owned == "sessions" else make_api_token
                await make(self.services, self.user)
                return await self._newest("user", kind)
            case ["contact", "messages"]:
                await self._admin("POST", f"{API}/contact", json=LETTER)
                return await self._newest("admin", kind)
            case ["comments"]:
                kind = f"/posts/{await self._row('/posts')}/comments"
                body: dict[str, Any] = {"body": "Well said"}
            case ["images"]:
                body = PICTURE
            case ["videos"]:
                body = FILM
            case ["profile", section]:
                body = ENTRIES[section]
            case _:
                body = {"name": "Something"}
        return int((await self._admin("POST", API + kind, json=body)).json()["id"])

    async def _newest(self, who: str, kind: str) -> int:
        """Of theirs, but not what they ask with."""
        items = (await self.ask(who, "GET", API + kind)).json()["items"]
        return int(next(item["id"] for item in items if not item.get("current")))

    async def _admin(self, method: str, path: str, **body: Any) -> Response:
        answer = await self.ask("admin", method, path, **body)
        assert answer.is_success, answer.text
        return answer

    async def _file(self) -> str:
        return (await keep(self.services, self.folder, png(), "png")).url


async def make_world(app: FastAPI, services: Services, folder: Path) -> World:
    admin = await make_user(services, "owner", Role.ADMIN)
    return World(app, services, folder, admin, await make_user(services, "reader"))


ENTRIES: dict[str, dict[str, Any]] = {
    "experience": {"company": "ACME", "title": "Engineer"},
    "education": {"institution": "MIT"},
    "skills": {"name": "Rust"},
    "social-links": {"network": "Mastodon", "url": "https://example.com/@ada"},
    "certificates": {"name": "CKA"},
    "awards": {"title": "Best"},
    "languages": {"language": "Welsh"},
}


def bodies(world: World) -> dict[str, dict[str, Any]]:
    """What is sent along, by operation; a form where the key is `data`."""
    new = "an entirely different one"
    name = f"newcomer-{next(world.newcomers)}"
    account = {"email": f"{name}@example.com", "username": name, "password": new}
    form = {"data": {"token": "none"}}
    link = {"json": {"token": "none"}}
    order = {"json": {"ids": [world.made]}}
    text = {"json": {"title": "Changed", "body_markdown": "Changed"}}
    proof = {"json": {"current_password": PASSWORD}}
    return {
        "POST /api/v1/posts": text,
        "PATCH /api/v1/posts/{id}": text,
        "POST /api/v1/projects": text,
        "PATCH /api/v1/projects/{id}": text,
        "PUT /api/v1/projects/order": order,
        "PATCH /api/v1/profile": {"json": {"name": "Changed"}},
        "PUT /api/v1/profile/resume.json": {"json": {"basics": {"name": "Changed"}}},
        "POST /api/v1/tags": {"json": {"name": "Changed"}},
        "PATCH /api/v1/tags/{ref}": {"json": {"name": "Changed"}},
        "POST /api/v1/series": {"json": {"name": "Changed"}},
        "PATCH /api/v1/series/{ref}": {"json": {"name": "Changed"}},
        "POST /api/v1/images": {"json": PICTURE},
        "PATCH /api/v1/images/{id}": {"json": {"alt": "Changed"}},
        "POST /api/v1/videos": {"json": FILM},
        "PATCH /api/v1/videos/{id}": {"json": {"title": "Changed"}},
        "PUT /api/v1/images/{id}/file": {"files": {"file": png()}},
        "PUT /api/v1/videos/{id}/file": {"files": {"file": mp4()}},
        "PUT /api/v1/videos/{id}/captions/{language}": CAPTIONS,
        "POST /api/v1/counts": {"json": {"targets": [{"type": "posts", "id": 1}]}},
        "GET /api/v1/events": {"params": {"topic": "moderation"}},
        "POST /api/v1/render": {"json": {"markdown": "# Hi"}},
        **{f"POST /api/v1/{it}/{{ref}}/comments": {"json": REMARK} for it in ("posts", "projects")},
        "PATCH /api/v1/comments/{id}": {"json": {"body": "Changed"}},
        "POST /api/v1/comments/confirm": link,
        "POST /api/v1/comments/moderate": {"json": {"ids": [1], "action": "approve"}},
        "GET /api/v1/comments/unsubscribe": {"params": {"token": "none"}},
        "POST /api/v1/comments/unsubscribe": form,
        "POST /api/v1/contact": {"json": LETTER},
        "PATCH /api/v1/contact/messages/{id}": {"json": {"state": "read"}},
        "POST /api/v1/contact/messages/{id}/reply": {"json": {"body": "Hello!"}},
        "POST /api/v1/auth/login": {"json": {"identifier": "reader", "password": PASSWORD}},
        "POST /api/v1/auth/token": {"data": {"username": "reader", "password": PASSWORD}},
        "POST /api/v1/auth/refresh": {"json": {"refresh_token": "none"}},
        "POST /api/v1/auth/setup": {"json": {**account, "token": "none"}},
        "POST /api/v1/auth/register": {"json": account},
        "POST /api/v1/auth/verify-email": link,
        "POST /api/v1/auth/verify-email/resend": {"json": {"email": "reader@example.com"}},
        "POST /api/v1/auth/password/forgot": {"json": {"email": "reader@example.com"}},
        "POST /api/v1/auth/password/reset": {"json": {"token": "none", "password": new}},
        "POST /api/v1/auth/unlock": link,
        "POST /api/v1/auth/2fa/send": {"json": {"challenge_token": "none"}},
        "POST /api/v1/auth/2fa/verify": {
            "json": {"challenge_token": "none", "method": "totp", "code": "123456"}
        },
        "POST /api/v1/me/reauthenticate": {"json": {"password": PASSWORD}},
        "POST /api/v1/me/2fa/totp/confirm": {"json": {"code": "123456"}},
        "PATCH /api/v1/me": {"json": {"display_name": "Changed"}},
        "PUT /api/v1/me/password": {"json": {**proof["json"], "new_password": new}},
        "PUT /api/v1/me/email": {"json": {"email": "changed@example.com"}},
        "POST /api/v1/me/api-tokens": {"json": {"name": "More", "scopes": ["content:read"]}},
        "PATCH /api/v1/me/notifications": {"json": {"delivery": "daily"}},
        "PATCH /api/v1/users/{id}": {"json": {"role": "admin"}},
        "POST /api/v1/invites": {"json": {}},
        "POST /setup": {"data": {**account, "token": "none"}},
        "POST /account/verify-email": form,
        "POST /account/confirm-email": form,
        "POST /account/unlock": form,
        "POST /account/confirm-comment": form,
        "POST /account/reset-password": {"data": {"token": "none", "password": new}},
        "POST /account/accept-invite": {"data": {**account, "token": "none"}},
        **{f"GET /account/{page}": {"params": {"token": "none"}} for page in PAGES},
        **{f"POST {API}/profile/{kind}": {"json": entry} for kind, entry in ENTRIES.items()},
        **{
            f"PATCH {API}/profile/{kind}/{{id}}": {"json": entry} for kind, entry in ENTRIES.items()
        },
        **{f"PUT {API}/profile/{kind}/order": order for kind in ENTRIES},
        **{f"POST {API}/{kind}/{{ref}}/images": {"json": PICTURE} for kind in TARGETS},
        **{f"PUT {API}/{kind}/{{ref}}/images/order": order for kind in TARGETS},
        **{f"POST {API}/{kind}/{{ref}}/videos": {"json": FILM} for kind in TARGETS},
        **{f"PUT {API}/{kind}/{{ref}}/videos/order": order for kind in TARGETS},
    }


PAGES = (
    "verify-email",
    "confirm-email",
    "reset-password",
    "unlock",
    "accept-invite",
    "confirm-comment",
)
TARGETS = ("posts", "projects", "profiles")
