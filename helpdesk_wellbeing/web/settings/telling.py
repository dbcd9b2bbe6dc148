"""Telling agents what is looked at about them."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from helpdesk_wellbeing.acting import telling
from helpdesk_wellbeing.errors import CannotDecide, ConfigError
from helpdesk_wellbeing.pages.settings import telling as model
from helpdesk_wellbeing.upkeep.documents import LANGUAGES
from helpdesk_wellbeing.web.problems import explained
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import back, by, changer, day_of, reader, shown, text_of
from helpdesk_wellbeing.web.site import Site


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /settings/telling, POST …/tickets, …/otherwise, …/contact."""
    store = site.store

    def shown_telling(account: str, status: int = 200, wrong: dict[str, str] | None = None) -> Response:
        viewer = reader()
        asked = request.args.get("language", str(get_locale()))
        page = model.build(site.known, viewer, site.now(), asked)
        return shown(
            "telling.html", viewer, status, page=page, words=words, wrong=wrong or {}, paper_languages=LANGUAGES,
            given=request.form if wrong else None, today=site.now().date(),
        )  # fmt: skip

    @pages.get("/settings/telling")
    def settings_telling(account: str) -> Response:
        return shown_telling(account)

    @pages.post("/settings/telling/tickets")
    def tell_by_ticket(account: str) -> Response:
        viewer = changer()
        state = model.state_of(site.known, account, site.now())
        if state.is_too_early:
            return back(
                "settings_telling", _("Nothing is agreed yet, so there is nothing to tell."), account, "careful"
            )
        try:
            number = telling.write_to_everybody(store, account, by(viewer), site.now())
        except CannotDecide as error:
            return back("settings_telling", explained(error), account, "careful")
        if not number:
            text = _("Nobody is left to be written to. Who comes later is written to by itself.")
        else:
            text = ngettext(
                "One ticket is on its way, in the hours in which they work.",
                "%(num)s tickets are on their way, to each in the hours in which they work.",
                number,
            )
        return back("settings_telling", text, account)

    @pages.post("/settings/telling/otherwise")
    def tell_otherwise(account: str) -> Response:
        viewer = changer()
        wrong: dict[str, str] = {}
        on = day_of("on", wrong, _("This is no day."))
        how = text_of("how")
        if on is None:
            wrong.setdefault("on", _("Say on which day."))
        if not how:
            wrong["how"] = _("Say how, for example: in the team meetings.")
        if model.state_of(site.known, account, site.now()).is_too_early:
            wrong[""] = _("Nothing is agreed yet, so there is nothing to tell.")
        if not wrong and on is not None:
            try:
                number = telling.told_otherwise(store, account, by(viewer), on, how, site.now())
            except ConfigError as error:
                wrong[""] = explained(error)
            else:
                text = ngettext("Noted for one person.", "Noted for %(num)s people.", number)
                return back("settings_telling", text, account)
        return shown_telling(account, 422, wrong)

    @pages.post("/settings/telling/contact")
    def set_contact(account: str) -> Response:
        viewer = changer()
        try:
            telling.set_contact(store, account, by(viewer), text_of("contact"), site.now())
        except ConfigError as error:
            return shown_telling(account, 422, {"": explained(error)})
        return back("settings_telling", _("Kept."), account)
