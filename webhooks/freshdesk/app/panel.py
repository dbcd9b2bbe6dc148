"""What the Freshworks app asks of us: whether we are there, and what is suggested for a ticket.

The call shows the account's webhook secret, as its events do, so it comes from that account's app. Who looks is not
proven: nothing personal is answered. Pages fetch through the platform, so no browser sends it and nothing is framed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request

from helpdesk_wellbeing.acting.beside import TEXTS, beside
from helpdesk_wellbeing.acting.names import names_of
from helpdesk_wellbeing.errors import WellbeingError
from webhooks.freshdesk.proof import shows_secret
from webhooks.known import LookUp, Remembered, from_store

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

PLATFORM = "freshdesk"
_TICKET = re.compile(r"[1-9][0-9]{0,19}")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"}


def panel(
    store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC), secrets_of: LookUp | None = None
) -> Blueprint:
    """The blueprint: GET /apps/freshdesk/<account>/state and …/tickets/<ticket>. Both answer JSON."""
    page = Blueprint("freshdesk_app", __name__, url_prefix=f"/apps/{PLATFORM}/<account>")
    look_up = secrets_of or Remembered(from_store(store))

    @page.before_request
    def prove() -> Response | None:
        secrets = look_up(PLATFORM, (request.view_args or {}).get("account", ""))
        if shows_secret(request.headers, b"", secrets or (), now()):
            return None
        return _answer({"error": "the call does not show this account's secret"}, 401)

    @page.get("/state")
    def state(account: str) -> Response:
        run = store.work.run_of(account)
        return _answer(
            {"read_at": None if run.pulled_at is None else run.pulled_at.isoformat(), "trouble": run.failures > 0}
        )

    @page.get("/tickets/<ticket>")
    def suggestion(account: str, ticket: str) -> Response:
        found = beside(store, account, ticket, names_of(store, account), now()) if _TICKET.fullmatch(ticket) else None
        if found is None:
            return _answer({"text": None, "path": None})
        language = request.args.get("lang", "")
        said = found.text(language if language in TEXTS else "en")
        return _answer({"text": said, "path": f"/a/{account}/proposals/{found.proposal}"})

    @page.errorhandler(WellbeingError)
    def fail(error: WellbeingError) -> Response:
        return _answer({"error": "this cannot be told at the moment"}, 503)

    return page


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    answer = jsonify(body)
    answer.status_code = status
    answer.headers.update(_HEADERS)
    return answer
