"""A folder of files behind a web server as plain as there are any: what a front end may be."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

HOST = "127.0.0.1"


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: object, headers: Mapping[str, str], directory: str) -> None:
        self._more = headers
        super().__init__(*arguments, directory=directory)  # type: ignore[arg-type]  # as it came

    def end_headers(self) -> None:
        for name, value in self._more.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def static_site(folder: Path, headers: Mapping[str, str]) -> Iterator[str]:
    """Its origin. The folder may come, and change, while it runs."""
    handler = partial(_Handler, headers=headers, directory=str(folder))
    with ThreadingHTTPServer((HOST, 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
