"""The files of forms, on the disk from their first byte on."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO, cast

from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartException, MultiPartParser


class SpoolingParser(MultiPartParser):
    """Writes each file into `folder`; `file.name` says where it is until the form is closed.

    The system's own folder for such files is often a small one in memory. parse() also raises
    MultiPartException for a form that breaks off, and OSError where the disk takes no more.
    """

    def __init__(
        self, headers: Headers, stream: AsyncGenerator[bytes, None], folder: Path, **limits: Any
    ) -> None:
        super().__init__(headers, stream, **limits)
        self._folder = folder
        self._files = ExitStack()
        self._is_whole = False

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        upload = self._current_part.file
        if upload is not None:
            # Nothing was written to it, so that it has no place on the disk yet.
            upload.file.close()
            file = NamedTemporaryFile(dir=self._folder)  # noqa: SIM115 - parse() closes it
            self._files.callback(file.close)
            upload.file = cast("BinaryIO", file)

    def on_part_end(self) -> None:
        if self._current_part.file is None:
            try:
                self._current_part.data.decode()
            except UnicodeDecodeError:
                # It would be taken for Latin-1.
                raise MultiPartException("A field is not valid UTF-8.") from None
        super().on_part_end()

    def on_end(self) -> None:
        self._is_whole = True

    async def parse(self) -> FormData:
        with self._files:
            form = await super().parse()
            if not self._is_whole:
                raise MultiPartException("The form breaks off.")
            self._files.pop_all()
        return form
