"""The pages inside Zendesk: beside a ticket what is suggested for it, in the navigation bar what waits for a decision.

Zendesk opens them by a signed POST (`signed_url`), and they go on with a page token (`page_tokens`): no cookie is set
or read, so they work where third-party cookies are blocked, and no other site can make a browser decide anything. Only
the account's own helpdesk may frame them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import structlog
from flask import Blueprint, Response, g, make_response, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _

from helpdesk_wellbeing.access import entering
from helpdesk_wellbeing.access.viewer import Viewer, viewer_of
from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.acting.beside import beside, waiting_for
from helpdesk_wellbeing.errors import CannotDecide, HasChanged, StoreError
from helpdesk_wellbeing.logs import place_of
from helpdesk_wellbeing.sheets import Patience
from helpdesk_wellbeing.store.access import Session
from helpdesk_wellbeing.web import headers, words
from helpdesk_wellbeing.web.problems import explained
from webhooks.zendesk.app import joining, page_tokens
from webhooks.zendesk.app.keys import PublicKeys, from_account
from webhooks.zendesk.app.page_tokens import PageToken
from webhooks.zendesk.app.signed_url import Opened, Unproven, verify

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.pages.proposal import Shown
    from helpdesk_wellbeing.store import Store

HERE = Path(__file__).parent
SIDEBAR, NAV_BAR = "ticket_sidebar", "nav_bar"
SDK_HOST = "https://static.zdassets.com"
SDK = f"{SDK_HOST}/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js"  # Zendesk wants it from there
WAY = "zendesk"
LARGEST = 16 * 1024  # bytes of a form
CARDS = 10
_LONGEST_ADDRESS = 200  # characters of what the SDK is told by the address

_log = structlog.get_logger(__name__)


def frames(
    known: Known, now: Callable[[], datetime] = lambda: datetime.now(UTC), keys: PublicKeys | None = None
) -> Blueprint:
    """The blueprint: POST /zaf/ticket_sidebar and /zaf/nav_bar, opened by Zendesk; /zaf/ticket and /zaf/decision, by
    these pages."""
    store = known.store
    page = Blueprint(
        "zaf", __name__, url_prefix="/zaf", template_folder=str(HERE / "templates"),
        static_folder=str(HERE / "static"), static_url_path="/static",
    )  # fmt: skip
    public_keys = keys or PublicKeys(from_account(store))
    wrong = Patience()

    def opened(location: str) -> Opened:
        return verify(request.form.get("token", ""), location, joining.all_installed(store), public_keys)

    @page.before_request
    def limit() -> None:
        request.max_content_length = LARGEST

    @page.post("/ticket_sidebar")
    def ticket_sidebar() -> Response:
        return _Frame.begun(known, opened(SIDEBAR), now()).render("begin.html")

    @page.post("/nav_bar")
    def nav_bar() -> Response:
        return _Frame.begun(known, opened(NAV_BAR), now()).today()

    @page.post("/ticket")
    def ticket() -> Response:
        return _Frame.continued(known, now()).ticket(request.form.get("ticket", ""))

    @page.post("/decision")
    def decision() -> Response:
        return _Frame.continued(known, now()).decided(request.form)

    @page.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        if isinstance(error, _Old):
            return _plain(store, "old", 403, error.account)
        if isinstance(error, Unproven):
            _log.warning("a page in Zendesk was not opened", reason=str(error))
            return _plain(store, "unproven", 403 if wrong.spend() else 429)
        code = getattr(error, "code", None)
        status = 503 if isinstance(error, StoreError) else code if isinstance(code, int) else 500
        if status >= 500:
            _log.error("a page in Zendesk failed", error=type(error).__name__, place=place_of(error))
        return _plain(store, "failed", status)

    return page


class _Old(Exception):
    """The page was open for too long, or what it sends is not ours."""

    def __init__(self, account: str | None) -> None:
        super().__init__()
        self.account = account


@dataclass(frozen=True)
class _Frame:
    """One answer to one page that is open in Zendesk."""

    known: Known
    token: PageToken
    url: str  # of this installation
    at: datetime

    @staticmethod
    def begun(known: Known, opened: Opened, at: datetime) -> _Frame:
        token = PageToken(opened.app.account, opened.location, opened.agent, at, at)
        return _Frame(known, token, opened.app.url, at)

    @staticmethod
    def continued(known: Known, at: datetime) -> _Frame:
        secret, page = known.store.access.cookie_secret(), request.form.get("page", "")
        account = page_tokens.account_of(secret, page)
        app = joining.installed(known.store, account) if account and known.store.has_account(account) else None
        token = page_tokens.read(secret, page, at)
        if token is None or app is None:
            raise _Old(None if app is None else account)  # one that was disconnected has no helpdesk to frame it
        return _Frame(known, replace(token, shown_at=at), app.url, at)

    @property
    def store(self) -> Store:
        return self.known.store

    @property
    def account(self) -> str:
        return self.token.account

    def viewer(self) -> Viewer | None:
        """The agent whom Zendesk named; None where it named nobody, or somebody who has left since: then nothing
        personal is shown."""
        token = self.token
        if token.agent is None:
            return None
        who = f"{WAY}:{token.agent}"
        session = Session("", who, token.agent, token.agent, WAY, token.opened_at, self.at, self.at)
        member = self.store.access.member(self.account, who)
        if entering.is_out(self.store, self.account, session, member):
            return None
        return viewer_of(self.account, session, member, self.known.directory(self.account), self.at.date())

    def today(self) -> Response:
        """What waits for the viewer, oldest first."""
        from helpdesk_wellbeing.pages import today

        viewer = self.viewer()
        found = today.build(self.known, viewer, self.at) if viewer is not None and viewer.may_open("today") else None
        return self.render("today.html", today=found, is_known=viewer is not None, cards=CARDS)

    def ticket(self, ticket: str, said: str | None = None, problem: str | None = None, status: int = 200) -> Response:
        """What is suggested for a ticket, as the viewer may see it."""
        from helpdesk_wellbeing.pages import proposal

        viewer, hint = self.viewer(), None
        shown = None if viewer is None else self._shown(viewer, ticket)
        if viewer is not None and shown is not None:
            proposal.note_look(self.known, viewer, shown, self.at, evidence=True)
        else:
            hint = beside(self.store, self.account, ticket, self.known.names(self.account), self.at)
        token = replace(self.token, proposal=None, measured_at=None)
        if shown is not None:
            token = replace(token, proposal=shown.id, measured_at=shown.measured_at.isoformat())
        return self.render(
            "ticket.html", status, shown=shown, hint=hint, ticket=ticket, said=said, problem=problem, token=token,
            reasons=review.DECLINED_BECAUSE,
            move=None if shown is None else next((one for one in shown.moves if one.ticket == ticket), None),
        )  # fmt: skip

    def decided(self, form: Any) -> Response:
        """Accept or decline what this page has shown in full, in the viewer's name."""
        from helpdesk_wellbeing.access.gate import Part
        from helpdesk_wellbeing.pages import proposal

        ticket, id, viewer = form.get("ticket", ""), self.token.proposal, self.viewer()
        shown = None if viewer is None or id is None else proposal.build(self.known, viewer, id, self.at)
        if viewer is None or shown is None or shown.part is not Part.DECIDES:
            return self.ticket(ticket, problem=_("This is not for you to decide. Nothing was changed."), status=403)
        try:
            said = self._decide(viewer, shown, ticket, form.get("decision", ""), form.get("reason", ""))
        except HasChanged:
            problem = _("This has changed since you looked at it. Nothing was changed; look again, then decide.")
            return self.ticket(ticket, problem=problem, status=409)
        except CannotDecide as why:
            problem = _("Nothing was changed. %(problem)s", problem=explained(why))
            return self.ticket(ticket, problem=problem, status=409)
        return self.ticket(ticket, said=said)

    def _decide(self, viewer: Viewer, shown: Shown, ticket: str, decision: str, reason: str) -> str:
        may_not = CannotDecide(words.stands(shown))
        if decision in ("accept", "accept_one"):
            if not shown.may_accept:
                raise may_not
            only = [ticket] if decision == "accept_one" else None
            seen = datetime.fromisoformat(self.token.measured_at or "")
            review.accept(self.store, self.account, shown.id, viewer.who, self.at, only, seen)
            return str(_("Accepted."))
        if decision != "decline" or not shown.may_decline:
            raise may_not
        if reason not in review.DECLINED_BECAUSE:
            raise CannotDecide(_("Choose a reason."))
        review.decline(self.store, self.account, shown.id, viewer.who, reason, self.at)
        return str(_("Declined. It is not proposed again for some days."))

    def _shown(self, viewer: Viewer, ticket: str) -> Shown | None:
        from helpdesk_wellbeing.pages import proposal

        for kept in waiting_for(self.store, self.account, ticket, self.at):
            found = proposal.build(self.known, viewer, kept.id, self.at)
            if found is not None and any(move.ticket == ticket for move in found.moves):
                return found
        return None

    def render(self, template: str, status: int = 200, **values: Any) -> Response:
        """The page, with a token of its own, to be framed by the account's helpdesk alone."""
        token = values.pop("token", self.token)
        g.zone = self.known.directory(self.account).zone
        body = _page(
            template, page_token=token.text(self.store.access.cookie_secret()),
            home=f"{self.url}/a/{self.account}/",
            location=self.token.location, **values,
        )  # fmt: skip
        return _sealed(self.store, body, status, self.account)


