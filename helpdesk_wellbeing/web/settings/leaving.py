"""Disconnecting the account: asked for here, and its end seen where no account is needed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext as _

from helpdesk_wellbeing import signed
from helpdesk_wellbeing.pages import jobs
from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.upkeep.disconnect import remains
from helpdesk_wellbeing.web import cookies
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import changer, shown, text_of
from helpdesk_wellbeing.web.site import Site

EVERY_S = 3
PURPOSE = "disconnected"


def add_to(pages: Blueprint, site: Site) -> None:
    """GET and POST /settings/disconnect."""
    store, leaving = site.store, site.leaving

    def page(account: str, wrong: dict[str, str] | None = None) -> Response:
        viewer = changer()
        return shown(
            "disconnect.html", viewer, 422 if wrong else 200, page=leaving.page(viewer), wrong=wrong or {}, words=words
        )

    @pages.get("/settings/disconnect")
    def settings_disconnect(account: str) -> Response:
        return page(account)

    @pages.post("/settings/disconnect")
    def disconnect_account(account: str) -> Response:
        changer()
        if text_of("typed") != account:
            return page(account, {"typed": _("This is not the name of the account.")})
        job = jobs.job_of(store, account, jobs.HELPDESK)
        if job is not None and job.is_running(site.now()):  # it would stay half done there, with nothing to end it
            return page(account, {"typed": _("The helpdesk is being set up or cleaned right now. Wait for that.")})
        known, stays = store.account(account), remains(store, account)
        left: list[Any] = [len(stays.things), stays.tickets, stays.written]
        said: list[Any] = [account, micros(known.created_at), known.platform, *left]
        token = signed.sign(store.access.cookie_secret(), PURPOSE, said)
        leaving.begin(account, site.now)
        return go_to(url_for("setup.disconnected", token=token))


def add_to_setup(setup: Blueprint, site: Site) -> None:
    """GET /setup/disconnected/<token>: for whoever disconnected it, who is nobody here any more."""
    store = site.store

    @setup.get("/disconnected/<token>")
    def disconnected(token: str) -> Response:
        said = signed.said_by(token)
        if said is None or not signed.is_proven(store.access.cookie_secret(), PURPOSE, token):
            abort(404)
        account, made, platform, things, tickets, written = said
        state = site.leaving.state_of(account, instant(made))
        answer = render(
            "disconnected.html", state=state, name=account, platform=platform, things=things, tickets=tickets,
            written=written, refresh=EVERY_S if state == "running" else None,
        )  # fmt: skip
        if state == "done" and not store.has_account(account):
            cookies.drop(answer, account, secure=request.is_secure)
        return answer
