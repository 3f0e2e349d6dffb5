"""All ways to change what a showcase shows."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import update
from tests.factories.pictures import png
from tests.factories.showcase import API, FILM, PICTURE, Showcase
from tests.factories.spam import comment_row, store
from tests.factories.users import PASSWORD, make_user
from tests.factories.videos import mp4
from tests.factories.world import CAPTIONS, ENTRIES, TARGETS

from portfolio.core.clock import utc_now
from portfolio.db.repositories.users import UserRepository
from portfolio.importers.plan import Options
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.posts import BlogPost
from portfolio.models.users import Role
from portfolio.services.comments.moderation import ENOUGH_REPORTS
from portfolio.wiring.importing import build_importer


@dataclass(frozen=True)
class Write:
    """`seen`: strangers find something changed by it, and that below `among`."""

    name: str
    run: Callable[[Showcase], Awaitable[object]]
    seen: bool = True
    among: str = ""


def call(
    operation: str,
    of: str = "made",
    *,
    query: str = "",
    order: tuple[str, ...] = (),
    seen: bool = True,
    among: str = "",
    **body: Any,
) -> Write:
    """By the API, as the owner. `of` and `order` name things of the showcase."""
    method, template = operation.split(" ")

    async def run(site: Showcase) -> None:
        path = (
            template.replace("{number}", "1").replace("{language}", "en").replace("{kind}", "like")
        )
        for name in ("{id}", "{ref}"):
            path = path.replace(name, str(site.ids.get(of, of)))
        sent = {"ids": [site.ids[name] for name in order]} if order else body
        answer = await site.act(method, path + query, json=sent or None)
        assert answer.is_success, (operation, of, answer.text)
        if answer.status_code == 201:
            site.ids["made"] = answer.json().get("id")

    return Write(operation, run, seen, among)


def _publications(noun: str) -> Iterator[Write]:
    every, one = f"/{noun}", f"/{noun}/{{id}}"
    labels = "tags" if noun == "posts" else "technologies"
    new: dict[str, Any] = {labels: ["Rust", "New"]}
    other: dict[str, Any] = {labels: ["Web", "Later"]}
    first, second, draft, binned = (f"{noun} {it}" for it in ("first", "second", "draft", "binned"))
    yield call(f"POST {every}", title="Unseen", seen=False)
    yield call(f"POST {every}", title="New", status="published", **new)
    yield call(f"PATCH {one}", title="Newer", published_at="2025-02-03T00:00:00Z")
    yield call(f"PATCH {one}", first, slug="moved")
    yield call(f"PATCH {one}", first, **other)
    yield call(f"PATCH {one}", first, cover={"url": PICTURE.format("new-cover")})
    yield call(f"PATCH {one}", first, aliases=["elsewhere"], seo={"title": "For machines"})
    yield call(f"PATCH {one}", first, body_markdown="# Another text", featured=False)
    yield call(f"POST {one}/revisions/{{number}}/restore", first)
    yield call(f"POST {one}/preview-links", draft, seen=False)
    yield call(f"POST {one}/publish", draft)
    yield call(f"POST {one}/publish", draft, publish_at="2124-01-01T00:00:00Z")
    yield call(f"POST {one}/unpublish", first)
    yield call(f"POST /{noun}/{{ref}}/views", "third")
    yield call(f"PATCH {one}", second, status="archived")
    yield call(f"PATCH {one}", second, status="published")
    yield call(f"DELETE {one}", second)
    yield call(f"POST {one}/restore", second)
    # A tag that only this one bore is empty from here on, and an empty one is no secret.
    yield call(f"DELETE {one}", binned, query="?permanent=true")


def _posts() -> Iterator[Write]:
    yield from _publications("posts")
    yield call("PATCH /posts/{id}", "posts second", series="Sequels", series_position=2)
    yield call("PATCH /posts/{id}", "posts second", series=None, authors=["Somebody else"])


def _projects() -> Iterator[Write]:
    yield from _publications("projects")
    yield call("PATCH /projects/{id}", "projects second", position=7)
    yield call("PUT /projects/order", order=("projects third", "projects second"))


def _groups() -> Iterator[Write]:
    for noun, of in (("tags", "rust"), ("series", "letters")):
        one = f"/{noun}/{{ref}}"
        yield call(f"POST /{noun}", name="Empty")
        yield call(f"DELETE {one}")
        yield call(f"PATCH {one}", of, name="Called otherwise")
        yield call(f"PATCH {one}", of, slug="renamed")
    yield call("PATCH /tags/{ref}", "renamed", merge_into="web")
    yield call("DELETE /tags/{ref}", "web")
    yield call("DELETE /series/{ref}", "renamed")


def _pictures() -> Iterator[Write]:
    yield call("POST /images", url=PICTURE.format("library"), seen=False)
    yield call("PATCH /images/{id}", alt="Nobody sees it", seen=False)
    yield call("DELETE /images/{id}", seen=False)
    for kind in TARGETS:
        of = f"{kind} first" if kind != "profiles" else kind
        order = [f"picture 2 of {kind}", f"picture 1 of {kind}"]
        if kind != "profiles":
            order.append(f"cover of {kind}")
        yield call(f"PUT /{kind}/{{ref}}/images/order", of, order=tuple(order))
        yield call(f"POST /{kind}/{{ref}}/images", of, url=PICTURE.format("new"))
        yield call("PATCH /images/{id}", alt="A cat", cover=True)
        yield Write("PUT /images/{id}/file", _replace_file("images", png()))
        yield call("DELETE /images/{id}")


def _videos() -> Iterator[Write]:
    yield call("POST /videos", url=FILM.format(3), seen=False)
    yield call("PATCH /videos/{id}", title="Nobody sees it", seen=False)
    yield call("DELETE /videos/{id}", seen=False)
    for kind in TARGETS:
        of = f"{kind} first" if kind != "profiles" else kind
        order = f"video 2 of {kind}", f"video 1 of {kind}"
        yield call(f"PUT /{kind}/{{ref}}/videos/order", of, order=order)
        yield call(f"POST /{kind}/{{ref}}/videos", of, url=FILM.format(4))
        yield call("PATCH /videos/{id}", title="A tour", poster=PICTURE.format("poster"))
        yield Write("PUT /videos/{id}/captions/{language}", _put_captions)
        yield Write("PUT /videos/{id}/file", _replace_file("videos", mp4("another")))
        yield call("DELETE /videos/{id}/captions/{language}")
        yield call("DELETE /videos/{id}")


def _replace_file(noun: str, content: bytes) -> Callable[[Showcase], Awaitable[None]]:
    async def run(site: Showcase) -> None:
        path = f"/{noun}/{site.ids['made']}/file"
        answer = await site.act("PUT", path, files={"file": content})
        assert answer.is_success, answer.text

    return run


async def _put_captions(site: Showcase) -> None:
    answer = await site.act("PUT", f"/videos/{site.ids['made']}/captions/en", **CAPTIONS)
    assert answer.is_success, answer.text


def _profile() -> Iterator[Write]:
    among = f"{API}/profile"
    yield call("PATCH /profile", headline="Weaver", among=among)
    for kind, entry in ENTRIES.items():
        first, second = (f"{kind.replace('-', '_')} {number}" for number in (1, 2))
        text: dict[str, Any] = dict.fromkeys(list(entry)[:1], "Changed")
        yield call(f"POST /profile/{kind}", among=among, **entry)
        yield call(f"PATCH /profile/{kind}/{{id}}", first, among=among, **text)
        yield call(f"DELETE /profile/{kind}/{{id}}", among=among)
        yield call(f"PUT /profile/{kind}/order", order=(second, first), among=among)
    yield call("PUT /profile/resume.json", basics={"name": "Put"}, skills=[{"name": "One"}])


def _comments() -> Iterator[Write]:
    for target in ("posts", "projects"):
        of, among = f"{target} first", f"{API}/{target}"
        yield call(f"POST /{target}/{{ref}}/comments", of, body="So *true*", among=among)
        yield call("PATCH /comments/{id}", body="Or is it?", among=among)
        yield call("PATCH /comments/{id}", body="It is", among=f"{API}/comments")
        yield call("DELETE /comments/{id}", among=among)
    yield Write("POST /comments/confirm", _confirm, among=f"{API}/posts")


async def _confirm(site: Showcase) -> None:
    """By a guest who is known from another comment."""
    confirmed = utc_now()
    by = {"entity_id": site.ids["posts first"], "author_id": None, "guest_email": "a@b.example"}
    known = comment_row("A", status=CommentStatus.APPROVED, confirmed_at=confirmed, **by)
    waiting = comment_row("B", confirmed_at=None, **by)
    await store(site.services.database, known, waiting)
    token = site.services.guest_comments.token_of(waiting)
    answer = await site.act("POST", "/comments/confirm", json={"token": token})
    assert answer.json()["status"] == "approved", answer.text


def _moderation() -> Iterator[Write]:
    """Of a comment that is there as long as it takes."""
    among = f"{API}/posts"

    def decide(action: str) -> Write:
        async def run(site: Showcase) -> None:
            body = {"ids": [site.ids["made"]], "action": action}
            answer = await site.act("POST", "/comments/moderate", json=body)
            assert answer.json()["changed"] == body["ids"]

        return Write("POST /comments/moderate", run, among=among)

    yield call("POST /posts/{ref}/comments", "third", body="Well said", among=among)
    yield decide("spam")
    yield decide("approve")
    yield Write("POST /comments/{id}/report", _report, among=among)
    yield decide("approve")
    yield decide("delete")


async def _report(site: Showcase) -> None:
    """By the last of those that it takes to hide it, now that it is by no admin."""
    comment_id = site.ids["made"]
    async with site.services.database.transaction() as db:
        comment = await db.get_one(Comment, comment_id)
        comment.author_id, comment.guest_name = None, "Tom"
        comment.reports_count = ENOUGH_REPORTS - 1
    answer = await site.act("POST", f"/comments/{comment_id}/report")
    assert answer.is_success, answer.text


def _reactions() -> Iterator[Write]:
    for of in ("posts first", "projects first", "remark of posts"):
        target = "comments" if of.startswith("remark") else of.split(" ")[0]
        like = f"/{target}/{{ref}}/reactions/{{kind}}"
        yield call(f"PUT {like}", of)
        yield call(f"PUT {like}", of, seen=False)
        yield call(f"DELETE {like}", of)


def _accounts() -> Iterator[Write]:
    yield call("PATCH /me", display_name="Called otherwise")
    yield call("PATCH /me", avatar_url="https://example.com/me.png")
    for changed in ({"role": "user"}, {"role": "admin"}, {"is_active": False}, {"is_active": True}):
        yield call("PATCH /users/{id}", "editor", **changed)
    yield call("DELETE /users/{id}", "editor")
    yield Write("POST /auth/register", _register)
    yield Write("forgetting accounts that nobody opened", _forget_newcomers)
    yield Write("an heir comes", lambda site: make_user(site.services, "heir", Role.ADMIN))
    yield call("DELETE /me")


async def _register(site: Showcase) -> None:
    """With an invitation to be an admin."""
    invite = await site.act("POST", "/invites", json={"role": "admin"})
    account = {"email": "new@example.com", "username": "newcomer", "password": PASSWORD}
    body = {**account, "invite": invite.json()["token"]}
    answer = await site.act("POST", "/auth/register", json=body)
    assert answer.is_success, answer.text


async def _forget_newcomers(site: Showcase) -> None:
    async with site.services.database.transaction() as db:
        await UserRepository().forget_pending(db, utc_now())


def _past_the_api() -> Iterator[Write]:
    """As commands, jobs and later versions of this code write."""
    yield Write("an import", lambda site: _import(site, "One"))
    yield Write("the same import, changed", lambda site: _import(site, "Two"))
    yield Write("a statement about all posts", _set_all)


async def _import(site: Showcase, title: str) -> None:
    folder = site.services.settings.storage.data_dir / "import"
    for kind in ("posts", "projects"):
        place = folder / kind / "imported"
        place.mkdir(parents=True, exist_ok=True)
        (place / "cat.png").write_bytes(png())
        head = f"---\ntitle: {title}\ndate: 2020-01-01\ntags: [Rust]\n---\n"
        (place / "index.md").write_text(f"{head}![A cat](cat.png)\n")
    importer = build_importer(site.services)
    outcomes = [each async for each in importer.run(await importer.plan(folder, Options()))]
    assert len(outcomes) == 2
    assert not [each.reason for each in outcomes if each.reason]


async def _set_all(site: Showcase) -> None:
    async with site.services.database.transaction() as db:
        await db.execute(update(BlogPost).values(reading_time=99))


WRITES: dict[str, list[Write]] = {
    "of posts": list(_posts()),
    "of projects": list(_projects()),
    "of what hangs on them": list(chain(_groups(), _pictures(), _videos(), _profile())),
    "of what is said": list(chain(_comments(), _moderation(), _reactions())),
    "of accounts and by commands": list(chain(_past_the_api(), _accounts())),
}
