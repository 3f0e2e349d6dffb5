import asyncio

import pytest
from httpx2 import AsyncClient
from tests.factories.posts import make_post
from tests.factories.projects import make_project
from tests.factories.users import change_users

from portfolio.models.users import Role, User
from portfolio.wiring import Services

PROFILE = "/api/v1/profile"


class TestGetProfile:
    async def test_is_not_there_before_the_site_has_an_owner(
        self, client: AsyncClient, user: User
    ) -> None:
        response = await client.get(PROFILE)
        assert response.status_code == 404
        assert "owner" in response.json()["detail"]

    async def test_shows_the_owner_to_anyone(self, client: AsyncClient, admin: User) -> None:
        response = await client.get(PROFILE)
        assert response.status_code == 200
        body = response.json()
        assert body["username"] == admin.username
        assert body["experience"] == body["social_links"] == []
        assert response.headers["Cache-Control"].startswith("public")

    async def test_keeps_the_address_of_the_account_to_itself(
        self, client: AsyncClient, admin: User
    ) -> None:
        response = await client.get(PROFILE)
        assert response.json()["email"] is None
        assert admin.email not in response.text

    async def test_has_every_section_in_its_order(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        for name in ("Zig", "Ada"):
            await admin_client.post(f"{PROFILE}/skills", json={"name": name})
        await admin_client.post(f"{PROFILE}/languages", json={"language": "Dutch"})
        body = (await client.get(PROFILE)).json()
        assert [skill["name"] for skill in body["skills"]] == ["Zig", "Ada"]
        assert body["languages"][0]["language"] == "Dutch"

    async def test_has_its_pictures(self, client: AsyncClient, admin_client: AsyncClient) -> None:
        images = f"/api/v1/profiles/{(await client.get(PROFILE)).json()['username']}/images"
        sent = {"url": "https://example.com/portrait.jpg", "alt": "Ada", "cover": True}
        made = (await admin_client.post(images, json=sent)).json()
        assert (await client.get(PROFILE)).json()["images"] == [made]

    async def test_has_featured_projects_and_the_newest_posts_of_a_home_page(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_project(services, admin, "Shown", featured=True)
        await make_project(services, admin, "Ordinary")
        await make_project(services, admin, "Unready", featured=True, status="draft")
        for year in (2020, 2022, 2021):
            await make_post(services, admin, str(year), published_at=f"{year}-01-01T00:00:00Z")
        body = (await client.get(PROFILE)).json()
        assert [project["title"] for project in body["featured_projects"]] == ["Shown"]
        assert [post["title"] for post in body["recent_posts"]] == ["2022", "2021", "2020"]

    async def test_belongs_to_the_first_active_admin(
        self, client: AsyncClient, services: Services, admin: User, user: User
    ) -> None:
        await change_users(services.database, admin, is_active=False)
        await change_users(services.database, user, role=Role.ADMIN)
        assert (await client.get(PROFILE)).json()["username"] == user.username

    async def test_runs_the_same_number_of_queries_for_any_number_of_entries(
        self, client: AsyncClient, admin_client: AsyncClient, count_queries: list[str]
    ) -> None:
        counts = []
        for entries in (0, 1, 3):
            for number in range(entries):
                await admin_client.post(f"{PROFILE}/awards", json={"title": f"Prize {number}"})
            count_queries.clear()
            await client.get(PROFILE)
            counts.append(len(count_queries))
        assert counts[0] == counts[1] == counts[2]

    async def test_answers_304_until_a_section_changes(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        tag = (await client.get(PROFILE)).headers["ETag"]
        assert (await client.get(PROFILE, headers={"If-None-Match": tag})).status_code == 304
        await admin_client.post(f"{PROFILE}/skills", json={"name": "Rust"})
        assert (await client.get(PROFILE, headers={"If-None-Match": tag})).status_code == 200


class TestGetPublicProfile:
    async def test_is_found_by_user_name_however_it_is_written(
        self, client: AsyncClient, admin: User
    ) -> None:
        for ref in (admin.username, admin.username.upper()):
            response = await client.get(f"/api/v1/profiles/{ref}")
            assert response.json()["username"] == admin.username

    async def test_is_found_by_id(self, client: AsyncClient, admin: User) -> None:
        profile = (await client.get(PROFILE)).json()
        response = await client.get(f"/api/v1/profiles/{profile['id']}")
        assert response.json() == {name: profile[name] for name in response.json()}

    async def test_is_not_there_for_accounts_that_publish_none(
        self, client: AsyncClient, user: User
    ) -> None:
        response = await client.get(f"/api/v1/profiles/{user.username}")
        assert response.status_code == 404

    @pytest.mark.parametrize("ref", ["nobody", "0", "9" * 18, "9" * 40, "%F0%9F%8D%8E"])
    async def test_is_not_there_for_nobody(
        self, client: AsyncClient, admin: User, ref: str
    ) -> None:
        assert (await client.get(f"/api/v1/profiles/{ref}")).status_code == 404


class TestUpdateProfile:
    async def test_refuses_strangers(self, client: AsyncClient, admin: User) -> None:
        assert (await client.patch(PROFILE, json={"name": "Me"})).status_code == 401

    async def test_refuses_ordinary_accounts(self, user_client: AsyncClient, admin: User) -> None:
        assert (await user_client.patch(PROFILE, json={"name": "Me"})).status_code == 403

    async def test_changes_what_is_given_and_keeps_the_rest(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        await admin_client.patch(PROFILE, json={"headline": "Gardener", "city": "Lyon"})
        response = await admin_client.patch(PROFILE, json={"city": None, "name": "Ann Lee"})
        assert response.status_code == 200
        body = (await client.get(PROFILE)).json()
        assert response.json() == {name: body[name] for name in response.json()}
        assert (body["name"], body["headline"], body["city"]) == ("Ann Lee", "Gardener", None)

    async def test_renders_the_summary_as_safe_html(self, admin_client: AsyncClient) -> None:
        source = "I **grow** things <script>alert(1)</script>"
        body = (await admin_client.patch(PROFILE, json={"summary_markdown": source})).json()
        assert body["summary_markdown"] == source
        assert "<strong>grow</strong>" in body["summary_html"]
        assert "<script" not in body["summary_html"]
        body = (await admin_client.patch(PROFILE, json={"summary_markdown": None})).json()
        assert body["summary_html"] is None

    async def test_takes_back_what_it_gave(self, admin_client: AsyncClient) -> None:
        resume = {"basics": {"image": "", "url": "", "email": "", "name": ""}}
        await admin_client.put(f"{PROFILE}/resume.json", json=resume)
        body = (await admin_client.get(PROFILE)).json()
        given = {name: body[name] for name in ("image_url", "website", "email", "name")}
        response = await admin_client.patch(PROFILE, json=given)
        assert response.status_code == 200
        assert (await admin_client.get(f"{PROFILE}/resume.json")).json() == resume

    @pytest.mark.parametrize(
        "changes",
        [
            {"email": "nobody"},
            {"website": "javascript:alert(1)"},
            {"image_url": "//example.com/x.png"},
            {"name": "x" * 301},
            {"name": "two\nlines"},
            {"country_code": "x" * 21},
            {"extras": {}},
            {"user_id": 1},
            {"summary_html": "<b>"},
            {"id": 1},
        ],
    )
    async def test_names_the_field_that_is_wrong(
        self, admin_client: AsyncClient, changes: dict[str, object]
    ) -> None:
        response = await admin_client.patch(PROFILE, json=changes)
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == list(changes)

    async def test_refuses_a_version_that_is_no_longer_the_present_one(
        self, admin_client: AsyncClient
    ) -> None:
        seen = (await admin_client.get(PROFILE)).headers["ETag"]
        first = await admin_client.patch(PROFILE, json={"name": "A"}, headers={"If-Match": seen})
        assert first.status_code == 200
        late = await admin_client.patch(PROFILE, json={"name": "B"}, headers={"If-Match": seen})
        assert late.status_code == 412
        tag = {"If-Match": first.headers["ETag"]}
        assert (await admin_client.patch(PROFILE, json={"name": "B"}, headers=tag)).is_success

    async def test_loses_no_change_of_many_at_once(self, admin_client: AsyncClient) -> None:
        fields = ["name", "headline", "phone", "city", "region", "postal_code", "address"]
        responses = await asyncio.gather(
            *(admin_client.patch(PROFILE, json={field: field}) for field in fields)
        )
        assert {response.status_code for response in responses} == {200}
        body = (await admin_client.get(PROFILE)).json()
        assert [body[field] for field in fields] == fields
