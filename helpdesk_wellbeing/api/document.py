"""The OpenAPI document of the API, made from what its calls take and answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from helpdesk_wellbeing import __version__
from helpdesk_wellbeing.api.shapes import Refused

if TYPE_CHECKING:
    from flask import Flask

Call = TypeVar("Call", bound=Callable[..., Any])
ALWAYS = (401, 404, 422, 429, 500, 503)
_SAID = "_described"


def described(
    answers: type[BaseModel],
    *,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    status: int = 200,
    decides: bool = False,
) -> Callable[[Call], Call]:
    """Say what a call takes and answers, for the document. Nothing is checked by it: `answers` does that, strictly.

    `decides`: it may be refused with 409, because what it decides is settled.
    """
    refusals = [*ALWAYS, *((400, 413, 415) if body is not None else ()), *((409,) if decides else ())]
    codes: dict[str, Any] = {f"HTTP_{code}": Refused for code in sorted(refusals)}

    def say(call: Call) -> Call:
        setattr(call, _SAID, {"query": query, "json": body, "resp": {f"HTTP_{status}": answers, **codes}})
        return call

    return say


def openapi(app: Flask) -> dict[str, Any]:
    """The document, of an application that has the API.

    Made from a second application of the same addresses, because spectree only knows calls that it wraps, and a call
    that it wraps it also reads.
    """
    from flask import Flask
    from spectree import Response, SecurityScheme, SpecTree
    from spectree.models import SecureType, SecuritySchemeData

    spec = SpecTree(
        "flask", mode="strict", title="helpdesk-wellbeing", version=__version__, openapi_version="3.1.0",
        security_schemes=[SecurityScheme(name="token", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer"))],
        security={"token": []},
    )  # fmt: skip
    same = Flask("document", static_folder=None)
    for rule in app.url_map.iter_rules():
        call = app.view_functions[rule.endpoint]
        said = getattr(call, _SAID, None)
        if said is not None:
            wrapped = spec.validate(**{**said, "resp": Response(**said["resp"])}, skip_validation=True)(call)
            same.add_url_rule(rule.rule, rule.endpoint, wrapped, methods=rule.methods)
    spec.register(same)
    with same.app_context():
        document: dict[str, Any] = spec.spec
    return document
