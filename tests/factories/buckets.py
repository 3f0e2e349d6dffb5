"""An S3 server of its own, in a process that needs no network, and stores that are away."""

import asyncio
import re
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from threading import Thread
from urllib.parse import quote
from uuid import uuid4

# It ends with whoever holds its standard input, even if they are killed.
PROGRAM = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", "0"])
"""
# Its own library warns of what it uses itself, which is no matter of ours.
COMMAND = [sys.executable, "-u", "-W", "ignore", "-c", PROGRAM]
SECRET = "open+sesame/for%buckets"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def address_of(endpoint: str, bucket: str = "media", prefix: str = "site") -> str:
    """A STORAGE_URL for what listens there."""
    return (
        f"s3://{bucket}/{prefix}?endpoint={endpoint}&region=us-east-1"
        f"&access_key_id=tests&secret_access_key={quote(SECRET, safe='+/')}"
    )


class S3Server:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def make_bucket(self) -> str:
        """The STORAGE_URL of an empty one."""
        name = f"media-{uuid4().hex}"
        connection = HTTPConnection(self.endpoint.removeprefix("http://"))
        connection.request("PUT", f"/{name}")
        assert connection.getresponse().status == HTTPStatus.OK
        connection.close()
        return address_of(self.endpoint, name)


@contextmanager
def running_s3() -> Iterator[S3Server]:
    with subprocess.Popen(  # noqa: S603 - our own command
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            said = next(filter(_ADDRESS.search, process.stdout))
            found = _ADDRESS.search(said)
            assert found is not None
            # What it says of each request would fill the pipe and stop it.
            Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
            yield S3Server(found[0])
        finally:
            process.terminate()


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Takes connections and never says a word."""
    writers = []

    async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    async with await asyncio.start_server(listen, "127.0.0.1") as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for writer in writers:
            writer.close()
