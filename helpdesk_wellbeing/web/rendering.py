"""From a template to an answer, with what all templates know."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request
from flask_babel import format_date, format_datetime, format_decimal, get_locale

from helpdesk_wellbeing.web.language import LANGUAGES


def render(template: str, status: int = 200, **values: Any) -> Response:
    """The page. Templates know who looks, where they may go, and which languages there are."""
    from helpdesk_wellbeing.web.site import navigation

    of = g.get("viewer")
    body = render_template(
        template, viewer=of, account=g.get("account"), navigation=navigation(of), language=str(get_locale()),
        languages=LANGUAGES, here=_here(), is_setup=request.blueprint == "setup", **values,
    )  # fmt: skip
    return make_response(body, status)


def page_above(path: str) -> str:
    """The nearest address above one that is a page."""
    adapter = current_app.url_map.bind("")
    while path := path.rpartition("/")[0]:
        if adapter.test(path, "GET"):
            return path
    return "/"


def _here() -> str:
    """The address at which this page is found again: one that takes forms only stands on the page above."""
    own = request.url_rule
    if request.method != "POST" or own is None:
        return request.path
    is_page = any("GET" in (one.methods or ()) for one in current_app.url_map.iter_rules() if one.rule == own.rule)
    return request.path if is_page else page_above(request.path)


def go_to(where: str) -> Response:
    """Send the browser there, to look at it."""
    return cast(Response, redirect(where, 303))


def add_filters(app: Flask) -> None:
    """Dates and times as the reader's language writes them; times are in the account's zone."""
    app.jinja_env.filters.update(
        day=day, moment=_moment, number=_number, sentence=_sentence, day_of=_day_of,
        day_short=_day_short,
    )  # fmt: skip


def day(value: date | str) -> str:
    """A day as the reader's language writes it."""
    return str(format_date(date.fromisoformat(value) if isinstance(value, str) else value, "d MMM y"))


def _moment(value: datetime | str) -> str:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return str(format_datetime(at, "d MMM y HH:mm"))


def _number(value: float) -> str:
    return str(format_decimal(round(value, 1)))


def _sentence(text: str) -> str:
    """With a capital at its beginning; the rest stays."""
    return text[:1].upper() + text[1:]


def _day_of(value: datetime) -> str:
    return str(format_date(value, "d MMM y"))


def _day_short(value: date) -> str:
    return str(format_date(value, "d MMM"))
