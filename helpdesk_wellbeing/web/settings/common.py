"""What all pages of settings begin and end with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache, wraps
from typing import Any, TypeVar, cast
from zoneinfo import available_timezones

from flask import Response, abort, flash, request, url_for

from helpdesk_wellbeing.access.members import as_actor
from helpdesk_wellbeing.access.roles import MAY_CHANGE_SETTINGS
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.site import viewer_for

View = TypeVar("View", bound=Callable[..., Response])
LONGEST_TEXT = 4000  # signs of one field of a form that is no file


@cache
def all_zones() -> tuple[str, ...]:
    """Every time zone there is, by name."""
    return tuple(sorted(available_timezones()))


def reader() -> Viewer:
    """Whoever may look at settings; else 403."""
    return viewer_for("settings")


def changer() -> Viewer:
    """Whoever may change settings; else 403."""
    found = viewer_for("settings")
    if not found.has(*MAY_CHANGE_SETTINGS):
        abort(403)
    return found


def shown(template: str, viewer: Viewer, status: int = 200, **values: Any) -> Response:
    """A page of settings; with `may_change` forms are there."""
    return render(f"settings/{template}", status, may_change=viewer.has(*MAY_CHANGE_SETTINGS), **values)


def back(endpoint: str, text: str, account: str, kind: str = "said", anchor: str | None = None) -> Response:
    """To a page, with what was done."""
    flash(text, kind)
    return go_to(url_for(f"pages.{endpoint}", account=account, _anchor=anchor))


def by(viewer: Viewer) -> Any:
    """Who changed it, for the audit: agents by their word."""
    return as_actor(viewer.who, viewer.agent)


def text_of(name: str) -> str:
    """A field of the form on one line, without the blanks around it."""
    return " ".join(request.form.get(name, "").split())[:LONGEST_TEXT]


def day_of(name: str, wrong: dict[str, str], message: str) -> date | None:
    """A date of the form; None where it is empty or, with a word in `wrong`, where it cannot be read."""
    text = text_of(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        wrong[name] = message
        return None


def only_admins(view: View) -> View:
    """The view is for those who may change settings."""

    @wraps(view)
    def guarded(*arguments: Any, **named: Any) -> Response:
        changer()
        return view(*arguments, **named)

    return cast(View, guarded)
