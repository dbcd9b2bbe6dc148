"""People: the list with what is missing, files, and one person by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk_wellbeing import people as files
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.pages.settings import people as model
from helpdesk_wellbeing.people import IDENTITIES, PRESETS
from helpdesk_wellbeing.store import Store
from helpdesk_wellbeing.store.people import Kind
from helpdesk_wellbeing.strangers import MOST_NAMED, named, strangers
from helpdesk_wellbeing.tables import BadTable
from helpdesk_wellbeing.web.problems import explained
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import all_zones, back, by, changer, day_of, reader, shown, text_of
from helpdesk_wellbeing.web.site import Site
from helpdesk_wellbeing.words import excerpt

READERS: dict[Kind, Callable[[Path], pl.DataFrame]] = {
    "people": files.read_people,
    "leave": files.read_leave,
    "groups": files.read_groups,
    "on_call": files.read_on_call,
}
_MOST_PAGES = 10_000


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /settings/people, POST …/files and …/no-fixed-hours, GET and POST /settings/people/<agent>."""

    def people(account: str, status: int = 200, problems: dict[str, list[str]] | None = None) -> Response:
        viewer = reader()
        sought, page = request.args.get("find", "")[:80], request.args.get("page", 1, type=int)
        found = model.build(site.known, viewer, site.now(), sought, min(page, _MOST_PAGES), request.args.get("gap", ""))
        return shown("people.html", viewer, status, page=found, words=words, problems=problems or {}, gaps=model.GAPS)

    @pages.get("/settings/people")
    def settings_people(account: str) -> Response:
        return people(account)

    @pages.post("/settings/people/files")
    def take_files(account: str) -> Response:
        viewer = changer()
        frames: dict[Kind, pl.DataFrame] = {}
        problems: dict[str, list[str]] = {}
        for kind, read in READERS.items():
            sent = request.files.get(kind)
            if sent is None or not sent.filename:
                continue
            try:
                frames[kind] = _read(read, excerpt(sent.filename), sent.stream.read())
            except BadTable as error:
                problems[kind] = [explained(line) for line in error.lines]
            except ConfigError as error:
                problems[kind] = [explained(error)]
        if problems:
            return people(account, 422, problems)
        if not frames:
            return people(account, 422, {"": [_("Choose at least one file.")]})
        model.replace(site.store, account, frames, by(viewer), site.now())
        for text in _strangers(site.store, account, frames):
            flash(text, "careful")
        told = ", ".join(f"{words.file(kind)}: {frame.height}" for kind, frame in frames.items())
        text = _("Taken, in the place of what files said before. Rows of %(files)s.", files=told)
        return back("settings_people", text, account)

    @pages.post("/settings/people/no-fixed-hours")
    def no_fixed_hours(account: str) -> Response:
        viewer = changer()
        if request.form.get("forget"):
            number = model.forget_no_fixed_hours(site.store, account, by(viewer), site.now())
            text = ngettext("One schedule is missing again.", "%(num)s schedules are missing again.", number)
        else:
            number = model.note_no_fixed_hours(site.store, account, by(viewer), site.now())
            text = ngettext("Noted for one person.", "Noted for %(num)s people.", number)
        return back("settings_people", text, account)

    def person(account: str, agent: str, status: int = 200, wrong: dict[str, str] | None = None) -> Response:
        found = model.person(site.known, changer(), agent, site.now())
        if found is None:
            abort(404)
        return shown(
            "person.html", changer(), status, page=found, words=words, wrong=wrong or {}, presets=PRESETS,
            identities=IDENTITIES, zones=all_zones(), given=request.form if wrong else None,
        )  # fmt: skip

    @pages.get("/settings/people/<agent>")
    def settings_person(account: str, agent: str) -> Response:
        return person(account, agent)

    @pages.post("/settings/people/<agent>")
    def set_person(account: str, agent: str) -> Response:
        viewer = changer()
        found = model.person(site.known, viewer, agent, site.now())
        if found is None:
            abort(404)
        fields = {
            name: text_of(name) for name in ("name", "time_zone", "preset", "contract_hours", "schedule", "identity")
        }
        fields["contract_hours"] = fields["contract_hours"].replace(",", ".")
        fields["excluded"] = "yes" if request.form.get("excluded") == "yes" else "no"
        row, told = files.read_person(fields)
        wrong = {name: explained(why) for name, why in told.items()}
        since = day_of("since", wrong, _("This is no day."))
        if since is not None and not date(1970, 1, 1) <= since <= date(2100, 1, 1):
            wrong["since"] = _("This is no day.")
        led, known = request.form.getlist("lead_of"), dict(found.groups)
        if not set(led) <= set(known):
            abort(400)
        if len(fields["name"]) > 200:
            wrong["name"] = _("A name has at most 200 signs.")
        if wrong:
            return person(account, agent, 422, wrong)
        row["lead_of"] = sorted(set(led)) or None
        model.set_person(site.store, viewer, agent, row, since, by(viewer), site.now())
        return back("settings_people", _("Kept for %(name)s.", name=row["name"] or found.name), account)


def _strangers(store: Store, account: str, frames: dict[Kind, pl.DataFrame]) -> list[str]:
    found = strangers(store, account, frames)
    said = []
    if found.agents:
        ids = _ids(found.agents)
        said.append(_("The helpdesk knows no agents with these ids: %(ids)s. They were taken all the same.", ids=ids))
    if found.groups:
        ids = _ids(found.groups)
        said.append(_("The helpdesk knows no groups with these ids: %(ids)s. They were taken all the same.", ids=ids))
    return said


def _ids(ids: tuple[str, ...]) -> str:
    if len(ids) <= MOST_NAMED:
        return named(ids)
    return str(_("%(ids)s and %(count)s more", ids=named(ids), count=len(ids) - MOST_NAMED))


def _read(read: Callable[[Path], pl.DataFrame], name: str, data: bytes) -> pl.DataFrame:
    """As `import` reads it; problems name the file as it is called where it comes from."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sent.csv"
        file.write_bytes(data)
        try:
            return read(file)
        except BadTable:
            raise
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(file), name)) from None
