import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.users import change_users

from portfolio.models.users import Role, User
from portfolio.wiring import Services

PROFILE = "/api/v1/profile"
SKILLS = f"{PROFILE}/skills"
# A whole entry of each section, its required fields first.
ENTRIES: dict[str, dict[str, Any]] = {
    "experience": {
        "company": "Acme",
        "title": "Engineer",
        "location": "Lyon",
        "description": "Makes everything",
        "url": "https://acme.example.com",
        "started_on": "2019-03",
        "ended_on": "2021",
        "summary": "Built roads",
        "highlights": ["A bridge", ""],
    },
    "education": {
        "institution": "ETH",
        "url": "https://ethz.ch",
        "area": "Physics",
        "degree": "MSc",
        "started_on": "2010",
        "ended_on": "2015-09-30",
        "score": "5.5",
        "courses": [],
    },
    "skills": {"name": "Python", "level": "Master", "keywords": ["asyncio"]},
    "social-links": {"network": "GitHub", "username": "me", "url": "https://github.com/me"},
    "certificates": {
        "name": "CKA",
        "issued_on": "2020-01-31",
        "url": "https://example.com/cka",
        "issuer": "CNCF",
    },
    "awards": {"title": "Prize", "awarded_on": "1999", "awarder": "Jury", "summary": "For all"},
    "languages": {"language": "日本語", "fluency": "Fluent"},
}
REQUIRED = {"experience": ["company", "title"]}
sections = pytest.mark.parametrize("section", ENTRIES)


def required(section: str) -> list[str]:
    return REQUIRED.get(section, [next(iter(ENTRIES[section]))])


async def add(client: AsyncClient, section: str = "skills", **changed: Any) -> dict[str, Any]:
    response = await client.post(f"{PROFILE}/{section}", json={**ENTRIES[section], **changed})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


class TestCreate:
    async def test_refuses_strangers(self, client: AsyncClient, admin: User) -> None:
        assert (await client.post(SKILLS, json={"name": "Go"})).status_code == 401

    async def test_refuses_ordinary_accounts(self, user_client: AsyncClient, admin: User) -> None:
        assert (await user_client.post(SKILLS, json={"name": "Go"})).status_code == 403

    @sections
    async def test_gives_every_field_back(
        self, client: AsyncClient, admin_client: AsyncClient, section: str
    ) -> None:
        entry = ENTRIES[section]
        response = await admin_client.post(f"{PROFILE}/{section}", json=entry)
        made = response.json()
        assert response.status_code == 201
        assert {name: made[name] for name in entry} == entry
        location = response.headers["Location"]
        assert location == f"{PROFILE}/{section}/{made['id']}"
        assert (await client.get(location)).json() == made

    @sections
    async def test_needs_what_names_the_entry(
        self, admin_client: AsyncClient, section: str
    ) -> None:
        response = await admin_client.post(f"{PROFILE}/{section}", json={})
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == required(section)

    async def test_stands_behind_the_others(self, admin_client: AsyncClient) -> None:
        made = [await add(admin_client) for _ in range(3)]
        assert [entry["position"] for entry in made] == [0, 1, 2]

    async def test_many_at_once_have_each_their_own_place(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        await asyncio.gather(*(add(admin_client) for _ in range(8)))
        items = (await client.get(SKILLS)).json()["items"]
        assert [entry["position"] for entry in items] == list(range(8))

    async def test_is_refused_by_a_full_section(self, admin_client: AsyncClient) -> None:
        document = {"skills": [{"name": str(number)} for number in range(200)]}
        await admin_client.put(f"{PROFILE}/resume.json", json=document)
        assert (await admin_client.post(SKILLS, json={"name": "Go"})).status_code == 409

    async def test_counts_once_for_a_repeated_idempotency_key(
        self, admin_client: AsyncClient
    ) -> None:
        headers = {"Idempotency-Key": "one"}
        first = await admin_client.post(SKILLS, json={"name": "Go"}, headers=headers)
        again = await admin_client.post(SKILLS, json={"name": "Go"}, headers=headers)
        assert first.json() == again.json()
        assert (await admin_client.get(SKILLS)).json()["total"] == 1

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"started_on": "2021-06", "ended_on": "2021-05"}, "ended_on"),
            ({"started_on": "2021", "ended_on": "2020-12-31"}, "ended_on"),
            ({"started_on": "2021-02-30"}, "started_on"),
            ({"started_on": "June"}, "started_on"),
            ({"company": ""}, "company"),
            ({"url": "javascript:alert(1)"}, "url"),
            ({"highlights": [1]}, "highlights.0"),
            ({"highlights": ["x"] * 201}, "highlights"),
            ({"position": 3}, "position"),
            ({"profile_id": 3}, "profile_id"),
            ({"extras": {}}, "extras"),
        ],
    )
    async def test_names_the_field_that_is_wrong(
        self, admin_client: AsyncClient, changes: dict[str, Any], field: str
    ) -> None:
        entry = {"company": "Acme", "title": "Engineer", **changes}
        response = await admin_client.post(f"{PROFILE}/experience", json=entry)
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == [field]

    @pytest.mark.parametrize("ended_on", ["2021", "2021-06", "2021-06-30"])
    async def test_takes_an_end_as_far_as_it_is_known(
        self, admin_client: AsyncClient, ended_on: str
    ) -> None:
        await add(admin_client, "experience", started_on="2021-06", ended_on=ended_on)


