"""How many statements each public GET takes, which is the same for many rows as for few."""

from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient
from tests.factories.posts import make_post
from tests.factories.projects import make_project
from tests.factories.world import ENTRIES
from tests.test_architecture import routes

from portfolio.api.identity import DEMANDING
from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"
FEW, MANY = 2, 30
MOST_TAGS = 8
# By route, below /api/v1; some lists are also asked in other ways.
STATEMENTS = {
    "/posts": 2,
    "/posts?sort=title": 2,
    "/posts?tag=tag-0": 2,
    "/posts?tag=tag-0&featured=true": 2,
    "/posts?series=saga&limit=1&page=2": 2,
    "/posts/{ref}": 4,
    "/posts/{ref}/related": 7,
    "/posts/{ref}/images": 3,
    "/posts/{ref}/comments": 5,
    "/posts/{ref}/reactions": 2,
    "/posts/{ref}/videos": 3,
    "/posts/{address}": 6,
    "/projects": 2,
    "/projects?tag=tag-0": 2,
    "/projects/{ref}": 4,
    "/projects/{ref}/related": 7,
    "/projects/{ref}/images": 3,
    "/projects/{ref}/comments": 5,
    "/projects/{ref}/reactions": 2,
    "/projects/{ref}/videos": 3,
    "/projects/{address}": 6,
    "/profile": 15,
    "/profile/resume.json": 9,
    "/profiles/{ref}": 9,
    "/profiles/{ref}/images": 3,
    "/profiles/{ref}/videos": 3,
    **{f"/profile/{section}": 3 for section in ENTRIES},
    **{f"/profile/{section}/{{id}}": 2 for section in ENTRIES},
    "/tags": 3,
    "/tags/{ref}": 2,
    "/series": 3,
    "/series/{ref}": 2,
    "/images/{id}": 2,
    "/comments/{id}": 4,
    "/comments/{ref}/reactions": 3,
    "/videos/{id}": 2,
    "/redirects": 2,
}
# For whoever has a link, once in a while; and a stream, which lists nothing.
OTHERS = {"/comments/unsubscribe", "/events"}


async def fill(
    services: Services, writer: AsyncClient, author: User, begin: int, end: int
) -> dict[str, int]:
    """Items number `begin` to `end`, with as many tags, pictures and videos each; ids of the last ones."""
    tags = [f"Tag {number}" for number in range(min(end, MOST_TAGS))]
    ids: dict[str, int] = {}
    for number in range(begin, end):
        shared: dict[str, Any] = {"aliases": [f"former/{number}"], "featured": number % 2 == 0}
        post = await make_post(
            services, author, f"Post {number}", tags=tags, series="Saga", **shared
        )
        await make_post(services, author, f"Part {number}", series=f"Series {number}")
        project = await make_project(
            services, author, f"Project {number}", technologies=tags, **shared
        )
        async with services.database.transaction() as db:
            for row_id, kind in ((post.id, "posts"), (project.id, "projects")):
                for place in range(len(tags)):
                    url = f"https://example.com/{number}/{place}.png"
                    await services.media.add_image(db, row_id, kind, url, is_cover=not place)
                    await services.media.add_video(db, row_id, kind, url)
        sent = {f"profile/{section}": entry for section, entry in ENTRIES.items()}
        for media in ("images", "videos"):
            sent[f"profiles/owner/{media}"] = {"url": f"https://example.com/{number}"}
        for path, body in sent.items():
            made = await writer.post(f"{API}/{path}", json=body)
            assert made.status_code == 201, made.text
            ids[path.removeprefix("profiles/owner/")] = made.json()["id"]
    for target, row in (("posts", post), ("projects", project)):
        parent = None
        for number in range(begin, end):
            said = {"body": f"Number {number}", "parent_id": parent}
            answer = await writer.post(f"{API}/{target}/{row.id}/comments", json=said)
            ids["comments"] = answer.json()["id"]
            parent = ids["comments"] if number % 2 == 0 else None
    return {**ids, "posts": post.id, "projects": project.id}


def address(path: str, ids: dict[str, int]) -> str:
    """Where the path of a route leads to the last thing that was made."""
    kind = path.strip("/").partition("/{")[0]
    named = {"tags": "tag-0", "series": "saga", "profiles": "owner"}
    ref = str(named.get(kind) or ids.get(kind, ""))
    return path.replace("{id}", ref).replace("{ref}", ref).replace("{address}", "former/1")


async def numbers(
    client: AsyncClient, count_queries: list[str], ids: dict[str, int]
) -> dict[str, int]:
    found = {}
    for path in STATEMENTS:
        count_queries.clear()
        # No cache answers whoever brings a cookie.
        answer = await client.get(API + address(path, ids), headers={"Cookie": "a=b"})
        assert answer.status_code == (308 if "{address}" in path else 200), path
        found[path] = len(count_queries)
    return found


class TestStatements:
    async def test_are_as_many_for_many_rows_as_for_few(
        self,
        services: Services,
        client: AsyncClient,
        admin_client: AsyncClient,
        admin: User,
        count_queries: list[str],
    ) -> None:
        begin = 0
        for end in (FEW, MANY):
            ids = await fill(services, admin_client, admin, begin, end)
            assert await numbers(client, count_queries, ids) == STATEMENTS
            begin = end

    def test_are_known_of_every_public_get(self, app: FastAPI) -> None:
        public = {
            name.removeprefix(f"GET {API}")
            for name, _, known in routes(app)
            if name.startswith(f"GET {API}/") and DEMANDING.isdisjoint(known)
        }
        assert public - OTHERS == {path.partition("?")[0] for path in STATEMENTS}
