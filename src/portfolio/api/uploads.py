"""A file, and what is said of it, in one form (RFC 7578); or an address in its place, as JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel
from starlette.datastructures import UploadFile

from portfolio.adapters.limiter import LimitName
from portfolio.api.body import MULTIPART, StrictRequest, fields, filled
from portfolio.api.identity import Editor
from portfolio.api.limits import count
from portfolio.core.errors import (
    InsufficientStorageException,
    InvalidInputException,
    PayloadTooLargeException,
    QuotaExceededException,
    TooManyFilesException,
    UnsupportedMediaTypeException,
)
from portfolio.models.users import User
from portfolio.wiring import Services

# What may come with a file: its other fields, their names, and the boundaries.
ALLOWANCE = 1024 * 1024
_MAX_FIELDS, _MAX_FIELD = 20, 64 * 1024
_MAX_JSON = 1024 * 1024
F = TypeVar("F")
_REFS = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Sent(Generic[F]):
    """`data` is of the model for what was sent: with a file, or with its address.

    A Path leads to the file for as long as the request lasts; endpoints have in its place what
    was stored of it.
    """

    data: Any
    file: F | None


class Upload:
    """A dependency that takes either, or a file alone where there is no model `by_address`.

    Who may not write sends nothing: an Editor is asked for before the body is read. Raises
    RequestValidationError, InvalidInputException, UnsupportedMediaTypeException,
    RateLimitedException, and what UploadQuota.require_room() and StrictRequest.form() raise.
    """

    raises: ClassVar = (TooManyFilesException, QuotaExceededException, InsufficientStorageException)

    def __init__(
        self, with_file: type[BaseModel], by_address: type[BaseModel] | None = None
    ) -> None:
        self._with_file = with_file
        self._by_address = by_address

    async def __call__(self, request: StrictRequest, user: Editor) -> Sent[Path]:
        if request.media_type != MULTIPART:
            if self._by_address is None:
                raise UnsupportedMediaTypeException(f"Send a form: {MULTIPART}")
            request.demand_json()
            if len(await request.body()) > _MAX_JSON:
                raise PayloadTooLargeException(f"Send {_MAX_JSON} bytes of JSON at most")
            return Sent(filled(self._by_address, await request.json()), None)
        await self._admit(request, user)
        form = await request.form(max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD)
        given = fields(form)
        file = given.pop("file", None)
        if not isinstance(file, UploadFile):
            raise InvalidInputException.of("file", "send the file itself in this field", "missing")
        return Sent(filled(self._with_file, given), Path(file.file.name))

    async def _admit(self, request: StrictRequest, user: User) -> None:
        """Whoever sends too many is refused before one is received."""
        await count(request, LimitName.UPLOADS, str(user.id))
        # What is repeated by its key takes no further room, and replacing may take less.
        if request.method == "POST" and "idempotency-key" not in request.headers:
            services: Services = request.app.state.services
            await services.quota.require_room(user.id)

    def body(self) -> dict[str, Any]:
        """As OpenAPI declares it; the models are among schemas()."""
        contents = {MULTIPART: self._with_file}
        if self._by_address is not None:
            contents["application/json"] = self._by_address
        return {
            "required": True,
            "content": {
                kind: {"schema": {"$ref": _REFS.format(model=model.__name__)}}
                for kind, model in contents.items()
            },
        }

    def schemas(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for model in filter(None, (self._with_file, self._by_address)):
            schema = model.model_json_schema(ref_template=_REFS)
            found |= schema.pop("$defs", {})
            found[model.__name__] = schema
        form = found[self._with_file.__name__]
        file = {"type": "string", "format": "binary"}
        form["properties"] = {"file": file, **form.get("properties", {})}
        form["required"] = ["file"]
        return found
