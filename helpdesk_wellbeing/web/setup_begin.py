"""The first page of the set-up: which accounts there are, and the way into them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from helpdesk_wellbeing.web.rendering import render
from helpdesk_wellbeing.web.setup_door import admin, go_on_in
from helpdesk_wellbeing.web.site import Site


def add_to_setup(setup: Blueprint, site: Site) -> None:
    """GET /setup/, POST /setup/open."""

    @setup.get("/")
    def beginning() -> Response:
        admin()
        return render("setup.html", accounts=site.store.accounts())

    @setup.post("/open")
    def open_account() -> Response:
        admin()
        name = request.form.get("account", "")
        if not site.store.has_account(name):
            abort(404)
        return go_on_in(site, name)
