"""The set-up of an installation that has no account yet: a link lets its admin in, a session keeps them in."""

from __future__ import annotations

from flask import Blueprint, Response, g, request, session, url_for
from flask_wtf.csrf import CSRFProtect

from helpdesk_wellbeing.access.entering import LASTS
from helpdesk_wellbeing.access.members import FIRST_ADMIN
from helpdesk_wellbeing.access.viewer import BY_LINK
from helpdesk_wellbeing.store.access import Session, hash_of
from helpdesk_wellbeing.web import cookies, headers
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.sign_in import GONE, let_in
from helpdesk_wellbeing.web.site import HERE, LARGEST, NotSignedIn, Site, link_is_over, prove_form, told


def setup(site: Site, csrf: CSRFProtect) -> Blueprint:
    """GET /setup/, GET /setup/enter/<token>, POST /setup/enter, /setup/sign-out, and the pages of `SETUP_PARTS`."""
    from helpdesk_wellbeing.web.routes import SETUP_PARTS

    door = Blueprint("setup", __name__, url_prefix="/setup", template_folder=str(HERE / "templates"))
    store = site.store

    @door.before_request
    def enter() -> None:
        request.max_content_length = LARGEST
        g.account = None
        token = cookies.kept(store, None)
        found = store.access.session(None, token, site.now()) if token else None
        if found is not None:
            g.session = found
            store.access.saw_session(None, found.hash, site.now())
        if request.method == "POST":
            prove_form(csrf)

    @door.after_request
    def seal(response: Response) -> Response:
        headers.add_to(response)
        return response

    door.register_error_handler(Exception, told)

    @door.get("/enter/<token>")
    def enter_by(token: str) -> Response:
        if not store.access.link_opens(None, token, site.now()):
            return link_is_over(site, None, 410)
        return render("enter.html", token=token, action=url_for("setup.enter_now"))

    @door.post("/enter")
    def enter_now() -> Response:
        at = site.now()
        if not store.access.use_link(None, request.form.get("token", ""), at):
            return link_is_over(site, None, 403)
        before = cookies.kept(store, None)
        if before:
            store.access.end_session(None, hash_of(before))
        session.clear()
        token = store.access.begin_session(None, FIRST_ADMIN, "Admin", None, BY_LINK, at, at + LASTS)
        answer = go_to(url_for("setup.beginning"))
        cookies.keep(answer, None, token, secure=cookies.is_secure(store, None))
        return answer

    @door.post("/sign-out")
    def sign_out() -> Response:
        store.access.end_session(None, admin().hash)
        session.clear()
        answer = render("signed_out.html")
        cookies.drop(answer, None, secure=cookies.is_secure(store, None))
        answer.headers["Clear-Site-Data"] = GONE
        return answer

    for part in SETUP_PARTS:
        part.add_to_setup(door, site)
    return door


def admin() -> Session:
    """The session of whoever sets the installation up. Without one the page says how to get a link."""
    found: Session | None = g.get("session")
    if found is None:
        raise NotSignedIn
    return found


def go_on_in(site: Site, account: str) -> Response:
    """From the set-up into an account that was made there, as its admin."""
    admin()
    return let_in(site, account, FIRST_ADMIN, "Admin", None, BY_LINK)
