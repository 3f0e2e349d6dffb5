from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.projects import make_project

from portfolio.models.users import User
from portfolio.wiring import Services

PROJECTS = "/api/v1/projects"


def titles(body: Any) -> list[str]:
    return [item["title"] for item in body["items"]]


async def make_all(services: Services, admin: User, *names: str) -> list[int]:
    return [(await make_project(services, admin, name)).id for name in names]


class TestListProjects:
    async def test_shows_them_in_the_order_of_their_making(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_all(services, admin, "B", "C", "A")
        body = (await client.get(PROJECTS)).json()
        assert titles(body) == ["B", "C", "A"]
        assert [item["position"] for item in body["items"]] == [0, 1, 2]

    @pytest.mark.parametrize("query", ["tag=ada", "featured=true", "status=archived"])
    async def test_shows_only_what_the_filter_wants(
        self, admin_client: AsyncClient, services: Services, admin: User, query: str
    ) -> None:
        await make_project(services, admin, "Another", technologies=["Zig"])
        wanted: dict[str, Any] = {"technologies": ["Ada"], "featured": True}
        status = "archived" if "status" in query else "published"
        await make_project(services, admin, "Wanted", status=status, **wanted)
        assert titles((await admin_client.get(f"{PROJECTS}?{query}")).json()) == ["Wanted"]

    async def test_leaves_out_the_long_body(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_project(services, admin, body_markdown="A long text.", technologies=["Ada"])
        item = (await client.get(PROJECTS)).json()["items"][0]
        assert not item.keys() & {"body_markdown", "html", "toc", "excerpt", "tags"}
        assert item["summary"] == "A long text."
        assert item["technologies"][0]["slug"] == "ada"

    async def test_runs_the_same_number_of_queries_for_any_number_of_projects(
        self, client: AsyncClient, services: Services, admin: User, count_queries: list[str]
    ) -> None:
        counts = []
        for number in range(1, 10, 4):
            await make_project(services, admin, f"Project {number}", technologies=["a", "b"])
            count_queries.clear()
            await client.get(PROJECTS)
            counts.append(len(count_queries))
        assert len(set(counts)) == 1
        assert counts[0] <= 4


class TestReadProject:
    async def test_has_everything_that_its_page_needs(
        self, admin_client: AsyncClient, client: AsyncClient
    ) -> None:
        given = {
            "title": "A compiler",
            "status": "published",
            "body_markdown": "*Small*.",
            "summary": "Small",
            "technologies": ["LLVM", "Ada"],
            "links": {"repository": "https://example.com/c", "live": "/demo"},
            "role": "Author",
            "client": "Nobody",
            "started_on": "2021",
            "ended_on": "2022-06",
            "cover": {"url": "https://example.com/a.png"},
        }
        created = await admin_client.post(PROJECTS, json=given)
        assert created.status_code == 201
        body = (await client.get(f"{PROJECTS}/a-compiler")).json()
        assert body == created.json()
        same = ("title", "body_markdown", "summary", "links", "role", "client")
        assert [body[name] for name in same] == [given[name] for name in same]
        assert (body["started_on"], body["ended_on"]) == ("2021", "2022-06")
        assert [tag["name"] for tag in body["technologies"]] == ["LLVM", "Ada"]
        assert body["cover"]["url"] == "https://example.com/a.png"
        assert body["videos"] == []

    async def test_runs_three_queries_at_most(
        self, client: AsyncClient, services: Services, admin: User, count_queries: list[str]
    ) -> None:
        project = await make_project(services, admin, technologies=["a", "b"])
        count_queries.clear()
        await client.get(f"{PROJECTS}/{project.slug}")
        assert len(count_queries) <= 3


class TestWriteProject:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("started_on", "2021-13"),
            ("started_on", "2021-02-30"),
            ("started_on", "21"),
            ("links", {"Repository!": "https://example.com"}),
            ("links", {"repository": "ftp://example.com"}),
            ("links", {f"link{number}": "/x" for number in range(21)}),
            ("position", -1),
            ("technologies", [["nested"]]),
            ("tags", ["a"]),
        ],
    )
    async def test_names_the_field_that_it_refuses(
        self, admin_client: AsyncClient, field: str, value: Any
    ) -> None:
        response = await admin_client.post(PROJECTS, json={"title": "T", field: value})
        assert response.status_code == 422
        assert field in response.json()["detail"]

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"links": {"live": "/x"}}, {"live": "/x"}),
            ({"role": None}, None),
            ({"started_on": "2020-02-29"}, "2020-02-29"),
            ({"position": 7}, 7),
            ({"summary": "Mine"}, "Mine"),
        ],
    )
    async def test_changes_what_is_given(
        self,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        changes: dict[str, Any],
        expected: Any,
    ) -> None:
        project = await make_project(
            services, admin, role="Author", links={"docs": "/d"}, technologies=["a"]
        )
        url = f"{PROJECTS}/{project.id}"
        body = (await admin_client.patch(url, json=changes)).json()
        assert body[next(iter(changes))] == expected
        assert [tag["name"] for tag in body["technologies"]] == ["a"]
        assert body["title"] == "A project"

    @pytest.mark.parametrize("name", ["title", "links", "technologies", "position", "featured"])
    async def test_refuses_null_for_what_cannot_be_empty(
        self, admin_client: AsyncClient, services: Services, admin: User, name: str
    ) -> None:
        project = await make_project(services, admin)
        response = await admin_client.patch(f"{PROJECTS}/{project.id}", json={name: None})
        assert response.status_code == 422


class TestOrderProjects:
    async def test_is_for_admins_only(self, client: AsyncClient, user_client: AsyncClient) -> None:
        for caller, expected in ((client, 401), (user_client, 403)):
            response = await caller.put(f"{PROJECTS}/order", json={"ids": [1]})
            assert response.status_code == expected

    async def test_puts_the_named_ones_first(
        self, admin_client: AsyncClient, client: AsyncClient, services: Services, admin: User
    ) -> None:
        a, b, c, d = await make_all(services, admin, "A", "B", "C", "D")
        response = await admin_client.put(f"{PROJECTS}/order", json={"ids": [c, a]})
        assert response.status_code == 200
        assert titles(response.json()) == ["C", "A", "B", "D"]
        assert titles((await client.get(PROJECTS)).json()) == ["C", "A", "B", "D"]
        await admin_client.put(f"{PROJECTS}/order", json={"ids": [d, b, a, c]})
        assert titles((await client.get(PROJECTS)).json()) == ["D", "B", "A", "C"]
        await make_project(services, admin, "E")
        assert titles((await client.get(PROJECTS)).json())[-1] == "E"

    async def test_refuses_what_is_no_order(
        self, admin_client: AsyncClient, client: AsyncClient, services: Services, admin: User
    ) -> None:
        _, b = await make_all(services, admin, "A", "B")
        for ids in ([b, b], [b, 404], [], [0], ["b"], [2**63 - 1]):
            response = await admin_client.put(f"{PROJECTS}/order", json={"ids": ids})
            assert response.status_code == 422
            assert "ids" in response.json()["detail"]
        assert titles((await client.get(PROJECTS)).json()) == ["A", "B"]


class TestRelatedProjects:
    async def test_share_technologies(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        project = await make_project(services, admin, "This", technologies=["a"])
        await make_project(services, admin, "That", technologies=["a"])
        await make_project(services, admin, "Else", technologies=["b"])
        response = await client.get(f"{PROJECTS}/{project.slug}/related")
        assert [item["title"] for item in response.json()] == ["That"]
