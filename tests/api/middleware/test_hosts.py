from typing import Any

import pytest
from tests.factories.apps import ask, make_app

pytestmark = pytest.mark.requirement("62")


async def status_for(*hosts: bytes, allowed: str = "*", forwarded: bytes | None = None) -> int:
    headers = [(b"host", host) for host in hosts]
    if forwarded is not None:
        headers.append((b"x-forwarded-host", forwarded))
    return (await ask(make_app(allowed_hosts=allowed), headers=headers)).status


class TestHost:
    @pytest.mark.parametrize(
        "host", [b"good", b"good:8000", b"GOOD.example.com", b"1.2.3.4:80", b"[::1]:80", b"a_b"]
    )
    async def test_may_be_any_name_by_default(self, host: bytes) -> None:
        assert await status_for(host) == 200

    @pytest.mark.parametrize(
        "host",
        [
            b"",
            b"good:80@evil",
            b"good/x?",
            b"good#",
            b"good:port",
            b"good evil",
            b"good\x00",
            b"good\r\nx: y",
            b"g\xf6\xf6d",
            b"[::1",
            b".good",
            b"a,b",
            b"a" * 261,
        ],
    )
    async def test_must_be_well_formed(self, host: bytes) -> None:
        assert await status_for(host) == 400

    async def test_must_be_there(self) -> None:
        assert await status_for() == 400

    async def test_must_not_be_there_twice(self) -> None:
        assert await status_for(b"good", b"good") == 400

    @pytest.mark.parametrize(
        ("host", "status"),
        [
            (b"good.tld", 200),
            (b"Good.TLD:8000", 200),
            (b"good.tld.", 200),
            (b"a.wide.tld", 200),
            (b"wide.tld", 400),
            (b"evilwide.tld", 400),
            (b"good.tld.evil", 400),
            (b"evil", 400),
        ],
    )
    async def test_must_be_on_the_list(self, host: bytes, status: int) -> None:
        assert await status_for(host, allowed="good.tld, *.wide.tld") == status

    async def test_may_not_be_forwarded_from_elsewhere(self) -> None:
        assert await status_for(b"good.tld", allowed="good.tld", forwarded=b"evil") == 400
        assert await status_for(b"good.tld", forwarded=b"good/x?") == 400

    async def test_may_be_forwarded_when_it_is_ours(self) -> None:
        forwarded = b"good.tld, good.tld:8000"
        assert await status_for(b"good.tld", allowed="good.tld", forwarded=forwarded) == 200


class TestWebSocket:
    async def test_is_closed_before_it_opens(self) -> None:
        scope = {"type": "websocket", "path": "/ws", "headers": [(b"host", b"evil/x")]}
        sent: list[Any] = []

        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await make_app()(scope, receive, send)
        assert [message["type"] for message in sent] == ["websocket.close"]


class TestRefusal:
    async def test_has_the_body_and_headers_of_every_answer(self) -> None:
        answer = await ask(make_app(), headers=[])
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "x-request-id" in answer.headers
        assert answer.headers["vary"] == "Origin"
