import pytest
from fastapi import APIRouter, Response
from tests.factories.apps import HOST, ask, client_of, make_app

pytestmark = pytest.mark.requirement("61")

router = APIRouter()


@router.get("/page")
async def page(response: Response) -> None:
    response.headers["Content-Security-Policy"] = "default-src 'self'"


class TestSecurityHeaders:
    @pytest.mark.parametrize("path", [b"/health", b"/nowhere"])
    async def test_are_on_every_answer(self, path: bytes) -> None:
        answer = await ask(make_app(), path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        policy = answer.headers["content-security-policy"]
        for directive in ("default-src", "frame-ancestors", "base-uri", "object-src"):
            assert f"{directive} 'none'" in policy

    async def test_leave_a_policy_that_is_there(self) -> None:
        answer = await client_of(make_app(router)).get("/page")
        assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]

    async def test_demand_https_where_it_is_spoken(self) -> None:
        answer = await ask(make_app(), headers=[HOST], scheme="https")
        assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"

    async def test_do_not_demand_https_of_plain_callers(self) -> None:
        assert "strict-transport-security" not in (await ask(make_app())).headers
