"""A site with something of every kind, and all that strangers can ask of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from httpx2 import Response
from pydantic import TypeAdapter
from sqlalchemy import select
from tests.factories.apps import RawAnswer, ask
from tests.factories.clients import make_client
from tests.factories.posts import make_post
from tests.factories.projects import make_project
from tests.factories.publications import make_hidden
from tests.factories.reactions import make_remark
from tests.factories.users import make_access_token, make_user
from tests.test_architecture import routes

from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.models.comments import Comment
from portfolio.models.media import Image, Video
from portfolio.models.posts import BlogPost
from portfolio.models.profiles import Profile
from portfolio.models.projects import Project
from portfolio.models.taxonomy import Series, Tag
from portfolio.models.users import Role, User
from portfolio.schemas.resume import Resume
from portfolio.wiring import Services

API = "/api/v1"
PICTURE = "https://example.com/{}.png"
FILM = "https://vimeo.com/{}"
RESUME = {
    "basics": {
        "name": "The Owner",
        "profiles": [{"network": "Mastodon"}, {"network": "Matrix"}],
    },
    "work": [{"name": "ACME", "position": "Engineer"}, {"name": "Looms", "position": "Weaver"}],
    "education": [{"institution": "MIT"}, {"institution": "At home"}],
    "skills": [{"name": "Rust"}, {"name": "Latin"}],
    "certificates": [{"name": "CKA"}, {"name": "Pilot"}],
    "awards": [{"title": "Best"}, {"title": "Second best"}],
    "languages": [{"language": "Welsh"}, {"language": "Cornish"}],
}
# What is asked for besides the address alone, by route; {cursor} leads to the second page.
_PAGES = "limit=1", "limit=1&page=2", "limit=1&cursor={cursor}"
_SORTED = "sort=title", "sort=-views&limit=2"
_TAGGED = "tag=rust", "tag=renamed", "tag=web&featured=false"
_LISTS = *_PAGES, *_SORTED, *_TAGGED, "featured=true", "updated_since=2020-01-01T00:00:00Z"
_OF_POSTS = "series=letters", "series=renamed", "author=owner", "author=editor&tag=web", "year=2024"
FORMS = {
    "/posts": (*_LISTS, *_OF_POSTS),
    "/projects": _LISTS,
    "/tags": _PAGES[1:],
    "/series": ("sort=-slug",),
    "/redirects": ("address=once",),
    "/profile/skills": _PAGES[1:],
    "/posts/{ref}/images": ("limit=1",),
    "/posts/{ref}/videos": ("limit=1",),
}
FORMER = "once", "2024/first.html"
# Where an address more leads to the same read.
_BY_ID_ALONE = "/related", "/images", "/videos", "/reactions", "/comments"
_BY_SLUG_ALONE = "tags", "series"
_NAMED = {
    "posts": select(BlogPost.id, BlogPost.slug),
    "projects": select(Project.id, Project.slug),
    "tags": select(Tag.id, Tag.slug),
    "series": select(Series.id, Series.slug),
    "profiles": select(Profile.id, User.username).join(User, User.id == Profile.user_id),
    "images": select(Image.id),
    "videos": select(Video.id),
    "comments": select(Comment.id),
    **{
        f"profile/{name.replace('_', '-')}": select(section.model.id)
        for name, section in ProfileRepository.sections.items()
    },
}
BYPASS = (b"cookie", b"a=b")
_HOST = (b"host", b"test")
# What tells of one request rather than of what was asked for, or of the cache itself.
_OF_THE_REQUEST = {"x-cache", "cache-tag", "cache-control", "x-request-id", "date"}


@dataclass
class Showcase:
    """`ids` are those of single things by name; `made` of what was written last."""

    app: FastAPI
    services: Services
    owner: User
    editor: User
    token: str
    ids: dict[str, int] = field(default_factory=dict)
    refs: dict[str, set[int | str]] = field(default_factory=dict)
    _cursors: dict[str, str] = field(default_factory=dict)

    async def look(self) -> None:
        """Learn what is there by now. What was there before stays an address."""
        async with self.services.database.reading() as db:
            for noun, statement in _NAMED.items():
                found = {value for row in await db.execute(statement) for value in row}
                self.refs.setdefault(noun, set()).update(found)

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Each route that reads, with every address of it that means something here."""
        for name, _, _ in routes(self.app):
            method, template = name.split(" ")
            if method == "GET":
                for path in self._filled(template):
                    yield template, path

    def _filled(self, template: str) -> Iterator[str]:
        route = template.removeprefix(API)
        noun, parameter, rest = route.removeprefix("/").partition("/{")
        paths = [template]
        if rest.startswith("address"):
            paths = [template.replace("{address}", address) for address in FORMER]
        elif parameter:
            name = "{" + rest.partition("}")[0] + "}"
            known = sorted(self.refs.get(noun, {1}), key=str)
            if rest.endswith(_BY_ID_ALONE):
                known = [ref for ref in known if isinstance(ref, int)]
            elif noun in _BY_SLUG_ALONE:
                known = [ref for ref in known if isinstance(ref, str)]
            paths = [template.replace(name, str(ref)).replace("{number}", "1") for ref in known]
        for path in paths:
            yield path
            for form in FORMS.get(route, ()):
                yield f"{path}?{form.format(cursor=self._cursors.get(route))}"

    async def act(self, method: str, path: str, **body: Any) -> Response:
        """As the owner."""
        async with make_client(self.app, self.token) as client:
            return await client.request(method, f"{API}{path}", **body)

    async def see(self, path: str, *headers: tuple[bytes, bytes]) -> RawAnswer:
        """As a stranger who sends these headers."""
        return await ask(self.app, path.encode(), headers=(_HOST, *headers))

    async def follow_cursors(self) -> None:
        for route, forms in FORMS.items():
            if any("{cursor}" in form for form in forms):
                page = (await self.act("GET", f"{route}?limit=1")).json()
                self._cursors[route] = page["next_cursor"]


