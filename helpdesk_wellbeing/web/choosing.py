"""The beginning of an account's pages, and the choice of a language."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from helpdesk_wellbeing.web import cookies
from helpdesk_wellbeing.web.language import COOKIE, LANGUAGES
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.site import Site, home, viewer


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /a/<account>/, POST /a/<account>/language."""

    @pages.get("/")
    def beginning(account: str) -> Response:
        where = home(viewer())
        return render("nothing_here.html") if where is None else go_to(where)

    @pages.post("/language")
    def choose_language(account: str) -> Response:
        return _chosen(site, account, url_for("pages.beginning", account=account))


def add_to_setup(setup: Blueprint, site: Site) -> None:
    """POST /setup/language; whoever has only the link to the set-up may choose, too."""

    @setup.post("/language")
    def choose_language() -> Response:
        return _chosen(site, None, url_for("setup.beginning"))


def _chosen(site: Site, account: str | None, beginning: str) -> Response:
    """Back to where they were, in the language from now on."""
    answer = go_to(cookies.local(request.form.get("back"), account) or beginning)
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        answer.set_cookie(COOKIE, chosen, max_age=365 * 24 * 3600, samesite="Lax", httponly=True,
                          secure=cookies.is_secure(site.store, account))  # fmt: skip
    return answer
