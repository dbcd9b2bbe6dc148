"""Access: members and their roles, who is signed in, ways to sign in."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, g, request
from flask_babel import gettext as _

from helpdesk_wellbeing.access import doors, members
from helpdesk_wellbeing.access.roles import GIVEN
from helpdesk_wellbeing.errors import CannotDecide, ConfigError
from helpdesk_wellbeing.pages.settings import entering as model
from helpdesk_wellbeing.web import cookies
from helpdesk_wellbeing.web.problems import explained
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import back, by, changer, reader, shown, text_of
from helpdesk_wellbeing.web.site import Site


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /settings/access, POST …/members, …/members/drop, …/sessions/end, …/ways."""
    store = site.store

    def access(account: str, status: int = 200, wrong: dict[str, str] | None = None) -> Response:
        viewer = reader()
        page = model.build(site.known, viewer, site.now(), request.args.get("page", 1, type=int))
        base = cookies.base_of(store, account)
        return shown(
            "access.html", viewer, status, page=page, words=words, wrong=wrong or {},
            given=request.form if wrong else {}, roles=GIVEN, this=g.session.hash,
            callback=None if base is None else f"{base}/a/{account}/sign-in/oidc/back",
            zendesk_callback=None if base is None else f"{base}/a/{account}/sign-in/zendesk/back",
        )  # fmt: skip

    @pages.get("/settings/access")
    def settings_access(account: str) -> Response:
        return access(account)

    @pages.post("/settings/access/members")
    def add_member(account: str) -> Response:
        viewer, who = changer(), text_of("who")
        if "@" in who and ":" not in who:
            who = f"email:{who}"
        try:
            made = members.add(
                store, account, who, request.form.getlist("roles"), by=viewer.who, at=site.now(),
                name=text_of("name") or None, agent=text_of("agent") or None,
            )  # fmt: skip
        except (ConfigError, CannotDecide) as error:
            return access(account, 422, {"member": explained(error)})
        if members.is_unknown_there(store, account, made):
            flash(_("The helpdesk knows no such user as %(agent)s; look whether the number is right.",
                    agent=made.agent), "careful")  # fmt: skip
        return back("settings_access", _("%(name)s is let in.", name=made.name), account, anchor="members")

    @pages.post("/settings/access/members/drop")
    def drop_member(account: str) -> Response:
        viewer = changer()
        try:
            members.drop(store, account, request.form.get("who", "")[:500], by=viewer.who, at=site.now())
        except (ConfigError, CannotDecide) as error:
            return access(account, 422, {"member": explained(error)})
        return back("settings_access", _("Let in no more, and signed out."), account, anchor="members")

    @pages.post("/settings/access/sessions/end")
    def end_session_of(account: str) -> Response:
        viewer, wanted = changer(), request.form.get("session", "")
        found = next((one for one in store.access.sessions(account, site.now()) if one.hash == wanted), None)
        if found is None or found.hash == g.session.hash:
            abort(404)
        with store.transaction():
            store.access.end_session(account, found.hash)
            whose = members.as_actor(found.who, found.agent)
            store.audit.add(account, site.now(), "signed out by another", by=by(viewer), sessions=1, whose=whose)
        return back("settings_access", _("Signed out there."), account, anchor="sessions")

    @pages.post("/settings/access/ways")
    def set_ways(account: str) -> Response:
        viewer, what = changer(), request.form.get("what", "")
        secret = request.form.get("secret", "").strip()[:1000]
        try:
            if what == "zendesk":
                doors.change(store, account, viewer.who, site.now(), zendesk={})
            elif what == "no zendesk":
                doors.change(store, account, viewer.who, site.now(), zendesk=None)
            elif what == "oidc":
                _set_provider(account, viewer.who, secret)
            elif what == "no oidc":
                doors.change(store, account, viewer.who, site.now(), oidc=None)
            else:
                abort(400)
        except ConfigError as error:
            return access(account, 422, {"ways": explained(error)})
        return back("settings_access", _("Kept. Whoever signed in by what was changed signs in anew."), account,
                    anchor="ways")  # fmt: skip

    def _set_provider(account: str, who: str, secret: str) -> None:
        provider = {"issuer": text_of("issuer"), "client_id": text_of("client_id")}
        label = text_of("label")
        if secret and not (secret.isascii() and secret.isprintable()):
            raise ConfigError(_("The secret has signs that cannot be sent; copy it anew."))
        with store.transaction():
            if not secret and store.get_secret(account, doors.OIDC_SECRET) is None:
                raise ConfigError(_("The client's secret is missing."))
            doors.change(store, account, who, site.now(), oidc=provider | ({"label": label} if label else {}))
            if secret:
                store.put_secret(account, doors.OIDC_SECRET, secret)
