"""A server that is killed in the middle of an upload, and started again."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest
from tests.factories import photos
from tests.factories.back_doors import let_leases_run_out
from tests.factories.hostile import MIB
from tests.factories.memory import descendants
from tests.factories.servers import Server, eventually
from tests.factories.uploads import Disk, form, upload, wire
from tests.factories.visitors import Owner
from tests.journeys.conftest import Manage, Serve

pytestmark = [pytest.mark.requirement("58"), pytest.mark.requirement("89")]
PHOTO = photos.encoded(photos.quarters(1400, 1000))

Kill = Callable[[Server, Owner, Disk], Awaitable[None]]


async def while_its_body_comes(server: Server, owner: Owner, disk: Disk) -> None:
    content = form(bytes(4 * MIB))
    async with wire(server) as sent:
        await sent.begin(owner, f"Content-Length: {len(content)}", "Expect: 100-continue")
        assert await sent.line() == b"HTTP/1.1 100 Continue\r\n"
        await sent.send(content[: 2 * MIB])
        await eventually(disk.is_busy)
        server.kill()


async def while_it_is_rendered(server: Server, owner: Owner, disk: Disk) -> None:
    await _kill_during_upload(server, owner, lambda: bool(descendants(server.pid)))


async def while_it_is_stored(server: Server, owner: Owner, disk: Disk) -> None:
    """Or before the row is committed, or just after that: nobody can tell from without."""
    await _kill_during_upload(server, owner, lambda: bool(disk.kept()))


async def _kill_during_upload(server: Server, owner: Owner, is_time: Callable[[], bool]) -> None:
    under_way = asyncio.create_task(upload(owner, PHOTO))
    async with asyncio.timeout(60):
        while not is_time():
            assert not under_way.done(), under_way.result().text
            await asyncio.sleep(0.001)
    server.kill()
    with pytest.raises(httpx2.TransportError):
        await under_way


async def all_is_an_hour_ago(disk: Disk, database_url: str) -> None:
    """Files have settled, and what was to be done later is to be done now."""
    for path in disk.kept():
        os.utime(path, 2 * (time.time() - 3600,))
    await let_leases_run_out(database_url)


@pytest.mark.parametrize("kill", [while_its_body_comes, while_it_is_rendered, while_it_is_stored])
async def test_an_upload_that_was_never_answered_is_there_as_a_whole_or_not_at_all(
    serve: Serve, manage: Manage, database_url: str, tmp_path: Path, kill: Kill
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    server = await serve(TMPDIR=str(temporary))
    disk = Disk(server, temporary)
    await kill(server, await manage(server), disk)
    await all_is_an_hour_ago(disk, database_url)
    await server.start()
    owner = await manage(server)
    images = (await owner.get("/images"))["items"]
    shown = {made["url"] for image in images for made in (image, *image["variants"])}
    assert not images or kill is while_it_is_stored

    async def is_tidy() -> bool:
        kept = {f"/media/{path.relative_to(disk.media)}" for path in disk.kept()}
        return kept == shown and not await disk.is_busy()

    await eventually(is_tidy)
    checked = await server.command("media", "check")
    assert checked.returncode == 0, checked.stdout
