"""Acting: a mode per action, the switch, consent, surveys, addresses."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.pages.settings import acting as model
from helpdesk_wellbeing.pages.settings import overview
from helpdesk_wellbeing.web import cookies
from helpdesk_wellbeing.web.problems import explained
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import back, changer, reader, shown, text_of
from helpdesk_wellbeing.web.site import Site


def add_to(pages: Blueprint, site: Site) -> None:
    """GET and POST /settings/acting, POST /settings/acting/switch."""
    store = site.store

    def acting(account: str, status: int = 200, wrong: dict[str, str] | None = None) -> Response:
        viewer = reader()
        page = model.build(site.known, viewer, site.now())
        return shown(
            "acting.html", viewer, status, page=page, words=words, wrong=wrong or {},
            given=request.form if wrong else None, opened_as=cookies.base_of(store, account),
        )  # fmt: skip

    @pages.get("/settings/acting")
    def settings_acting(account: str) -> Response:
        return acting(account)

    @pages.post("/settings/acting")
    def set_acting(account: str) -> Response:
        viewer, wrong = changer(), {}
        page = model.build(site.known, viewer, site.now())
        modes: dict[str, Any] = {}
        for action in page.actions:
            chosen = text_of(f"mode_{action.name}") or action.mode
            if chosen not in action.modes:
                wrong[f"mode_{action.name}"] = _("Choose one of these.")
            modes[action.name] = chosen
        changes: dict[str, Any] = {
            "modes": modes,
            "consent": request.form.get("consent") == "yes",
            "language": text_of("language") or page.policy.language,
            "survey_delivery": text_of("survey_delivery") or page.policy.survey_delivery,
            "survey_group": text_of("survey_group") or None,
            "public_url": text_of("public_url") or None,
        }
        known = {group for group, _name, _members in page.groups} | {page.policy.survey_group}
        if changes["survey_group"] not in known | {None}:
            wrong["survey_group"] = _("Choose one of these.")
        if changes["public_url"] is not None and not policy.PUBLIC_URL.fullmatch(changes["public_url"]):
            wrong["public_url"] = _(
                "It is https:// and a host, without a path; for example https://wellbeing.example.com"
            )
        if not wrong and page.goes_ahead(modes) and request.form.get("anyway") != "yes":
            wrong["anyway"] = _("Say that you want it so although nothing can be written yet.")
        if wrong:
            return acting(account, 422, wrong)
        token = cookies.kept(store, account)
        try:
            with store.transaction():
                policy.change(store, account, viewer.who, site.now(), **changes)
                overview.note_modes(site.known, account)
        except ConfigError as error:
            return acting(account, 422, {"": explained(error)})
        answer = back("settings_acting", _("Kept."), account)
        if token and cookies.is_secure(store, account):  # from now on only a cookie of TLS counts
            cookies.keep(answer, account, token, secure=True)
        return answer

    @pages.post("/settings/acting/switch")
    def switch(account: str) -> Response:
        viewer = changer()
        stopped = request.form.get("to") == "stop"
        policy.change(store, account, viewer.who, site.now(), stopped=stopped)
        if stopped:
            text = _("Stopped. Nothing is written into the helpdesk and nobody is told anything; what waits is kept.")
            return back("settings_acting", text, account, "careful")
        return back("settings_acting", _("Acting again."), account)
