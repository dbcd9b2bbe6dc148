"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, request, url_for

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.web import cookies
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.site import Site

FIRST_ADMIN = "entry link"


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /a/<account>/sign-in, GET and POST /a/<account>/enter, POST /a/<account>/sign-out."""
    store = site.store

    @pages.get("/sign-in")
    def sign_in(account: str) -> Response:
        return render("sign_in.html", back=cookies.local(request.args.get("back"), account))

    @pages.get("/enter/<token>")
    def enter_by(account: str, token: str) -> Response:
        """Opens nothing yet: what looks at links for other people must not use them up."""
        return render("enter.html", token=token)

    @pages.post("/enter")
    def enter_now(account: str) -> Response:
        at = site.now()
        if not store.access.use_link(account, request.form.get("token", ""), at):
            abort(403)
        first = Member(FIRST_ADMIN, "Admin", None, frozenset({Role.ADMIN}), at, FIRST_ADMIN)
        with store.transaction():
            store.access.put_member(account, first)
            store.audit.add(account, at, "signed in", by=FIRST_ADMIN, way="entry link")
        return let_in(site, account, FIRST_ADMIN, "Admin", None, "bootstrap")

    @pages.post("/sign-out")
    def sign_out(account: str) -> Response:
        if "session" in g:
            store.access.end_session(account, g.session.hash)
        answer = go_to(url_for("pages.sign_in", account=account))
        cookies.drop(answer, account)
        return answer


def let_in(
    site: Site, account: str, who: str, name: str, agent: str | None, way: str, back: str | None = None
) -> Response:
    """Begin a session, and go where they wanted to."""
    at = site.now()
    token = site.store.access.begin_session(account, who, name, agent, way, at, at + cookies.LASTS)
    where = cookies.local(back, account) or url_for("pages.beginning", account=account)
    answer = go_to(where)
    cookies.keep(answer, account, token, secure=cookies.is_secure(policy_of(site.store, account).public_url))
    return answer
