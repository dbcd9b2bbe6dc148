"""The API put together: who may call it, and what becomes of errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from helpdesk_wellbeing.api import audit, proposals, settings, surveys, tokens
from helpdesk_wellbeing.api.answers import RETRY_S, Refusal, refused
from helpdesk_wellbeing.api.desk import Desk, decides
from helpdesk_wellbeing.errors import CannotDecide, ConfigError, StoreError, WellbeingError
from helpdesk_wellbeing.logs import place_of
from helpdesk_wellbeing.sheets import Patience
from helpdesk_wellbeing.upkeep.purposes import stated

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

PREFIX = "/api/"
PURPOSE = "Purpose"  # the header in which a call says what it is for, and each answer what it was given for
OF_AN_ACCOUNT = f"{PREFIX}v1/accounts/<account>"
_CODES = {400: "bad_request", 404: "not_found", 405: "not_allowed", 413: "too_large", 415: "not_json"}

_log = structlog.get_logger(__name__)


def api(
    store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC), patience: Patience | None = None
) -> Blueprint:
    """The blueprint: everything below /api/v1/accounts/<account>/, for whoever has a token of that account."""
    routes = Blueprint("api", __name__, url_prefix=OF_AN_ACCOUNT)
    wrong = patience or Patience()

    @routes.before_request
    def let_in() -> None:
        account = (request.view_args or {}).get("account", "")
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        by = tokens.name_of(store, account, token.strip()) if kind.lower() == "bearer" and token else None
        if by is None:
            raise _not_let_in(account, wrong)
        decides(by)
        g.purpose = _purpose_of(request.path, request.headers.get(PURPOSE))

    @routes.after_request
    def say_what_for(response: Response) -> Response:
        if "purpose" in g:
            response.headers[PURPOSE] = g.purpose
        return response

    @routes.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        return refused(_refusal(error))

    @routes.app_errorhandler(HTTPException)
    def fail_outside(error: HTTPException) -> Response | HTTPException:
        """No route, or not this method: no blueprint is asked then."""
        return refused(_of_http(error)) if request.path.startswith(PREFIX) else error

    desk = Desk(store, now)
    for part in (proposals, settings, audit, surveys):
        part.add_to(routes, desk)
    return routes


def document() -> Blueprint:
    """The blueprint of GET /api/v1/openapi.json, which tells nothing of any account."""
    from flask import current_app

    from helpdesk_wellbeing.api.answers import answer
    from helpdesk_wellbeing.api.document import openapi

    routes = Blueprint("api_document", __name__)
    made: dict[str, Any] = {}

    @routes.get(f"{PREFIX}v1/openapi.json")
    def openapi_json() -> Response:
        if not made:
            made.update(openapi(current_app))
        return answer(made)

    return routes


def _purpose_of(path: str, code: str | None) -> str:
    """What this call is for, as it said, or what its part of the data is kept for; anything else is refused."""
    part = path.removeprefix(PREFIX).split("/")[3]  # v1/accounts/NAME/part
    try:
        return stated(code, part).value
    except ConfigError as error:
        raise Refusal(403, "not_for_this", str(error)) from None


def _not_let_in(account: str, wrong: Patience) -> Refusal:
    if not wrong.spend():
        return Refusal(
            429, "too_many", "too many calls with tokens that open nothing; wait a minute, then send a valid one",
            Retry_After="60",
        )  # fmt: skip
    # the same words whether there is such an account or not
    return Refusal(
        401, "no_token", "this call has no token that opens this account; send Authorization: Bearer with one that "
        "helpdesk-wellbeing token add made for it",
        WWW_Authenticate='Bearer realm="helpdesk-wellbeing"',
    )  # fmt: skip


def _refusal(error: Exception) -> Refusal:
    where = f"{request.method} {request.endpoint or ''}"
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, CannotDecide):
        return Refusal(409, "cannot_decide", str(error))
    if isinstance(error, StoreError):
        _log.warning("the API cannot use the database", problem=str(error), call=where)
        return Refusal(
            503, "store_away", f"the database of this installation cannot be used now; try again in {RETRY_S} s, and "
            "after a decision look first whether it was kept", Retry_After=str(RETRY_S),
        )  # fmt: skip
    problem = {"problem": str(error)} if isinstance(error, WellbeingError) else {}  # others may quote what was read
    _log.error("the API failed", error=type(error).__name__, place=place_of(error), call=where, **problem)
    return Refusal(
        500, "failed", "something went wrong here that nobody foresaw; the log of helpdesk-wellbeing serve says where"
    )


def _of_http(error: HTTPException) -> Refusal:
    status = error.code or 500
    said = {
        404: "there is nothing at this address; see the README of helpdesk_wellbeing/api for what there is",
        405: f"{request.method} is not answered at this address; the header Allow says what is",
        413: "the body is larger than 64 KiB; send less at once",
    }.get(status, "this call cannot be read; send it again as HTTP/1.1 with a JSON body")
    refusal = Refusal(status, _CODES.get(status, "bad_request"), said)
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        refusal.headers["Allow"] = ", ".join(sorted(allowed))
    return refusal
