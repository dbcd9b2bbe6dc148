"""How long what is kept, and the papers that are written from what is set."""

from __future__ import annotations

from flask import Blueprint, Response, abort
from flask_babel import get_locale
from flask_babel import gettext as _

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.upkeep.documents import KINDS, LANGUAGES, document
from helpdesk_wellbeing.upkeep.retention import Kind, is_exempt, retention_of, set_retention
from helpdesk_wellbeing.web.problems import explained
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import back, by, changer, reader, shown, text_of
from helpdesk_wellbeing.web.site import Site


def add_to(pages: Blueprint, site: Site) -> None:
    """GET and POST /settings/keeping, GET /settings/documents/<kind>/<language>."""
    store = site.store

    def keeping(account: str, status: int = 200, problem: str | None = None) -> Response:
        found = retention_of(store, account, site.now())
        rows = [
            (kind.value, found.days[kind], found.agreed.get(kind), found.age(kind).days, found.is_longer(kind))
            for kind in Kind
        ]
        return shown(
            "keeping.html", reader(), status, rows=rows, words=words, problem=problem, kinds=KINDS,
            is_exempt=is_exempt(store, account), ran=store.upkeep.ran(account), paper_languages=LANGUAGES,
            language_here=str(get_locale()),
        )  # fmt: skip

    @pages.get("/settings/keeping")
    def settings_keeping(account: str) -> Response:
        return keeping(account)

    @pages.post("/settings/keeping")
    def set_keeping(account: str) -> Response:
        viewer = changer()
        said = {kind.value: text_of(kind.value) for kind in Kind if text_of(kind.value)}
        if not all(days.isascii() and days.isdigit() and len(days) <= 6 for days in said.values()):
            return keeping(account, 422, _("Days are whole numbers."))
        try:
            changes = {name: int(days) for name, days in said.items()}
            set_retention(store, account, changes, by(viewer), site.now())
        except ConfigError as error:
            return keeping(account, 422, explained(error))
        return back("settings_keeping", _("Kept."), account)

    @pages.get("/settings/documents/<kind>/<language>")
    def settings_document(account: str, kind: str, language: str) -> Response:
        viewer = reader()
        if kind not in KINDS or language not in LANGUAGES:
            abort(404)
        text = document(kind, store, account, language, site.now())
        store.audit.add(account, site.now(), "looked", by=by(viewer), page=f"document {kind}")
        answer = Response(text, mimetype="text/markdown")
        answer.headers["Content-Disposition"] = f'attachment; filename="{kind}-{language}-{site.now():%Y-%m-%d}.md"'
        return answer
