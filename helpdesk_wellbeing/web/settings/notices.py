"""Notices: whom an account tells what by which way."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request
from flask_babel import gettext as _

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.notices import settings as kept
from helpdesk_wellbeing.notices.outbox import failing_channels
from helpdesk_wellbeing.web.problems import explained
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import back, changer, reader, shown, text_of
from helpdesk_wellbeing.web.site import Site


def add_to(pages: Blueprint, site: Site) -> None:
    """GET and POST /settings/notices, POST …/rooms, …/rooms/drop."""
    store = site.store

    def notices(account: str, status: int = 200, problem: str | None = None) -> Response:
        names = site.known.names(account)
        groups = sorted(
            ((group, names.group(group)) for group in site.known.directory(account).groups["group"]),
            key=lambda one: one[1].casefold(),
        )
        return shown(
            "notices.html", reader(), status, page=kept.settings_of(store, account), words=words, problem=problem,
            given=request.form if problem else None, has_password=store.has_secret(account, kept.PASSWORD),
            roles=kept.ROLES, kinds=kept.KINDS, groups=groups, group_names=dict(groups),
            failing=failing_channels(store, account, site.now()),
        )  # fmt: skip

    @pages.get("/settings/notices")
    def settings_notices(account: str) -> Response:
        return notices(account)

    @pages.post("/settings/notices")
    def set_notices(account: str) -> Response:
        viewer = changer()
        password = request.form.get("password", "").strip()[:1000]
        changes: dict[str, Any] = {
            "mail_to": [role for role in kept.ROLES if role in request.form.getlist("mail_to")],
            **{name: text_of(name) for name in ("quiet_from", "quiet_until", "digest_at")},
            "urgent_a_day": text_of("urgent_a_day"),
            "smtp": _smtp(),
        }
        try:
            with store.transaction():
                _check_password(account, changes["smtp"], password)
                kept.change(store, account, viewer.who, site.now(), **changes)
                if changes["smtp"] is None or changes["smtp"]["user"] is None:
                    store.drop_secret(account, kept.PASSWORD)
                elif password:
                    store.put_secret(account, kept.PASSWORD, password)
                kept.change(store, account, viewer.who, site.now(), on=request.form.get("on") == "yes")
        except ConfigError as error:
            return notices(account, 422, explained(error))
        return back("settings_notices", _("Kept."), account)

    @pages.post("/settings/notices/rooms")
    def add_room(account: str) -> Response:
        viewer, role = changer(), text_of("role")
        said = {"name": text_of("name"), "kind": text_of("kind"), "role": role}
        if role == "lead":
            said["team"] = text_of("team")
        try:
            room = kept.Room.model_validate(said)
        except ValueError:
            text = _("A room has a short name in small letters, a service and a role; only team leads have a team.")
            return notices(account, 422, text)
        try:
            kept.add_room(store, account, viewer.who, site.now(), room, request.form.get("url", "").strip())
        except ConfigError as error:
            return notices(account, 422, explained(error))
        return back("settings_notices", _("Kept."), account, anchor="rooms")

    @pages.post("/settings/notices/rooms/drop")
    def drop_room(account: str) -> Response:
        viewer, name = changer(), text_of("name")
        rooms = kept.settings_of(store, account).rooms
        if name not in {room.name for room in rooms}:
            abort(404)
        left = [room.model_dump() for room in rooms if room.name != name]
        kept.change(store, account, viewer.who, site.now(), rooms=left)
        return back("settings_notices", _("It is told nothing more."), account, anchor="rooms")

    def _check_password(account: str, smtp: dict[str, Any] | None, password: str) -> None:
        """A password goes to the server and user it was given for only."""
        if password and not (password.isascii() and password.isprintable()):
            raise ConfigError(_("The secret has signs that cannot be sent; copy it anew."))
        if smtp is None or smtp["user"] is None or password:
            return
        before = kept.settings_of(store, account).smtp
        same = before is not None and (before.host, before.user) == (smtp["host"], smtp["user"])
        if not same or not store.has_secret(account, kept.PASSWORD):
            raise ConfigError(_("Type the password of the mail server, too."))


def _smtp() -> dict[str, Any] | None:
    host = text_of("host")
    if not host:
        return None
    return {"host": host, "port": text_of("port") or 587, "security": text_of("security") or "starttls",
            "user": text_of("user") or None, "sender": text_of("sender")}  # fmt: skip
