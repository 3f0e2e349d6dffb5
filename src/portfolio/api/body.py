"""Reads bodies more strictly than Python does (RFC 8259, RFC 7493)."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import aclosing
from math import isfinite
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette._utils import AwaitableOrContextManager
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException

from portfolio.adapters.storage import refusal_of
from portfolio.api.spooling import SpoolingParser
from portfolio.core.errors import (
    BadRequestException,
    InvalidInputException,
    UnsupportedMediaTypeException,
)
from portfolio.wiring import Services

MAX_DEPTH = 100
_LIMIT = 2**63
Model = TypeVar("Model", bound=BaseModel)
_MAX_DIGITS = 19
_CHUNK = 1024 * 1024
MULTIPART = "multipart/form-data"
FORMS = (MULTIPART, "application/x-www-form-urlencoded")


class StrictRequest(Request):
    """A request that refuses what databases and other parsers would read differently.

    json() and form() raise InvalidInputException, naming the field where that is known.
    """

    @property
    def has_body(self) -> bool:
        length = self.headers.get("content-length", "0")
        return length != "0" or "transfer-encoding" in self.headers

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_form(self) -> bool:
        return self.media_type in FORMS

    @property
    def is_json(self) -> bool:
        subtype = self.media_type.removeprefix("application/")
        return subtype != self.media_type and (subtype == "json" or subtype.endswith("+json"))

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse(await self.body())
        return self._json

    def form(
        self,
        *,
        max_files: float = 0,
        max_fields: float = 1000,
        max_part_size: int = 1024 * 1024,
    ) -> AwaitableOrContextManager[FormData]:
        """With files only where somebody wants them: each is an open file on the disk.

        Raises InsufficientStorageException where there is no room for them.
        """
        return super().form(max_files=max_files, max_fields=max_fields, max_part_size=max_part_size)

    async def _get_form(self, **limits: Any) -> FormData:
        if self._form is None and self.media_type == MULTIPART:
            self._form = await self._parts(**limits)
        form = await super()._get_form(**limits)
        for name, value in form.multi_items():
            if not _storable(name) or not (
                isinstance(value, UploadFile) or _storable(_but_nul(name, value))
            ):
                await form.close()
                raise _refusal("must not hold NUL or lone surrogates", name)
        return form

    async def _parts(self, **limits: Any) -> FormData:
        services: Services = self.app.state.services
        try:
            async with aclosing(self.stream()) as stream:
                return await SpoolingParser(
                    self.headers, stream, services.staging.path, **limits
                ).parse()
        except MultiPartException as error:
            raise BadRequestException(error.message) from None
        except OSError as error:
            raise refusal_of(error) from error

    async def digest(self) -> bytes:
        """SHA-256 of what the body says: for a form of its fields, whatever their boundary."""
        found = hashlib.sha256()
        if not self.is_form:
            found.update(await self.body())
            return found.digest()
        for name, value in (await self.form()).multi_items():
            part = hashlib.sha256()
            if isinstance(value, UploadFile):
                while chunk := await value.read(_CHUNK):
                    part.update(chunk)
                await value.seek(0)
            else:
                part.update(value.encode())
            found.update(json.dumps([name, part.hexdigest()]).encode())
        return found.digest()

    def demand_plain(self) -> None:
        """Raises UnsupportedMediaTypeException for a body that is packed (RFC 9110, 15.5.16)."""
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise UnsupportedMediaTypeException(
                "Send the body without Content-Encoding", headers={"Accept-Encoding": "identity"}
            )

    def demand_json(self) -> None:
        """Raises UnsupportedMediaTypeException for a body that does not call itself JSON."""
        if self.has_body and not self.is_json:
            raise UnsupportedMediaTypeException("Send JSON with Content-Type: application/json")

    def demand_form(self) -> None:
        """Raises UnsupportedMediaTypeException for a body that is no form."""
        if self.has_body and not self.is_form:
            raise UnsupportedMediaTypeException(f"Send a form: {' or '.join(FORMS)}")

    async def content(self, media_type: str) -> bytes:
        """A body that is neither JSON nor a form. Raises UnsupportedMediaTypeException."""
        if self.has_body and self.media_type != media_type:
            raise UnsupportedMediaTypeException(f"Send it with Content-Type: {media_type}")
        return await self.body()

    async def rewind(self) -> bool:
        """Make the body readable once more; False if it was streamed and is gone."""
        if self._form is not None:
            for _, value in self._form.multi_items():
                if isinstance(value, UploadFile):
                    await value.seek(0)
            return True
        return not self._stream_consumed or hasattr(self, "_body")


def parse(body: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises InvalidInputException.

    Refused: duplicate names, numbers beyond 64 bits, NaN and infinities, NUL and lone surrogates
    in strings, nesting deeper than MAX_DEPTH.
    """
    try:
        value = _decoder.decode(body.decode())
    except UnicodeDecodeError as error:
        raise _refusal(f"not valid UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise _refusal(f"not valid JSON at {where}: {error.msg}") from None
    except RecursionError:
        raise _too_deep() from None
    # Only an escape can bring in a character that does not belong, and only brackets depth.
    if b"\\u" in body or body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _inspect(value)
    return value


def filled(model: type[Model], given: Any) -> Model:
    """The model of what a body holds. Raises RequestValidationError."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        problems = [{**problem, "loc": ("body", *problem["loc"])} for problem in error.errors()]
        raise RequestValidationError(problems) from error


def fields(form: FormData) -> dict[str, Any]:
    """Each once. Raises InvalidInputException."""
    pairs = form.multi_items()
    given = dict(pairs)
    if len(given) != len(pairs):
        raise InvalidInputException.of(next(_repeated(pairs)), "given twice")
    return given


def _inspect(root: Any) -> None:
    pending: list[tuple[str, int, Any]] = [("", 0, root)]
    while pending:
        path, depth, value = pending.pop()
        if depth > MAX_DEPTH:
            raise _too_deep()
        match value:
            case str() if not _storable(_but_nul(path, value)):
                raise _refusal("must not hold NUL or lone surrogates", path)
            case dict():
                if not all(map(_storable, value)):
                    raise _refusal("a name in it holds NUL or lone surrogates", path)
                pending += ((_join(path, key), depth + 1, item) for key, item in value.items())
            case list():
                pending += ((_join(path, str(n)), depth + 1, item) for n, item in enumerate(value))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _but_nul(name: str, text: str) -> str:
    """A password may hold anything that can be typed: it is hashed, never stored."""
    return text.replace("\0", "") if name in _PASSWORDS else text


def _storable(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refusal(message: str, field: str = "") -> InvalidInputException:
    return InvalidInputException.of(field or "body", message, "json_invalid")


def _too_deep() -> InvalidInputException:
    return _refusal(f"nested deeper than {MAX_DEPTH} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _refusal("given twice", next(_repeated(pairs)))
    return found


def _repeated(pairs: list[tuple[str, Any]]) -> Iterator[str]:
    seen = set()
    for name, _ in pairs:
        if name in seen:
            yield name
        seen.add(name)


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _MAX_DIGITS or not -_LIMIT <= int(digits) < _LIMIT:
        raise _refusal("holds an integer beyond 64 bits")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    # An integral float becomes an int as soon as a field asks for one.
    if not isfinite(value) or abs(value) >= _LIMIT:
        raise _refusal("holds a number out of range")
    return value


def _constant(name: str) -> NoReturn:
    raise _refusal(f"{name} is no JSON")


_PASSWORDS = {"password", "current_password", "new_password"}
_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant
)
