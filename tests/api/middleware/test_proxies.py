import pytest
from fastapi import APIRouter, FastAPI, Request
from tests.factories.apps import HOST, ask, make_app

from portfolio.core.context import current

pytestmark = pytest.mark.requirement("18")

router = APIRouter()


@router.get("/seen")
async def seen(request: Request) -> dict[str, str]:
    assert request.client
    assert request.client.host == current().client
    return {"client": current().client, "scheme": request.url.scheme}


@pytest.fixture
def app() -> FastAPI:
    return make_app(router, trusted_proxies="10.0.0.0/8, ::1")


async def client_seen(app: FastAPI, peer: str, *hops: bytes) -> str:
    headers = [HOST, *((b"x-forwarded-for", hop) for hop in hops)]
    answer = await ask(app, b"/seen", headers=headers, address=peer)
    return answer.body.decode().split('"')[3]


class TestClientAddress:
    async def test_is_the_peer_without_a_proxy(self, app: FastAPI) -> None:
        assert await client_seen(app, "203.0.113.9") == "203.0.113.9"

    async def test_is_told_by_a_trusted_proxy(self, app: FastAPI) -> None:
        assert await client_seen(app, "10.1.1.1", b"198.51.100.7") == "198.51.100.7"

    async def test_is_not_told_by_strangers(self, app: FastAPI) -> None:
        assert await client_seen(app, "203.0.113.9", b"198.51.100.7") == "203.0.113.9"

    async def test_is_not_told_by_anyone_where_no_proxy_is_trusted(self) -> None:
        assert await client_seen(make_app(router), "127.0.0.1", b"198.51.100.7") == "127.0.0.1"

    async def test_is_the_right_most_hop_that_is_no_proxy(self, app: FastAPI) -> None:
        spoofed = b"1.1.1.1, 198.51.100.7, 10.2.2.2"
        assert await client_seen(app, "10.1.1.1", spoofed) == "198.51.100.7"

    async def test_counts_hops_over_repeated_headers(self, app: FastAPI) -> None:
        assert await client_seen(app, "10.1.1.1", b"1.1.1.1", b"198.51.100.7") == "198.51.100.7"

    async def test_is_the_first_proxy_where_there_are_only_proxies(self, app: FastAPI) -> None:
        assert await client_seen(app, "10.1.1.1", b"10.3.3.3, 10.2.2.2") == "10.3.3.3"

    async def test_stops_at_what_is_no_address(self, app: FastAPI) -> None:
        assert await client_seen(app, "10.1.1.1", b"1.1.1.1, unknown, 10.2.2.2") == "10.2.2.2"

    @pytest.mark.parametrize(
        ("hop", "expected"),
        [
            (b"198.51.100.7:4711", "198.51.100.7"),
            (b"[2001:db8::1]:4711", "2001:db8::1"),
            (b"2001:DB8::1", "2001:db8::1"),
            (b"::ffff:198.51.100.7", "198.51.100.7"),
        ],
    )
    async def test_is_read_in_every_notation(self, app: FastAPI, hop: bytes, expected: str) -> None:
        assert await client_seen(app, "::1", hop) == expected


class TestScheme:
    @pytest.mark.parametrize(
        ("peer", "value", "expected"),
        [
            ("10.1.1.1", b"https", b"https"),
            ("10.1.1.1", b"http, https", b"https"),
            ("10.1.1.1", b"https, http", b"http"),
            ("10.1.1.1", b"javascript", b"http"),
            ("203.0.113.9", b"https", b"http"),
        ],
    )
    async def test_is_told_by_the_nearest_trusted_proxy(
        self, app: FastAPI, peer: str, value: bytes, expected: bytes
    ) -> None:
        headers = [HOST, (b"x-forwarded-proto", value)]
        answer = await ask(app, b"/seen", headers=headers, address=peer)
        assert b'"scheme":"%s"' % expected in answer.body
        assert ("strict-transport-security" in answer.headers) == (expected == b"https")
