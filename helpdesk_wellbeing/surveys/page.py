"""The pulse page: a form that works without an account, without JavaScript and without cookies.

The link's token stands in the address of the GET only, so that a page without scripts can read it; the form carries it
in its body, and the POST goes to a bare address. Our own server logs no calls, and nothing here logs an address: where
a proxy stands in front, its log must leave out /pulse/ (see the README). A GET changes nothing, so those who fetch
links ahead use none up. Nobody else's page can send the form: without the token, which only the invited one has, it is
nothing, and no cookie stands in for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from helpdesk_wellbeing.logs import place_of
from helpdesk_wellbeing.sheets import HEADERS, STYLE, TEMPLATES, Patience, language_of
from helpdesk_wellbeing.store.surveys import Used
from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.surveys.model import State, Wave
from helpdesk_wellbeing.surveys.policy import K_COMMENTS, K_SCORES
from helpdesk_wellbeing.surveys.questions import (
    HIGHEST,
    LANGUAGES,
    LONGEST_COMMENT,
    LOWEST,
    MONTHS,
    SCALE,
    WORDS,
    question_set,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.surveys.waves import Door

LARGEST = 64 * 1024  # bytes of a form
_STATUS = {"unknown": 404, "used": 410, "closed": 410, "busy": 429, "failed": 500}

_log = structlog.get_logger(__name__)


def pulse(
    store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC), patience: Patience | None = None
) -> Blueprint:
    """The blueprint: GET /pulse/<token> shows the form, POST /pulse/ answers."""
    page = Blueprint("pulse", __name__, template_folder=str(TEMPLATES), url_prefix="/pulse")
    wrong = patience or Patience()

    @page.get("/<token>")
    def show(token: str) -> Response:
        language = language_of(request.args.get("lang"), LANGUAGES)
        opened, refused = _opened(store, token, wrong, now())
        return _told(refused, language) if opened is None else _form(opened, token, language)

    @page.post("/")
    def take() -> Response:
        request.max_content_length = LARGEST
        form = request.form
        language = language_of(form.get("switch") or form.get("lang"), LANGUAGES)
        token = form.get("link", "")
        opened, refused = _opened(store, token, wrong, now())
        if opened is None:
            return _told(refused, language)
        wave = opened.wave
        scores = [_score(form.get(f"q{number}")) for number in range(len(question_set(wave.question_set).themes))]
        comment = _plain(form.get("comment", ""))
        if "switch" in form:
            return _form(opened, token, language, scores, comment)
        complete = [score for score in scores if score is not None]
        if len(complete) < len(scores) or len(comment) > LONGEST_COMMENT:
            return _form(opened, token, language, scores, comment, is_checked=True)
        used = waves.answer(store, opened, complete, comment, now())
        return _told({Used.COUNTED: "thanks", Used.BEFORE: "used", Used.CLOSED: "closed"}[used], language)

    @page.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        # before Flask's own handler, which would log the address, and with it the link
        language = language_of(request.args.get("lang"), LANGUAGES)
        if isinstance(error, HTTPException):
            return _told("large" if error.code == 413 else "unknown", language, error.code or 400)
        _log.error("pulse page failed", error=type(error).__name__, place=place_of(error))
        return _told("failed", language)

    return page


def _opened(store: Store, token: str, wrong: Patience, at: datetime) -> tuple[Door | None, str]:
    """What the link opens, or else the kind of page that says why not.

    Whether it was used is only told to who sends a whole answer: others could find out who has answered.
    """
    opened = waves.door(store, token)
    if opened is None:
        refused = "closed" if waves.is_over(store, token) else "unknown"
        return None, refused if wrong.spend() else "busy"
    if not _is_open(opened.wave, at):
        return None, "closed"
    return opened, ""


def _is_open(wave: Wave, at: datetime) -> bool:
    return wave.state is State.OPEN and wave.opens_at <= at < wave.closes_at


def _form(
    opened: Door,
    token: str,
    language: str,
    scores: list[int | None] | None = None,
    comment: str = "",
    *,
    is_checked: bool = False,
) -> Response:
    questions = question_set(opened.wave.question_set).texts[language]
    chosen = scores or [None] * len(questions)
    is_long = is_checked and len(comment) > LONGEST_COMMENT
    is_missing = is_checked and None in chosen
    return _page(
        "form",
        language,
        422 if is_checked else 200,
        token=token,
        questions=list(zip(questions, chosen, strict=True)),
        scale=list(enumerate(SCALE[language], start=LOWEST)),
        comment=comment,
        is_checked=is_checked,
        is_missing=is_missing,
        is_long=is_long,
        until=opened.wave.closes_at,
    )


def _told(kind: str, language: str, status: int | None = None) -> Response:
    """A page that says one thing and what comes next."""
    answer = _page(kind, language, status or _STATUS.get(kind, 200))
    if kind == "busy":
        answer.headers["Retry-After"] = "60"
    return answer


def _page(kind: str, language: str, status: int, **more: Any) -> Response:
    until: datetime | None = more.get("until")
    known = {"k": K_SCORES, "k_comments": K_COMMENTS, "most": LONGEST_COMMENT, **_day(until, language)}
    words = {name: text.format_map(known) for name, text in WORDS[language].items()}
    others = [(code, WORDS[code]["language"]) for code in LANGUAGES if code != language]
    body = render_template(
        "pulse.html",
        kind=kind,
        language=language,
        words=words,
        others=others,
        style=STYLE,
        most=LONGEST_COMMENT,
        **more,
    )
    answer = make_response(body, status)
    answer.headers.update(HEADERS)
    answer.headers["Content-Language"] = language
    return answer


def _day(at: datetime | None, language: str) -> dict[str, object]:
    if at is None:
        return {"day": "", "month": "", "hour": ""}
    return {"day": at.day, "month": MONTHS[language][at.month - 1], "hour": f"{at:%H:%M}"}


def _score(text: str | None) -> int | None:
    allowed: Mapping[str, int] = {str(score): score for score in range(LOWEST, HIGHEST + 1)}
    return allowed.get(text or "")


def _plain(text: str) -> str:
    """Line ends as one character, as the browser counts them; no other control characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in lines if one == "\n" or one.isprintable()).strip()
