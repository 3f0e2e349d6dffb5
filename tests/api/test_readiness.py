"""What `/health/ready` says of what the server stands on."""

from pathlib import Path

import pytest
from httpx2 import AsyncClient
from tests.factories.apps import client_of, make_application
from tests.factories.buckets import address_of, silent_server

READY = "/health/ready"


class TestStorage:
    async def test_is_shown(self, client: AsyncClient) -> None:
        answer = await client.get(READY)
        assert answer.status_code == 200
        assert answer.json()["checks"] == {"database": "up", "storage": "up"}

    async def test_that_is_away_is_shown_and_no_reason_to_go_elsewhere(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "media").write_text("no folder")
        app = make_application(tmp_path)
        async with app.router.lifespan_context(app), client_of(app) as client:
            answer = await client.get(READY)
        assert answer.status_code == 200
        assert answer.json()["checks"] == {"database": "up", "storage": "unreachable"}

    async def test_that_says_nothing_is_not_waited_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portfolio.services.readiness.PATIENCE", 0.05)
        async with silent_server() as endpoint:
            app = make_application(tmp_path, storage_url=address_of(endpoint))
            async with app.router.lifespan_context(app), client_of(app) as client:
                answer = await client.get(READY)
            assert answer.status_code == 200
            assert answer.json()["checks"]["storage"] == "unreachable"
