"""Signing in and out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import structlog
from flask import Blueprint, Response, abort, flash, g, request, session, url_for
from flask_babel import gettext as _

from helpdesk_wellbeing.access import entering, members, ways
from helpdesk_wellbeing.access.entering import Entered
from helpdesk_wellbeing.access.members import FIRST_ADMIN
from helpdesk_wellbeing.access.viewer import BY_LINK
from helpdesk_wellbeing.errors import RetryLater, WellbeingError
from helpdesk_wellbeing.store.access import hash_of
from helpdesk_wellbeing.web import cookies
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.site import Site, link_is_over, viewer

GONE = '"cache", "storage"'  # at sign-out; not "cookies", which would be those of everything on this host

AT_ONCE = 4  # sign-ins that wait for another side, of the threads that the web server has
WAITS_S = 0.5
_ASKED_AT_ONCE = BoundedSemaphore(AT_ONCE)

_log = structlog.get_logger(__name__)


def add_to(pages: Blueprint, site: Site) -> None:
    """Below /a/<account>/: sign-in, sign-in/<way>, sign-in/<way>/back, enter, sign-out, sessions."""
    _add_sign_in(pages, site)
    _add_entry(pages, site)
    _add_sessions(pages, site)


def _add_sign_in(pages: Blueprint, site: Site) -> None:
    @pages.get("/sign-in")
    def sign_in(account: str) -> Response:
        return _choice(site, account, cookies.local(request.args.get("back"), account))

    @pages.get("/sign-in/<way>")
    def begin_sign_in(account: str, way: str) -> Response:
        """A link, not a form: a provider's redirects to others would be against our own rules for forms."""
        chosen, callback = _way(site, account, way), _callback(site, account, way)
        if callback is None:
            return _choice(site, account, None, _("The admin has to set this installation's address first."), 503)
        back = cookies.local(request.args.get("back"), account)
        secret = site.store.access.cookie_secret()
        attempt = ways.new_attempt(secret, account, way, back, site.now(), callback)
        try:
            with _asking():
                goal = chosen.begin(attempt)
        except WellbeingError as error:
            return _is_away(site, account, way, error)
        answer = go_to(goal)
        token = ways.as_token(secret, account, attempt)
        cookies.send_away(answer, account, token, secure=cookies.is_secure(site.store, account))
        return answer

    @pages.get("/sign-in/<way>/back")
    def end_sign_in(account: str, way: str) -> Response:
        chosen = _way(site, account, way)
        answer = _came_back(site, account, way, chosen)
        cookies.is_back(answer, account, secure=cookies.is_secure(site.store, account))
        return answer

    @pages.post("/sign-out")
    def sign_out(account: str) -> Response:
        if "session" in g:
            site.store.access.end_session(account, g.session.hash)
        return _leave(site, account)


def _came_back(site: Site, account: str, way: str, chosen: ways.Way) -> Response:
    store, at, state = site.store, site.now(), request.args.get("state", "")
    kept = cookies.kept(store, account, cookies.AWAY)
    callback = _callback(site, account, way) or ""
    attempt = ways.returned(store.access.cookie_secret(), account, way, kept, state, at, callback)
    if attempt is None or not store.access.use_state(account, state, at, attempt.at + ways.LASTS):
        text = _("This sign-in was not begun in this browser, or it is over. Begin again.")
        return _refused(site, account, text, 400)
    try:
        with _asking():
            identity = chosen.finish(attempt, request.args)
    except ways.NotProven as error:
        _log.warning("a sign-in was refused", account=account, way=way, problem=str(error))
        text = _("%(other)s did not confirm who you are. Begin again.", other=chosen.label)
        return _refused(site, account, text, 403)
    except WellbeingError as error:
        return _is_away(site, account, way, error)
    entered = entering.admitted(store, account, identity)
    if entered is None:
        text = _("You are signed in at %(other)s, but nobody here has let you in. Ask an admin.", other=chosen.label)
        return _refused(site, account, text, 403)
    return let_in(site, account, entered.who, entered.name, entered.agent, entered.way, attempt.back)


