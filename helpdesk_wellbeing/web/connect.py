"""Connecting a helpdesk in the set-up, or trying it all with the simulated team."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext as _

from helpdesk_wellbeing.access import members
from helpdesk_wellbeing.access.members import FIRST_ADMIN
from helpdesk_wellbeing.errors import BadPayload, ConfigError, PlatformError
from helpdesk_wellbeing.hosts import is_loopback
from helpdesk_wellbeing.names import check_account_name
from helpdesk_wellbeing.pages.connecting import Helpdesk, Platform
from helpdesk_wellbeing.web.problems import explained
from helpdesk_wellbeing.web.rendering import render
from helpdesk_wellbeing.web.setup_door import admin, go_on_in
from helpdesk_wellbeing.web.site import Site

_OF_PROXIES = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
PLATFORMS: tuple[Platform, ...] = ("zendesk", "freshdesk")


def add_to_setup(setup: Blueprint, site: Site) -> None:
    """GET and POST /setup/connect/<platform>, GET and POST /setup/simulated."""
    store = site.store

    def form(template: str, status: int = 200, problem: str | None = None, **values: str) -> Response:
        admin()
        if site.connecting is None:
            abort(404)
        given = {} if problem is None else {k: v for k, v in request.form.items() if k not in ("secret", "csrf_token")}
        return render(template, status, problem=problem, given=given, offers_server=_is_local(), **values)

    @setup.get("/connect/<platform>")
    def connect(platform: str) -> Response:
        return form(f"settings/connect_{_platform(platform)}.html")

    @setup.post("/connect/<platform>")
    def connect_now(platform: str) -> Response:
        admin()
        asked = _asked(_platform(platform))
        if site.connecting is None:
            abort(404)
        email = " ".join(request.form.get("email", "").split())[:300]
        try:
            check_account_name(asked.account)
            if email:
                members.checked_who(f"email:{email}")
            if request.form.get("read") != "yes":
                raise ConfigError(
                    _("Say that you have read what is read and what is never kept; reading begins at once.")
                )
            made = site.connecting.connect(asked)
        except (ConfigError, PlatformError, BadPayload) as error:
            return form(f"settings/connect_{platform}.html", 422, _without(explained(error), asked.secret))
        _begin(asked.account, email)
        answer = go_on_in(site, asked.account)
        answer.headers["Location"] = url_for("pages.settings", account=asked.account)
        store.audit.add(asked.account, site.now(), "connected", by=FIRST_ADMIN, notes=list(made.notes))
        return answer

    @setup.get("/simulated")
    def simulated() -> Response:
        return form("settings/connect_simulated.html")

    @setup.post("/simulated")
    def simulate_now() -> Response:
        admin()
        account = request.form.get("account", "").strip()
        if site.connecting is None:
            abort(404)
        try:
            site.connecting.simulate(account)
        except ConfigError as error:
            return form("settings/connect_simulated.html", 422, explained(error))
        answer = go_on_in(site, account)
        answer.headers["Location"] = url_for("pages.settings", account=account)
        return answer

    def _begin(account: str, email: str) -> None:
        """Whoever sets it up comes back later as its admin, once a way to sign in is set."""
        if email:
            members.add(store, account, f"email:{email}", ["admin"], by=FIRST_ADMIN, at=site.now())


def _platform(word: str) -> Platform:
    found = next((one for one in PLATFORMS if one == word), None)
    if found is None:
        abort(404)
    return found


def _asked(platform: Platform) -> Helpdesk:
    """What was typed. Another server than the vendor's only where the browser is on this machine, too."""
    text = {name: request.form.get(name, "").strip()[:1000] for name in ("account", "place", "client_id", "secret")}
    server = request.form.get("base_url", "").strip()[:200] if _is_local() else ""
    return Helpdesk(platform, text["account"], text["place"], text["client_id"], text["secret"], server)


def _is_local() -> bool:
    """Whether the browser speaks to this machine from this machine, with nothing in between."""
    is_direct = not any(request.headers.get(name) for name in _OF_PROXIES)
    return is_direct and is_loopback(urlsplit(request.host_url).hostname) and is_loopback(request.remote_addr)


def _without(message: str, secret: str) -> str:
    """Whatever is wrong, the secret is no part of it."""
    return message.replace(secret, "…") if len(secret) > 3 else message