def _page(template: str, **values: Any) -> str:
    told = {name: request.args.get(name, "")[:_LONGEST_ADDRESS] for name in ("origin", "app_guid")}
    return render_template(
        f"zaf/{template}", language=str(get_locale()), sdk=SDK, told=urlencode(told), words=words, **values
    )


def _plain(store: Store, kind: str, status: int, account: str | None = None) -> Response:
    """A page that says one thing; for an account that is not proven nobody may frame it."""
    body = _page("plain.html", kind=kind, page_token="", home="", location="")
    return _sealed(store, body, status, account)


def _sealed(store: Store, body: str, status: int, account: str | None) -> Response:
    answer = make_response(body, status)
    headers.add_to(answer, None if account is None else _framer(store, account))
    policy = answer.headers["Content-Security-Policy"]
    answer.headers["Content-Security-Policy"] = policy.replace("script-src 'self'", f"script-src 'self' {SDK_HOST}")
    if status in (429, 503):
        answer.headers["Retry-After"] = "60"
    return answer


def _framer(store: Store, account: str) -> str:
    """The helpdesk's own origin; of a simulated one also where it runs."""
    base = store.account(account).settings.get("base_url")
    parts = urlsplit(base or "")
    more = f" {parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""
    return f"https://{joining.host_of(store, account)}{more}"
