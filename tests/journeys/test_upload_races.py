"""Many who upload and delete the same pictures at the same time, at two processes."""

import asyncio
import os
import time
from itertools import product
from typing import Any

import pytest
from pydantic import SecretStr
from tests.factories.back_doors import let_leases_run_out
from tests.factories.pictures import png
from tests.factories.servers import OUT_OF_REACH, Server
from tests.factories.stored_files import forget
from tests.factories.uploads import LIBRARY, authority, upload
from tests.factories.visitors import Owner
from tests.journeys.conftest import Manage, Serve

from portfolio.core.config import (
    DatabaseSettings,
    SecuritySettings,
    ServerSettings,
    Settings,
    StorageSettings,
)
from portfolio.wiring import build_services

pytestmark = pytest.mark.requirement("101")
# Another size is another picture.
PICTURES = [png(4, height) for height in range(1, 6)]


async def targets(owner: Owner) -> list[str]:
    """Four posts and the library."""
    posts = [await owner.post("/posts", 201, title=f"Harbour {number}") for number in range(4)]
    return [LIBRARY, *(f"/api/v1/posts/{post['id']}/images" for post in posts)]


async def add(owner: Owner, to: str, content: bytes) -> int:
    """However long others keep the server busy."""
    while (answer := await upload(owner, content, to)).status_code == 503:
        pass
    assert answer.status_code == 201, answer.text
    made: int = answer.json()["id"]
    return made


async def remove(owner: Owner, image: int) -> None:
    answer = await owner.client.delete(f"{LIBRARY}/{image}", headers=authority(owner))
    assert answer.status_code == 204, answer.text


async def let_an_hour_pass(server: Server) -> None:
    """For files in a folder: whoever stored them has long committed."""
    for path in (server.data_dir / "media").rglob("*.*"):
        os.utime(path, 2 * (time.time() - 3600,))


async def let_all_jobs_be_done(server: Server, database_url: str, storage_url: str | None) -> None:
    settings = Settings(
        server=ServerSettings(workers=1),
        database=DatabaseSettings(url=database_url),
        security=SecuritySettings(
            secret_key=SecretStr(server.variables["SECRET_KEY"]),
            password_pepper=SecretStr(server.variables["PASSWORD_PEPPER"]),
        ),
        storage=StorageSettings(data_dir=server.data_dir, storage_url=storage_url),
    )
    # What the server is doing at this moment, it does again.
    await let_leases_run_out(database_url)
    async with build_services(settings) as services:
        await forget(services)


@pytest.mark.parametrize("place", ["folder", "bucket"])
async def test_leave_rows_and_files_that_agree(
    serve: Serve,
    manage: Manage,
    database_url: str,
    request: pytest.FixtureRequest,
    place: str,
) -> None:
    storage_url = request.getfixturevalue("bucket") if place == "bucket" else None
    variables = {"STORAGE_URL": storage_url} if storage_url else {}
    server = await serve(WORKERS="2", RATE_LIMIT_WRITES=OUT_OF_REACH, **variables)
    owner = await manage(server)
    places = await targets(owner)
    wanted = [(to, content) for content, to in product(PICTURES, places)]
    shown = await asyncio.gather(*(add(owner, *each) for each in wanted))
    assert len(set(shown)) == len(wanted)
    await let_an_hour_pass(server)
    # Half of them where they were and half of them in the library; of one picture nothing stays.
    again = [
        (to if number % 2 else LIBRARY, content)
        for number, (to, content) in enumerate(wanted)
        if content != PICTURES[0]
    ]
    await asyncio.gather(
        *(remove(owner, image) for image in shown), *(add(owner, *each) for each in again)
    )
    await let_all_jobs_be_done(server, database_url, storage_url)
    for to in places:
        for image in (await owner.get(to.removeprefix("/api/v1")))["items"]:
            await is_served(owner, image)
    checked = await server.command("media", "check")
    assert checked.returncode == 0, checked.stdout


async def is_served(owner: Owner, image: Any) -> None:
    for made in (image, *image["variants"]):
        answer = await owner.client.get(made["url"], headers=authority(owner))
        assert answer.status_code == 200, (image["id"], made["url"])
        assert len(answer.content) == made["bytes"]
