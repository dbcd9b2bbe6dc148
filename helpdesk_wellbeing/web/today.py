"""Today."""

from __future__ import annotations

from flask import Blueprint, Response, request

from helpdesk_wellbeing.pages import today as page
from helpdesk_wellbeing.web import words
from helpdesk_wellbeing.web.rendering import render
from helpdesk_wellbeing.web.site import Site, viewer_for

_LAST = 1_000_000


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /a/<account>/today."""

    @pages.get("/today")
    def today(account: str) -> Response:
        now = site.now()
        first = request.args.get("first", 0, type=int)
        found = page.build(site.known, viewer_for("today"), now, min(max(first, 0), _LAST))
        return render("today.html", page=found, step=page.A_PAGE, soon=now + page.SOON, words=words, now=now)