def _add_entry(pages: Blueprint, site: Site) -> None:
    store = site.store

    @pages.get("/enter/<token>")
    def enter_by(account: str, token: str) -> Response:
        """Opens nothing yet: what looks at links for other people must not use them up."""
        if not store.access.link_opens(account, token, site.now()):
            return link_is_over(site, account, 410)
        return render("enter.html", token=token, action=url_for("pages.enter_now", account=account))

    @pages.post("/enter")
    def enter_now(account: str) -> Response:
        if not store.access.use_link(account, request.form.get("token", ""), site.now()):
            return link_is_over(site, account, 403)
        return let_in(site, account, FIRST_ADMIN, "Admin", None, BY_LINK)


def _add_sessions(pages: Blueprint, site: Site) -> None:
    store = site.store

    @pages.get("/sessions")
    def sessions(account: str) -> Response:
        found = viewer()
        mine = [one for one in store.access.sessions(account, site.now()) if one.who == found.who]
        return render("sessions.html", sessions=mine, this=g.session.hash, may_look=found.may_break_glass)

    @pages.post("/sessions/end")
    def end_session(account: str) -> Response:
        who, wanted = viewer().who, request.form.get("session", "")
        mine = {one.hash for one in store.access.sessions(account, site.now()) if one.who == who}
        if wanted not in mine:
            abort(404)
        store.access.end_session(account, wanted)
        if wanted == g.session.hash:
            return _leave(site, account)
        flash(_("Signed out there."), "said")
        return go_to(url_for("pages.sessions", account=account))

    @pages.post("/sessions/end-all")
    def end_all_sessions(account: str) -> Response:
        found = viewer()
        with store.transaction():
            ended = store.access.end_sessions_of(account, [found.who])
            by = members.as_actor(found.who, found.agent)
            store.audit.add(account, site.now(), "signed out everywhere", by=by, sessions=ended)
        return _leave(site, account)


def let_in(
    site: Site, account: str, who: str, name: str, agent: str | None, way: str, back: str | None = None
) -> Response:
    """Begin a session, and go where they wanted to. What the browser had before the sign-in counts no more."""
    before = cookies.kept(site.store, account)
    if before:
        site.store.access.end_session(account, hash_of(before))
    session.clear()
    token = entering.begin(site.store, account, Entered(who, name, agent, way), site.now())
    answer = go_to(cookies.local(back, account) or url_for("pages.beginning", account=account))
    cookies.keep(answer, account, token, secure=cookies.is_secure(site.store, account))
    return answer


def _leave(site: Site, account: str) -> Response:
    session.clear()
    answer = go_to(url_for("pages.sign_in", account=account))
    cookies.drop(answer, account, secure=cookies.is_secure(site.store, account))
    answer.headers["Clear-Site-Data"] = GONE
    return answer


@contextmanager
def _asking() -> Iterator[None]:
    """Whoever floods the sign-in while the other side is slow must not take all threads from everybody else."""
    if not _ASKED_AT_ONCE.acquire(timeout=WAITS_S):
        raise RetryLater("sign-in: too many are being signed in at this moment")
    try:
        yield
    finally:
        _ASKED_AT_ONCE.release()


def _way(site: Site, account: str, name: str) -> ways.Way:
    found = next((way for way in site.ways(account) if way.name == name), None)
    if found is None:
        abort(404)
    return found


def _callback(site: Site, account: str, way: str) -> str | None:
    base = cookies.base_of(site.store, account)
    return None if base is None else f"{base}{url_for('pages.end_sign_in', account=account, way=way)}"


def _choice(site: Site, account: str, back: str | None, problem: str | None = None, status: int = 200) -> Response:
    offered = [
        (way.label, url_for("pages.begin_sign_in", account=account, way=way.name, back=back))
        for way in site.ways(account)
    ]
    return render("sign_in.html", status, ways=offered, problem=problem)


def _refused(site: Site, account: str, problem: str, status: int) -> Response:
    if not site.doorkeeper.wrong(account, request.remote_addr):
        abort(429)
    return _choice(site, account, None, problem, status)


def _is_away(site: Site, account: str, way: str, error: WellbeingError) -> Response:
    _log.warning("a way to sign in does not work", account=account, way=way, problem=str(error))
    text = _("The other side cannot be reached, or answers wrongly. Try again in a minute.")
    answer = _choice(site, account, None, text, 503)
    answer.headers["Retry-After"] = "60"
    return answer
