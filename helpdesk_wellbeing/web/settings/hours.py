"""The connection: what is read, and mended credentials; the country, zone and week of everybody."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from flask_babel import gettext as _

from helpdesk_wellbeing.acting.obeying import ask_for_evaluation
from helpdesk_wellbeing.errors import BadPayload, ConfigError, PlatformError
from helpdesk_wellbeing.instants import zone_problem
from helpdesk_wellbeing.pages.settings import overview
from helpdesk_wellbeing.pages.settings.reading import reading_of
from helpdesk_wellbeing.people import PRESETS
from helpdesk_wellbeing.web.problems import explained
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import all_zones, back, by, changer, reader, shown, text_of
from helpdesk_wellbeing.web.site import Site


def add_to(pages: Blueprint, site: Site) -> None:
    """GET and POST /settings/connection, GET and POST /settings/hours."""
    store = site.store

    def connection(account: str, status: int = 200, problem: str | None = None) -> Response:
        return shown(
            "connection.html", reader(), status, page=reading_of(site.known, account, site.now()), words=words,
            now=site.now(), problem=problem,
        )  # fmt: skip

    @pages.get("/settings/connection")
    def settings_connection(account: str) -> Response:
        return connection(account)

    @pages.post("/settings/connection")
    def reconnect(account: str) -> Response:
        viewer = changer()
        if site.connecting is None:
            abort(404)
        try:
            made = site.connecting.reconnect(account, text_of("client_id"), request.form.get("secret", "")[:1000])
        except (ConfigError, PlatformError, BadPayload) as error:
            return connection(account, 422, explained(error))
        store.audit.add(account, site.now(), "connected", by=by(viewer))
        return back("settings_connection", _("Connected as %(who)s.", who=made.who), account)

    def hours(account: str, status: int = 200, wrong: dict[str, str] | None = None) -> Response:
        page = reading_of(site.known, account, site.now())
        return shown(
            "hours.html", reader(), status, page=page, presets=PRESETS, zones=all_zones(),
            words=words, wrong=wrong or {}, given=request.form if wrong else {},
        )  # fmt: skip

    @pages.get("/settings/hours")
    def settings_hours(account: str) -> Response:
        return hours(account)

    @pages.post("/settings/hours")
    def set_hours(account: str) -> Response:
        viewer, wrong = changer(), {}
        preset, zone, week_start = text_of("preset"), text_of("zone"), text_of("week_start")
        if preset not in PRESETS:
            wrong["preset"] = _("Choose one of these.")
        if not zone or zone_problem(zone):
            wrong["zone"] = _("This is no time zone; it looks like Europe/Amsterdam.")
        if week_start not in tuple("0123456"):
            wrong["week_start"] = _("Choose one of these.")
        if wrong:
            return hours(account, 422, wrong)
        with store.transaction():
            known = store.account(account)
            before = {"preset": store.directory(account).preset, "zone": known.zone, "week_start": known.week_start}
            after = {"preset": preset, "zone": zone, "week_start": int(week_start)}
            changed = {name: {"from": before[name], "to": after[name]} for name in after if before[name] != after[name]}
            if changed:
                settings = {**known.settings, "preset": preset}
                store.update_account(account, zone=zone, week_start=int(week_start), settings=settings)
                store.audit.add(account, site.now(), "settings", by=by(viewer), of="hours", changed=changed)
                ask_for_evaluation(store, account, site.now())
            overview.note_hours(site.known, account)
        return back("settings", _("Kept. It holds for everybody for whom nothing else is set."), account)