def shown(answer: RawAnswer) -> tuple[int, bytes, dict[str, str]]:
    """What an answer says, however it was made."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in _OF_THE_REQUEST and not name.startswith("ratelimit")
    }
    return answer.status, answer.body, headers


async def make_showcase(app: FastAPI, services: Services) -> Showcase:
    owner = await make_user(services, "owner", Role.ADMIN)
    editor = await make_user(services, "editor", Role.ADMIN)
    site = Showcase(app, services, owner, editor, await make_access_token(services, owner))
    await _fill_profile(site)
    await _fill(site)
    await site.look()
    await site.follow_cursors()
    return site


async def _fill_profile(site: Showcase) -> None:
    document = TypeAdapter(Resume).validate_python(RESUME)
    async with site.services.database.transaction() as db:
        await site.services.resume.replace(db, document, site.owner)
        home = await site.services.profiles.of_owner(db)
    site.ids["profiles"] = home.id
    for name in ProfileRepository.sections:
        entries = getattr(home, name)
        site.ids[f"{name} 1"], site.ids[f"{name} 2"] = (entry.id for entry in entries)


async def _fill(site: Showcase) -> None:
    services, owner, editor = site.services, site.owner, site.editor
    letters: dict[str, Any] = {"series": "Letters", "cover": {"url": PICTURE.format("cover")}}
    former = {"aliases": [*FORMER], "featured": True}
    kinds: tuple[tuple[str, Any, dict[str, Any]], ...] = (
        ("posts", make_post, letters),
        ("projects", make_project, {"cover": letters["cover"]}),
    )
    for noun, make, more in kinds:
        labels = "tags" if noun == "posts" else "technologies"
        many = {labels: ["Rust", "Web", "Notes"], **more}
        made = [
            await make(services, owner, "First", **{labels: ["Rust", "Web"]}, **more, **former),
            await make(services, editor, "Second", **{labels: ["Web"]}),
            await make(services, owner, "Third", published_at="2024-06-01T00:00:00Z", **many),
            await make(services, owner, "Draft", **{labels: ["Hidden"]}, status="draft"),
            await make_hidden(
                services, noun, editor, "binned", title="Binned", tags=[f"Bin of {noun}"]
            ),
        ]
        remark = await make_remark(services.database, noun, made[0].id)
        site.ids[f"remark of {noun}"] = remark
        for row in made:
            site.ids[f"{noun} {row.slug}"] = row.id
    site.ids["editor"] = editor.id
    async with services.database.transaction() as db:
        for kind in ("posts", "projects", "profiles"):
            entity = site.ids.get(f"{kind} first", site.ids["profiles"])
            for cover in await services.media.get_images(db, entity, kind):
                site.ids[f"cover of {kind}"] = cover.id
            for number in (1, 2):
                url = PICTURE.format(number)
                image = await services.media.add_image(db, entity, kind, url)
                site.ids[f"picture {number} of {kind}"] = image.id
                video = await services.media.add_video(db, entity, kind, FILM.format(number))
                site.ids[f"video {number} of {kind}"] = video.id
