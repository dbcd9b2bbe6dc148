"""The agreement: what holds, what waits, and recording what was agreed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from helpdesk_wellbeing.agreement import recording
from helpdesk_wellbeing.agreement.model import DECISIONS, PURPOSES, RETENTION, personal_signals, read
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.pages.settings import agreement as model
from helpdesk_wellbeing.upkeep.retention import too_short
from helpdesk_wellbeing.web.problems import explained
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import back, changer, day_of, reader, shown, text_of
from helpdesk_wellbeing.web.site import Site

CHANNELS = ("email", "slack", "teams")
_MOST_PARTIES = 20


def add_to(pages: Blueprint, site: Site) -> None:
    """GET and POST /settings/agreement."""

    def agreement(account: str, status: int = 200, wrong: dict[str, str] | None = None) -> Response:
        viewer = reader()
        return shown(
            "agreement.html", viewer, status, page=model.build(site.known, viewer, site.now()), words=words,
            wrong=wrong or {}, given=request.form if wrong else None, decisions=DECISIONS, purposes=PURPOSES,
            retention=RETENTION, channels=CHANNELS, today=site.now().date(),
        )  # fmt: skip

    @pages.get("/settings/agreement")
    def settings_agreement(account: str) -> Response:
        return agreement(account)

    @pages.post("/settings/agreement")
    def record_agreement(account: str) -> Response:
        viewer, catalogue = changer(), site.known.catalogue
        wrong: dict[str, str] = {}
        is_wish = request.form.get("how") == "ask"
        terms = _terms(wrong, personal_signals(catalogue))
        parties = [" ".join(line.split()) for line in request.form.get("parties", "").splitlines() if line.strip()]
        agreed_on = day_of("agreed_on", wrong, _("This is no day."))
        for name, day in (("agreed_on", agreed_on), ("dpia_on", terms["dpia_on"])):
            if day is not None and day > (site.now() + timedelta(days=1)).date():  # it may be tomorrow elsewhere
                wrong[name] = _("This day is yet to come.")
        if not is_wish:
            if not parties or len(parties) > _MOST_PARTIES or any(len(one) > 200 for one in parties):
                wrong["parties"] = _("Write who agreed, one a line.")
            if agreed_on is None and "agreed_on" not in wrong:
                wrong["agreed_on"] = _("Write on which day they agreed.")
        if wrong:
            return agreement(account, 422, wrong)
        try:
            if is_wish:
                kept = recording.propose(site.store, account, terms, viewer.who, site.now(), catalogue)
            else:
                whole = read({**terms, "parties": parties, "agreed_on": agreed_on}, account)
                kept = recording.record(site.store, account, whole, viewer.who, site.now(), catalogue)
        except ConfigError as error:
            return agreement(account, 422, {"": explained(error)})
        if kept.holds:
            return back("settings_agreement", _("Recorded. It holds from now on."), account)
        text = _(
            "Kept as a wish. It reaches further than what was agreed, so it changes nothing until that is agreed to."
        )
        return back("settings_agreement", text, account, "careful")


def _terms(wrong: dict[str, str], known: tuple[str, ...]) -> dict[str, Any]:
    """Fields of an agreement from the form."""
    signals = request.form.getlist("signals")
    if not set(signals) <= set(known):
        wrong["signals"] = _("Choose among these.")
    decision = text_of("works_council") or "not recorded"
    if decision not in DECISIONS:
        wrong["works_council"] = _("Choose one of these.")
    weeks = {}
    for name, usual in RETENTION.items():
        text = text_of(f"keep_{name}") or str(usual)
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 520):
            wrong[f"keep_{name}"] = _("A whole number of weeks from 1 to 520.")
            continue
        weeks[name] = int(text)
    for name, least in too_short(weeks).items():
        wrong[f"keep_{name}"] = _(
            "%(num)s weeks are the shortest possible: %(why)s.", num=least, why=words.why_so_long(name)
        )
    return {
        "signals": signals,
        "roles": ["agent", *(role for role in ("lead", "ops") if role in request.form.getlist("roles"))],
        "works_council": decision,
        "dpia_on": day_of("dpia_on", wrong, _("This is no day.")),
        "retention_weeks": weeks,
        "purposes": [one for one in PURPOSES if one in request.form.getlist("purposes")],
        "notices": [one for one in CHANNELS if one in request.form.getlist("notices")],
    }
