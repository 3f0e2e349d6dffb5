"""One address for programs, which send JSON, and for plain HTML forms (HTML, 4.10.21)."""

from typing import Any, ClassVar

from fastapi import Request
from pydantic import BaseModel

from portfolio.api.body import FORMS, StrictRequest, fields, filled
from portfolio.api.pages.forms import TYPED
from portfolio.core.errors import AppError

_REFS = "#/components/schemas/{model}"
_MAX_FIELDS, _MAX_FIELD = 50, 128 * 1024


class JsonOrForm:
    """A dependency that fills one model from JSON, or another one from a form.

    Raises RequestValidationError, InvalidInputException, UnsupportedMediaTypeException, and
    BadRequestException for a form with files.
    """

    raises: ClassVar[tuple[type[AppError], ...]] = ()

    def __init__(self, as_json: type[BaseModel], as_form: type[BaseModel]) -> None:
        self._as_json = as_json
        self._as_form = as_form

    async def __call__(self, request: StrictRequest) -> Any:
        if not request.is_form:
            request.demand_json()
            return filled(self._as_json, await request.json())
        form = await request.form(max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD)
        # Where a page finds it that shows the form again.
        request.scope[TYPED] = {name: str(value) for name, value in form.items()}
        return filled(self._as_form, fields(form))

    def body(self) -> dict[str, Any]:
        """As OpenAPI declares it; the models are among schemas()."""
        contents = {"application/json": self._as_json, **dict.fromkeys(FORMS, self._as_form)}
        return {
            "required": True,
            "content": {
                kind: {"schema": {"$ref": _REFS.format(model=model.__name__)}}
                for kind, model in contents.items()
            },
        }

    def schemas(self) -> dict[str, Any]:
        return {
            model.__name__: model.model_json_schema(ref_template=_REFS)
            for model in (self._as_json, self._as_form)
        }


def wants_page(request: Request) -> bool:
    """Whether a browser sent a form by itself, and will show what comes back.

    A script that sends one takes anything (`*/*`), and gets JSON.
    """
    accepted = request.headers.get("Accept", "")
    return StrictRequest(request.scope).is_form and "text/html" in accepted
