"""Requests of people about their data. Whom it is about stands in forms, never in addresses: those are logged."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext as _

from helpdesk_wellbeing.access import break_glass
from helpdesk_wellbeing.access.roles import MAY_ANSWER_REQUESTS
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.engine import Engine
from helpdesk_wellbeing.errors import CannotDecide
from helpdesk_wellbeing.pages.settings import requests as model
from helpdesk_wellbeing.pages.settings.requests import Somebody
from helpdesk_wellbeing.upkeep.held import as_zip, held
from helpdesk_wellbeing.upkeep.purposes import Purpose
from helpdesk_wellbeing.web import cookies
from helpdesk_wellbeing.web.rendering import go_to
from helpdesk_wellbeing.web.settings import request_words, words
from helpdesk_wellbeing.web.settings.common import back, reader, shown, text_of
from helpdesk_wellbeing.web.site import Site

EVERY_S = 3  # the page looks again while somebody is being erased
_MOST_PAGES = 10_000


def add_to(pages: Blueprint, site: Site) -> None:
    """GET and POST /settings/requests (looking for somebody), POST …/person, …/file, …/erase, …/erase/now, …/go-on."""
    store, known = site.store, site.known

    def people(account: str) -> Response:
        viewer = reader()
        number = request.form.get("page", 1, type=int)
        page = model.build(known, viewer, site.now(), request.form.get("find", "")[:80], min(number, _MOST_PAGES))
        is_running = page.erasing.state == "running"
        return shown(
            "requests.html", viewer, page=page, words=words, r=request_words,
            refresh=EVERY_S if is_running and request.method == "GET" else None,
        )  # fmt: skip

    def person(account: str, viewer: Viewer, somebody: Somebody, wrong: dict[str, str] | None = None) -> Response:
        page = model.person(known, viewer, somebody, site.now())
        base = cookies.base_of(store, account) or ""
        return shown(
            "requests_person.html", viewer, 422 if wrong else 200, page=page, wrong=wrong or {}, given=request.form,
            words=words, r=request_words, own_page=base + url_for("pages.me", account=account),
        )  # fmt: skip

    def sure(account: str, viewer: Viewer, somebody: Somebody, wrong: dict[str, str] | None = None) -> Response:
        page = model.person(known, viewer, somebody, site.now())
        return shown(
            "requests_erase.html", viewer, 422 if wrong else 200, page=page, wrong=wrong or {}, given=request.form,
            grounds=model.GROUNDS, words=words, r=request_words,
        )  # fmt: skip

    def whom(account: str) -> Somebody:
        found = model.meant(known, account, request.form.get("agent", "")[:200])
        if found is None:
            abort(404)
        return found

    @pages.get("/settings/requests")
    def settings_requests(account: str) -> Response:
        return people(account)

    @pages.post("/settings/requests")
    def find_person(account: str) -> Response:
        _answerer()
        return people(account)

    @pages.post("/settings/requests/person")
    def choose_person(account: str) -> Response:
        return person(account, _answerer(), whom(account))

    @pages.post("/settings/requests/file")
    def take_file(account: str) -> Response:
        """Everything that is held about somebody, with a reason that they are told."""
        viewer, at = _answerer(), site.now()
        if not viewer.may_take_files:
            abort(403)
        somebody = whom(account)
        try:
            break_glass.take_file(
                store, viewer, somebody.agent, request.form.get("reason", ""), at, purpose=Purpose.LEGAL.value
            )
        except CannotDecide:
            problem = _("Write in a sentence what you need it for: at least 15 signs, at most 500.")
            return person(account, viewer, somebody, {"reason": problem})
        whole = held(store, account, somebody.agent, Engine(store, account, known.catalogue), at)
        answer = Response(as_zip(whole), mimetype="application/zip")
        answer.headers.set("Content-Disposition", "attachment", filename=f"request-{at:%Y-%m-%d}.zip")
        return answer

    @pages.post("/settings/requests/erase")
    def confirm_erasing(account: str) -> Response:
        return sure(account, _answerer(), whom(account))

    @pages.post("/settings/requests/erase/now")
    def erase_person(account: str) -> Response:
        viewer, somebody, wrong = _answerer(), whom(account), {}
        ground = request.form.get("ground", "")
        if not model.is_named(somebody, text_of("typed")):
            wrong["typed"] = _("This is neither the name nor the number of the person.")
        if ground not in model.GROUNDS:
            wrong["ground"] = _("Choose one of these.")
        if model.is_last_admin(store, account, somebody.agent):
            wrong["typed"] = _("This person is the only admin. Make somebody else an admin first.")
        if wrong:
            return sure(account, viewer, somebody, wrong)
        if not model.ask_to_erase(store, account, somebody.agent, ground, viewer.who, site.now, site.beside):
            return _busy(account)
        return go_to(url_for("pages.settings_requests", account=account, _anchor="erasing"))

    @pages.post("/settings/requests/go-on")
    def go_on_erasing(account: str) -> Response:
        _answerer()
        if not model.go_on(store, account, site.now, site.beside):
            return _busy(account)
        return go_to(url_for("pages.settings_requests", account=account, _anchor="erasing"))

    def _busy(account: str) -> Response:
        text = _("Somebody is being erased already; wait until that has ended. Nothing else was begun.")
        return back("settings_requests", text, account, "careful", "erasing")


def _answerer() -> Viewer:
    """Whoever may answer requests of people; else 403."""
    found = reader()
    if not found.has(*MAY_ANSWER_REQUESTS):
        abort(403)
    return found
