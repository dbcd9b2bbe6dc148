"""The consent page: two buttons behind a private link, without an account, JavaScript or cookies.

As on the pulse page, the link's token stands in the address of the GET only; the form carries it in its body and goes
to a bare address, nothing here logs an address, and a GET changes nothing. A proxy's log must leave out /consent/.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from helpdesk_wellbeing.acting import consent, review
from helpdesk_wellbeing.acting.consent import Asked, Question, Stands
from helpdesk_wellbeing.acting.consent_words import LANGUAGES, WORDS
from helpdesk_wellbeing.errors import CannotDecide, StoreError
from helpdesk_wellbeing.logs import place_of
from helpdesk_wellbeing.sheets import HEADERS, STYLE, TEMPLATES, Patience, language_of

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

LARGEST = 4 * 1024  # bytes of a form
_STATUS = {"unknown": 404, "used": 410, "closed": 410, "busy": 429, "failed": 500}
_ANSWERS = {"yes": True, "no": False}

_log = structlog.get_logger(__name__)


def consents(
    store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC), patience: Patience | None = None
) -> Blueprint:
    """The blueprint: GET /consent/<token> asks, POST /consent/ answers."""
    page = Blueprint("consent", __name__, template_folder=str(TEMPLATES), url_prefix="/consent")
    wrong = patience or Patience()

    @page.get("/<token>")
    def show(token: str) -> Response:
        language = language_of(request.args.get("lang"), LANGUAGES)
        found, refused = _found(store, token, wrong, now())
        return _told(refused, language) if found is None else _form(found[1], token, language)

    @page.post("/")
    def take() -> Response:
        request.max_content_length = LARGEST
        form = request.form
        language = language_of(form.get("switch") or form.get("lang"), LANGUAGES)
        token, at = form.get("link", ""), now()
        found, refused = _found(store, token, wrong, at)
        if found is None:
            return _told(refused, language)
        asked, question = found
        if "switch" in form:
            return _form(question, token, language)
        answer = _ANSWERS.get(form.get("answer", ""))
        if answer is None:
            return _form(question, token, language, is_checked=True)
        try:
            review.consent(store, asked.account, asked.proposal, asked.agent, answer, at)
        except CannotDecide:  # answered or settled since we looked
            return _told(_found(store, token, wrong, at)[1] or "closed", language)
        return _told("agreed" if answer else "refused", language)

    @page.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        # before Flask's own handler, which would log the address, and with it the link
        language = language_of(request.args.get("lang"), LANGUAGES)
        if isinstance(error, HTTPException):
            return _told("unknown", language, error.code or 400)
        _log.error("consent page failed", error=type(error).__name__, place=place_of(error))
        return _told("failed", language, 503 if isinstance(error, StoreError) else 500)

    return page


def _found(store: Store, token: str, wrong: Patience, at: datetime) -> tuple[tuple[Asked, Question] | None, str]:
    """What the link asks, or else the kind of page that says why nothing is."""
    asked = consent.read(store, token)
    question = None if asked is None else consent.question(store, asked, at)
    if asked is None or question is None:
        return None, "unknown" if wrong.spend() else "busy"
    if question.stands is Stands.OPEN:
        return (asked, question), ""
    return None, "used" if question.stands is Stands.ANSWERED else "closed"


def _form(question: Question, token: str, language: str, *, is_checked: bool = False) -> Response:
    number = len(question.tickets)
    values = {"groups": ", ".join(question.groups), "count": number, "until": f"{question.expires_at:%Y-%m-%d %H:%M}"}
    words = WORDS[language]
    return _page(
        "form",
        language,
        422 if is_checked else 200,
        token=token,
        intro=words["intro_one" if number == 1 else "intro_many"].format(**values),
        tickets=[words["ticket"].format(id=ticket) for ticket in question.tickets],
        until=words["until"].format(**values),
        yes=words["yes_one" if number == 1 else "yes"],
        is_checked=is_checked,
    )


def _told(kind: str, language: str, status: int | None = None) -> Response:
    """A page that says one thing and what comes next."""
    answer = _page(kind, language, status or _STATUS.get(kind, 200))
    if answer.status_code in (429, 503):
        answer.headers["Retry-After"] = "60"
    return answer


def _page(kind: str, language: str, status: int, **more: Any) -> Response:
    others = [(code, WORDS[code]["language"]) for code in LANGUAGES if code != language]
    body = render_template(
        "consent.html", kind=kind, language=language, words=WORDS[language], others=others, style=STYLE, **more
    )
    answer = make_response(body, status)
    answer.headers.update(HEADERS)
    answer.headers["Content-Language"] = language
    return answer
