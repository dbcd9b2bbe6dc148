"""Settings at a glance."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext as _

from helpdesk_wellbeing.agreement.saying import settle
from helpdesk_wellbeing.errors import CannotDecide
from helpdesk_wellbeing.pages.settings import overview as model
from helpdesk_wellbeing.web import phrases
from helpdesk_wellbeing.web.measures import here
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import back, by, changer, reader, shown
from helpdesk_wellbeing.web.site import Site


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /settings, /settings/rules; POST /settings/contests/<id>: the admin has looked."""

    @pages.get("/settings")
    def settings(account: str) -> Response:
        viewer = reader()
        found = model.build(site.known, viewer, site.now())
        return shown("overview.html", viewer, page=found, words=words, p=phrases, now=site.now())

    @pages.post("/settings/contests/<id>")
    def settle_contest(account: str, id: str) -> Response:
        viewer = changer()
        try:
            settle(site.store, account, id, by(viewer), site.now())
        except CannotDecide:
            return back("settings", _("This was settled already."), account, "careful")
        return back("settings", _("Settled. The flag speaks again, where it is still on."), account)

    @pages.get("/settings/rules")
    def settings_rules(account: str) -> Response:
        viewer = reader()
        rules = sorted(site.known.catalogue.active(), key=lambda one: (one[1].id, one[0].id))
        return shown("rules.html", viewer, rules=rules, words=words, saying=here())
