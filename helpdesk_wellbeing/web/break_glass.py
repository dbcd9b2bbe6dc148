"""The page that asks for a reason before it opens somebody's own page."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_babel import gettext as _

from helpdesk_wellbeing.access import break_glass
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.errors import CannotDecide
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.site import Site, viewer

MOST_OFFERED = 300  # names that the form offers while one types


def add_to(pages: Blueprint, site: Site) -> None:
    """GET and POST /a/<account>/break-glass, POST /a/<account>/break-glass/<id>/close."""
    store = site.store

    @pages.get("/break-glass")
    def ask_to_look(account: str) -> Response:
        return _form(site, _may())

    @pages.post("/break-glass")
    def look(account: str) -> Response:
        found, form = _may(), request.form
        agent = break_glass.agent_named(site.known.names(account), form.get("agent", ""))
        wrong = {}
        if agent is None:
            wrong["agent"] = _("Nobody, or more than one, is called so. Write the whole name, or the id.")
        elif agent == found.agent:
            wrong["agent"] = _("This is you; your own page is open to you.")
        if form.get("sure") != "yes":
            wrong["sure"] = _("Tick this box to go on.")
        if agent is not None and not wrong:
            try:
                break_glass.open_glass(store, found, agent, form.get("reason", ""), site.now())
            except CannotDecide:
                wrong["reason"] = _("Write in a sentence what you need it for: at least 15 signs, at most 500.")
            else:
                return _opened(account, agent)
        return _form(site, found, form, wrong)

    @pages.post("/break-glass/<id>/close")
    def stop_looking(account: str, id: str) -> Response:
        if not break_glass.close_glass(store, _may(), id, site.now()):
            abort(404)
        flash(_("Shut again."), "said")
        return go_to(url_for("pages.ask_to_look", account=account))


def _may() -> Viewer:
    found = viewer()
    if not found.may_break_glass:
        abort(403)
    return found


def _opened(account: str, agent: str) -> Response:
    flash(_("Open for an hour. It is in the audit, and the person is told."), "careful")
    return go_to(url_for("pages.me_of", account=account, agent=agent))


def _form(
    site: Site, found: Viewer, given: dict[str, str] | None = None, wrong: dict[str, str] | None = None
) -> Response:
    names = site.known.names(found.account)
    offered = sorted(set(names.agents.values())) if len(names.agents) <= MOST_OFFERED else []
    now_open = [
        (one, names.agent(one.agent), url_for("pages.me_of", account=found.account, agent=one.agent))
        for one in break_glass.open_to(site.store, found, site.now())
    ]
    return render(
        "break_glass.html", 422 if wrong else 200, given=given or {}, wrong=wrong or {}, offered=offered,
        now_open=now_open,
    )  # fmt: skip
