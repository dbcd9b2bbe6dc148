"""Settings at a glance."""

from __future__ import annotations

from flask import Blueprint, Response

from helpdesk_wellbeing.pages.settings import overview as model
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import reader, shown
from helpdesk_wellbeing.web.site import Site


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /settings, /settings/rules."""

    @pages.get("/settings")
    def settings(account: str) -> Response:
        viewer = reader()
        found = model.build(site.known, viewer, site.now())
        return shown("overview.html", viewer, page=found, words=words, now=site.now())

    @pages.get("/settings/rules")
    def settings_rules(account: str) -> Response:
        viewer = reader()
        rules = sorted(site.known.catalogue.active(), key=lambda one: (one[1].id, one[0].id))
        return shown("rules.html", viewer, rules=rules, words=words)
