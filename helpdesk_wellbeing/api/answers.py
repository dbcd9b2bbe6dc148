"""How the API answers and refuses: JSON, one shape of errors, headers that let nothing be kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import orjson
from flask import Response, request
from pydantic import BaseModel, ValidationError

LARGEST = 64 * 1024  # bytes of a body
RETRY_S = 5
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
Given = TypeVar("Given", bound=BaseModel)


class Refusal(Exception):
    """An answer that is an error; the message says who, what, where, and what to do next."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def answer(body: Mapping[str, Any], status: int = 200) -> Response:
    """`body` as JSON."""
    return _json(body, status)


def refused(refusal: Refusal) -> Response:
    """The error as JSON."""
    told = _json({"error": {"code": refusal.code, "message": str(refusal)}}, refusal.status)
    told.headers.update(refusal.headers)
    return told


def body_as(model: type[Given], what: str) -> Given:
    """The request's body as the model says, strictly; no body at all is an empty object. Raises Refusal."""
    request.max_content_length = LARGEST
    text = request.get_data(cache=False)
    if text and request.mimetype not in ("application/json", "application/merge-patch+json"):
        raise Refusal(
            415, "not_json", f"{what}: the body is not JSON by its Content-Type; send application/json",
        )  # fmt: skip
    try:
        return model.model_validate_json(text or b"{}", strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            raise Refusal(400, "not_json", f"{what}: the body is not JSON; send one object") from None
        raise _unfit(what, first, model) from None


def query_as(model: type[Given], what: str) -> Given:
    """The address's query as the model says; every name once. Raises Refusal."""
    several = sorted(name for name, values in request.args.lists() if len(values) > 1)
    if several:
        raise Refusal(422, "invalid", f"{what}: a parameter is given more than once; give it once")
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise _unfit(what, first, model) from None


def no_query(what: str) -> None:
    """Raises Refusal when there is a query."""
    query_as(Nothing, what)


class Nothing(BaseModel):
    """No names at all."""

    model_config = {"extra": "forbid"}


def _unfit(what: str, error: Any, model: type[BaseModel]) -> Refusal:
    """What does not fit, without what was sent: names of ours only."""
    known = set(model.model_fields)
    if error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
        names = ", ".join(sorted(known)) or "nothing"
        return Refusal(422, "invalid", f"{what}: there is a name that is not known here; known: {names}")
    where = ".".join(str(one) for one in error["loc"] if isinstance(one, int) or one in known)
    return Refusal(422, "invalid", f"{what}: {where or 'the body'}: {error['msg'].removeprefix('Value error, ')}")


def _json(body: Mapping[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body) + b"\n", status, HEADERS, mimetype="application/json")
