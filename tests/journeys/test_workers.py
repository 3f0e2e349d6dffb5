"""One server of several processes, which come and go."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from tests.factories.servers import HOST, Server, eventually, free_port, is_ready
from tests.journeys.conftest import Serve

AT_ONCE = 4
PAUSE = 0.005  # seconds, in which workers can start
COUNTED = r'^http_requests_total\{.*route="/api".*\} (\S+)$'
NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    {places}
    upstream portfolio {{ server {there}; keepalive 8; }}
    server {{
        listen {here};
        location / {{
            proxy_pass http://portfolio;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


def lives(pid: int) -> bool:
    try:
        # Nobody may be there to bury it.
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


async def all_serve(server: Server, count: int) -> None:
    async def look() -> bool:
        return server.output().count("Application startup complete.") == count

    await eventually(look)


async def counted(server: Server) -> int:
    """Requests of /api, as its metrics have them."""
    async with server.client() as client:
        text = (await client.get("/metrics")).text
    return sum(int(float(each)) for each in re.findall(COUNTED, text, re.MULTILINE))


@asynccontextmanager
async def nginx(folder: Path, server: Server) -> AsyncIterator[str]:
    """A proxy in front of it; its address."""
    url = f"http://{HOST}:{free_port()}"
    places = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    there = server.url.removeprefix("http://")
    configuration = folder / "nginx.conf"
    configuration.write_text(
        NGINX.format(folder=folder, places=places, there=there, here=url.removeprefix("http://"))
    )
    process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own file, and at once
        [str(shutil.which("nginx")), "-c", str(configuration)], stderr=subprocess.DEVNULL
    )
    try:
        await eventually(lambda: is_ready(url))
        yield url
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[Counter[str]]:
    """What came of the requests that were made in the meantime."""
    found: Counter[str] = Counter()
    done = asyncio.Event()

    async def ask() -> None:
        while not done.is_set():
            try:
                answer = await client.get("/health", headers={"Connection": "close"})
                found[str(answer.status_code)] += 1
            except httpx2.TransportError as error:
                found[repr(error)] += 1
            await asyncio.sleep(PAUSE)

    async with httpx2.AsyncClient(base_url=url, timeout=60) as client, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(ask())
        yield found
        done.set()


class SlowRequest:
    """One whose body stops half way until it is told to go on."""

    def __init__(self, server: Server, name: str) -> None:
        self._place = server.url.removeprefix("http://").split(":")
        self._body = json.dumps({"identifier": name, "password": "guessed it"}).encode()

    async def begin(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._place)
        head = (
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self._body)}\r\n\r\n"
        )
        self._writer.write(head.encode())
        # It is being served: the application asks for the body.
        assert await self._reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        await self._reader.readline()
        self._writer.write(self._body[:10])

    async def finish(self) -> bytes:
        """The first line of the answer."""
        self._writer.write(self._body[10:])
        answer = await self._reader.read()
        self._writer.close()
        await self._writer.wait_closed()
        return answer.splitlines()[0]


@asynccontextmanager
async def slow_requests(server: Server, count: int) -> AsyncIterator[None]:
    """They are served all the time, and answered in the end."""
    requests = [SlowRequest(server, f"nobody{number}@example.com") for number in range(count)]
    for each in requests:
        await each.begin()
    yield
    assert {await each.finish() for each in requests} == {b"HTTP/1.1 401 Unauthorized"}


class TestStart:
    async def test_has_a_worker_for_each_core(self, serve: Serve) -> None:
        server = await serve(WORKERS="", ADMIN_EMAIL="", ADMIN_PASSWORD="")
        cores = len(os.sched_getaffinity(0))
        assert len(server.workers()) == (cores if cores > 1 else 0)
        await all_serve(server, cores)
        # What they share was prepared once.
        assert server.output().count("First admin:") == 1

    async def test_is_not_broken_off_by_a_wish_for_a_restart(
        self, tmp_path: Path, database_url: str
    ) -> None:
        server = Server(tmp_path / "server", WORKERS="2", DATABASE_URL=database_url)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(server.start())

                async def begins() -> bool:
                    return (server.data_dir / "run" / "metrics").exists()

                await eventually(begins)
                for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU):
                    server.send(number)
            assert await is_ready(server.url)
            await server.stop()
        finally:
            server.kill()

    async def test_that_fails_costs_nobody_who_serves(self, serve: Serve) -> None:
        server = await serve(WORKERS="2")
        await all_serve(server, 2)
        before = server.workers()
        (server.folder / ".env").write_text("PORTS=1\n")
        server.send(signal.SIGHUP)
        await server.says("server.restart_given_up")
        assert "PORTS: unknown setting" in server.output()
        assert server.workers() == before
        assert await is_ready(server.url)


@pytest.mark.requirement("90")
class TestDeath:
    async def test_of_a_worker_is_made_good_and_that_of_the_parent_ends_all(
        self, serve: Serve
    ) -> None:
        server = await serve(WORKERS="2")
        victim, other = server.workers()
        os.kill(victim, signal.SIGKILL)

        async def is_replaced() -> bool:
            assert await is_ready(server.url)
            now = server.workers()
            return len(now) == 2 and victim not in now

        async def is_deserted() -> bool:
            return not any(map(lives, workers))

        await eventually(is_replaced)
        workers = server.workers()
        assert other in workers
        assert '"worker.died"' in server.output()
        server.send(signal.SIGKILL)
        await server.ended()
        await eventually(is_deserted)


@pytest.mark.requirement("90")
class TestRestart:
    async def test_refuses_nobody(self, serve: Serve) -> None:
        server = await serve(WORKERS="2")
        before = server.workers()
        async with asking(server.url) as found:
            async with slow_requests(server, AT_ONCE):
                server.send(signal.SIGHUP)
                await server.says("worker.retired")
            await server.says("server.restarted")
        assert len(server.workers()) == 2
        assert server.workers().isdisjoint(before)
        assert found.keys() == {"200"}

    @pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
    async def test_refuses_nobody_behind_a_proxy(self, serve: Serve, tmp_path: Path) -> None:
        server = await serve(WORKERS="2")
        async with nginx(tmp_path, server) as url, asking(url) as found:
            server.send(signal.SIGHUP)
            await server.says("server.restarted")
            async with asyncio.timeout(60):
                while found.total() <= 1000:  # noqa: ASYNC110 - they are counted, not announced
                    await asyncio.sleep(PAUSE)
        assert found.keys() == {"200"}


@pytest.mark.requirement("90")
class TestEnd:
    @pytest.mark.parametrize("workers", ["1", "2"])
    async def test_answers_who_is_there(self, serve: Serve, workers: str) -> None:
        server = await serve(WORKERS=workers)

        async def drains() -> bool:
            async with server.client() as client:
                answer = await client.get("/health/ready")
            return answer.status_code == 503 and answer.json()["checks"]["server"] == "draining"

        async with slow_requests(server, 1):
            server.send(signal.SIGTERM)
            await eventually(drains)
        assert await server.ended() == 0


class TestMetrics:
    async def test_are_the_sum_of_all_workers_dead_or_alive(self, serve: Serve) -> None:
        server = await serve(WORKERS="2")
        before = await counted(server)
        async with server.client(Connection="close") as client:
            for _ in range(20):
                await client.get("/api")
        os.kill(min(server.workers()), signal.SIGKILL)
        await server.says("worker.died")
        assert await counted(server) - before == 20