class TestList:
    async def test_is_not_there_before_the_site_has_an_owner(self, client: AsyncClient) -> None:
        assert (await client.get(SKILLS)).status_code == 404

    @sections
    async def test_is_empty_at_first(self, client: AsyncClient, admin: User, section: str) -> None:
        body = (await client.get(f"{PROFILE}/{section}")).json()
        assert (body["items"], body["total"]) == ([], 0)

    async def test_comes_in_pages(self, client: AsyncClient, admin_client: AsyncClient) -> None:
        for number in range(3):
            await add(admin_client, name=str(number))
        first = (await client.get(SKILLS, params={"limit": 2})).json()
        assert [entry["name"] for entry in first["items"]] == ["0", "1"]
        assert (first["total"], first["pages"]) == (3, 2)
        cursor = {"limit": 2, "cursor": first["next_cursor"]}
        rest = (await client.get(SKILLS, params=cursor)).json()
        assert [entry["name"] for entry in rest["items"]] == ["2"]

    async def test_tells_what_still_lasts(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        await add(admin_client, "experience", ended_on=None)
        await add(admin_client, "experience")
        items = (await client.get(f"{PROFILE}/experience")).json()["items"]
        assert [entry["is_current"] for entry in items] == [True, False]

    async def test_has_no_section_of_another_name(self, client: AsyncClient, admin: User) -> None:
        assert (await client.get(f"{PROFILE}/hobbies")).status_code == 404


class TestUpdate:
    async def test_refuses_strangers(self, client: AsyncClient, admin_client: AsyncClient) -> None:
        made = await add(admin_client)
        response = await client.patch(f"{SKILLS}/{made['id']}", json={"level": "None"})
        assert response.status_code == 401

    @sections
    async def test_changes_what_is_given_and_keeps_the_rest(
        self, admin_client: AsyncClient, section: str
    ) -> None:
        made = await add(admin_client, section)
        *_, field = ENTRIES[section]
        url = f"{PROFILE}/{section}/{made['id']}"
        response = await admin_client.patch(url, json={field: None})
        assert response.status_code == 200
        expected = {**made, field: None, "updated_at": response.json()["updated_at"]}
        assert response.json() == expected
        assert (await admin_client.get(url)).json() == expected

    @sections
    async def test_keeps_what_names_the_entry(
        self, admin_client: AsyncClient, section: str
    ) -> None:
        made = await add(admin_client, section)
        for value in (None, ""):
            changes = dict.fromkeys(required(section), value)
            url = f"{PROFILE}/{section}/{made['id']}"
            response = await admin_client.patch(url, json=changes)
            assert response.status_code == 422
            assert [error["field"] for error in response.json()["errors"]] == required(section)

    async def test_compares_a_new_end_with_the_old_start(self, admin_client: AsyncClient) -> None:
        made = await add(admin_client, "experience", started_on="2019-03", ended_on=None)
        url = f"{PROFILE}/experience/{made['id']}"
        assert (await admin_client.patch(url, json={"ended_on": "2018"})).status_code == 422
        assert (await admin_client.get(url)).json()["ended_on"] is None

    async def test_overlooks_old_dates_while_they_stay(self, admin_client: AsyncClient) -> None:
        odd = {"name": "Acme", "startDate": "2021-19-39", "endDate": "1999"}
        await admin_client.put(f"{PROFILE}/resume.json", json={"work": [odd]})
        [entry] = (await admin_client.get(f"{PROFILE}/experience")).json()["items"]
        url = f"{PROFILE}/experience/{entry['id']}"
        assert (await admin_client.patch(url, json={"title": "Chief"})).status_code == 200
        assert (await admin_client.patch(url, json={"ended_on": "2000"})).status_code == 422

    async def test_refuses_a_version_that_is_no_longer_the_present_one(
        self, admin_client: AsyncClient
    ) -> None:
        url = f"{SKILLS}/{(await add(admin_client))['id']}"
        seen = {"If-Match": (await admin_client.get(url)).headers["ETag"]}
        assert (await admin_client.patch(url, json={"level": "A"}, headers=seen)).is_success
        late = await admin_client.patch(url, json={"level": "B"}, headers=seen)
        assert late.status_code == 412

    async def test_leaves_the_sections_of_others_alone(
        self, services: Services, admin_client: AsyncClient, user_client: AsyncClient, user: User
    ) -> None:
        made = await add(admin_client)
        await change_users(services.database, user, role=Role.ADMIN)
        url = f"{SKILLS}/{made['id']}"
        assert (await user_client.patch(url, json={"level": "B"})).status_code == 404
        assert (await user_client.delete(url)).status_code == 404
        order = await user_client.put(f"{SKILLS}/order", json={"ids": [made["id"]]})
        assert order.status_code == 422

    @pytest.mark.parametrize("row_id", [2**31, 2**63 - 1])
    async def test_is_not_there_for_an_id_that_nobody_has(
        self, admin_client: AsyncClient, row_id: int
    ) -> None:
        response = await admin_client.patch(f"{SKILLS}/{row_id}", json={"level": "B"})
        assert response.status_code == 404


class TestDelete:
    async def test_refuses_strangers(self, client: AsyncClient, admin_client: AsyncClient) -> None:
        made = await add(admin_client)
        assert (await client.delete(f"{SKILLS}/{made['id']}")).status_code == 401

    @sections
    async def test_takes_it_out(self, admin_client: AsyncClient, section: str) -> None:
        url = f"{PROFILE}/{section}/{(await add(admin_client, section))['id']}"
        response = await admin_client.delete(url)
        assert (response.status_code, response.content) == (204, b"")
        assert (await admin_client.get(url)).status_code == 404
        assert (await admin_client.delete(url)).status_code == 404

    async def test_refuses_a_version_that_is_no_longer_the_present_one(
        self, admin_client: AsyncClient
    ) -> None:
        url = f"{SKILLS}/{(await add(admin_client))['id']}"
        seen = {"If-Match": (await admin_client.get(url)).headers["ETag"]}
        await admin_client.patch(url, json={"level": "A"})
        assert (await admin_client.delete(url, headers=seen)).status_code == 412


class TestOrder:
    async def test_refuses_strangers(self, client: AsyncClient, admin_client: AsyncClient) -> None:
        made = await add(admin_client)
        response = await client.put(f"{SKILLS}/order", json={"ids": [made["id"]]})
        assert response.status_code == 401

    @sections
    async def test_gives_a_new_order(
        self, client: AsyncClient, admin_client: AsyncClient, section: str
    ) -> None:
        ids = [(await add(admin_client, section))["id"] for _ in range(3)]
        wanted = [ids[2], ids[0], ids[1]]
        url = f"{PROFILE}/{section}"
        response = await admin_client.put(f"{url}/order", json={"ids": wanted})
        assert response.status_code == 200
        assert [entry["id"] for entry in response.json()["items"]] == wanted
        assert (await client.get(url)).json() == {**response.json(), "limit": 20}

    async def test_must_name_every_entry_once(self, admin_client: AsyncClient) -> None:
        one, two = [(await add(admin_client))["id"] for _ in range(2)]
        for ids in ([], [one], [one, one], [one, two, two], [one, two, two + 1]):
            response = await admin_client.put(f"{SKILLS}/order", json={"ids": ids})
            assert response.status_code == 422
            assert response.json()["errors"][0]["field"] == "ids"
