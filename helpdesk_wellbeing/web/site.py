"""The pages put together: what every request goes through before a page sees it, and what becomes of errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, g, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from helpdesk_wellbeing.access import entering
from helpdesk_wellbeing.access.patience import Doorkeeper
from helpdesk_wellbeing.access.roles import Page, home_of
from helpdesk_wellbeing.access.viewer import Viewer, viewer_of
from helpdesk_wellbeing.access.ways import WaysOf
from helpdesk_wellbeing.errors import StoreError, WellbeingError
from helpdesk_wellbeing.logs import place_of
from helpdesk_wellbeing.pages.connecting import Connecting
from helpdesk_wellbeing.pages.known import Known
from helpdesk_wellbeing.pages.leaving import Leaving
from helpdesk_wellbeing.pages.setting_up import SettingUp
from helpdesk_wellbeing.signed import derived
from helpdesk_wellbeing.web import cookies, headers, language
from helpdesk_wellbeing.web.charts.drawing import warm_up
from helpdesk_wellbeing.web.problems import explained, in_language
from helpdesk_wellbeing.web.rendering import add_filters, go_to, page_above, render

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.upkeep.beside import Beside

HERE = Path(__file__).parent
OF_AN_ACCOUNT = "/a/<account>"
SITE = "helpdesk_wellbeing.site"  # where the application keeps it
SEEN_EVERY = timedelta(minutes=5)  # a session's last use is noted no more often
_OURS = ("/a/", "/setup/")
OF_PROGRAMS = ("/api", "/webhooks", "/metrics", "/healthz", "/readyz", "/static/")  # nobody reads these in a browser
LARGEST = 2 * 1024 * 1024  # bytes of a form: a people file of ten thousand is smaller

TicketPage = Callable[[str, str], str | None]  # account, ticket -> its address in the helpdesk, where that is known

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Site:
    """What all pages work with."""

    known: Known
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ways: WaysOf = lambda account: ()
    connecting: Connecting | None = None  # None: accounts are connected on the command line only
    doorkeeper: Doorkeeper = field(default_factory=Doorkeeper)
    ticket_page: TicketPage = lambda account, ticket: None
    setting_up: SettingUp | None = None  # None: helpdesks are set up on the command line only
    beside: Beside | None = None  # None: there is nothing beside the store

    @cached_property
    def leaving(self) -> Leaving:
        """Accounts that are being disconnected."""
        return Leaving(self.known, self.beside)

    @property
    def store(self) -> Store:
        """Everything kept."""
        return self.known.store


def add_pages(
    app: Flask,
    store: Store,
    catalogue: Catalogue,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ways: WaysOf = lambda account: (),
    connecting: Connecting | None = None,
    ticket_page: TicketPage = lambda account, ticket: None,
    setting_up: SettingUp | None = None,
    beside: Beside | None = None,
) -> Site:
    """Join all pages to the application: /a/<account>/…, /setup/, /static/, /."""
    from helpdesk_wellbeing.web import setup_door
    from helpdesk_wellbeing.web.routes import PARTS

    site = Site(
        Known(store, catalogue), now, ways, connecting, ticket_page=ticket_page, setting_up=setting_up, beside=beside
    )
    app.extensions[SITE] = site
    app.session_interface = cookies.OfForms(store)
    secret = store.access.cookie_secret()
    app.config.update(
        SECRET_KEY=derived(secret, "forms"),
        SESSION_COOKIE_NAME="wellbeing_forms",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        WTF_CSRF_CHECK_DEFAULT=False,  # other doors prove who calls by themselves
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        MAX_FORM_MEMORY_SIZE=LARGEST,
    )
    csrf = CSRFProtect(app)
    language.prepare(app)
    pages = Blueprint(
        "pages", __name__, url_prefix=OF_AN_ACCOUNT, template_folder=str(HERE / "templates"),
    )  # fmt: skip
    add_filters(app)
    app.jinja_env.filters.update(explained=explained, in_language=in_language)
    _static(app)

    @app.after_request
    def seal_the_rest(response: Response) -> Response:
        headers.add_missing(response)
        return cookies.kept_here(response)

    @pages.before_request
    def enter() -> Response | None:
        request.max_content_length = LARGEST
        account = (request.view_args or {}).get("account", "")
        if not store.has_account(account):
            abort(404)
        g.account = account
        site.known.note_asked(account)
        g.viewer = _viewer(site, account)
        g.zone = site.known.directory(account).zone
        if request.method == "POST":
            prove_form(csrf)
        return None

    @pages.after_request
    def seal(response: Response) -> Response:
        headers.add_to(response)
        return response

    pages.register_error_handler(Exception, told)

    @app.get("/")
    def front_door() -> Response:
        """To the only account there is; else where to go."""
        names = [one.name for one in store.accounts()]
        if len(names) == 1:
            return go_to(url_for("pages.beginning", account=names[0]))
        answer = render("front_door.html", is_empty=not names)
        headers.add_to(answer)
        return answer

    @app.errorhandler(404)
    @app.errorhandler(405)
    def no_page(error: HTTPException) -> Response:
        """An address that no page has, or that does not take this, in our words; programs get theirs."""
        if request.path.startswith(OF_PROGRAMS):
            others = app.error_handler_spec[None][None].get(HTTPException)
            return app.make_response(cast(Response, error if others is None else others(error)))
        below, account = OF_AN_ACCOUNT.partition("<")[0], ""
        if request.path.startswith(below):
            account = request.path.removeprefix(below).partition("/")[0]
        if "account" not in g and account and store.has_account(account):
            g.account, g.viewer, g.zone = account, _viewer(site, account), site.known.directory(account).zone
        if isinstance(error, MethodNotAllowed) and request.method == "GET" and request.path.startswith(_OURS):
            return go_to(page_above(request.path))  # whoever opens a form's address anew wants the page it stands on
        answer = told(error)
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer

    for part in PARTS:
        part.add_to(pages, site)
    warm_up()
    app.register_blueprint(pages)
    app.register_blueprint(setup_door.setup(site, csrf))
    return site


def prove_form(csrf: CSRFProtect) -> None:
    """Raises CSRFError for a form that no page of ours sent.

    A neighbour below the same domain may have put a cookie of forms into the browser, so what the browser itself says
    of the sender counts, too.
    """
    cast(cookies.OfForms, current_app.session_interface).drop_planted(current_app)
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise CSRFError("sent from another site")
    csrf.protect()


def viewer() -> Viewer:
    """Who looks. Without a session the sign-in page is shown instead of the page."""
    found: Viewer | None = g.get("viewer")
    if found is None:
        raise NotSignedIn
    return found


def viewer_for(page: Page) -> Viewer:
    """Who looks, if the page is for one of their roles; else 403."""
    found = viewer()
    if not found.may_open(page):
        abort(403)
    return found


class NotSignedIn(Exception):
    """Nobody has signed in here."""


def _viewer(site: Site, account: str) -> Viewer | None:
    token = cookies.kept(site.store, account)
    at = site.now()
    session = site.store.access.session(account, token, at) if token else None
    if session is None:
        return None
    member = site.store.access.member(account, session.who)
    if entering.is_out(site.store, account, session, member):
        site.store.access.end_session(account, session.hash)
        return None
    g.session = session
    if at - session.seen_at > SEEN_EVERY:
        site.store.access.saw_session(account, session.hash, at)
    return viewer_of(account, session, member, site.known.directory(account), at.date())


def told(error: Exception) -> Response:
    """A page that says what happened and what to do next; never what was sent."""
    if isinstance(error, NotSignedIn) and g.account is not None:
        back = request.full_path if request.method == "GET" else None
        return go_to(url_for("pages.sign_in", account=g.account, back=cookies.local(back, g.account)))
    kind, status = _kind(error)
    if status >= 500:
        problem = {"problem": str(error)} if isinstance(error, WellbeingError) else {}
        _log.error("a page failed", error=type(error).__name__, place=place_of(error), page=request.endpoint, **problem)
    answer = render("error.html", status=status, kind=kind)
    if status in (429, 503):
        answer.headers["Retry-After"] = "60"
    headers.add_to(answer)
    return answer


def link_is_over(site: Site, account: str | None, status: int) -> Response:
    """An entry link that was used, has ended, or never was one."""
    if not site.doorkeeper.wrong(account, request.remote_addr):
        abort(429)
    return render("error.html", status, kind="used")


def _kind(error: Exception) -> tuple[str, int]:
    if isinstance(error, NotSignedIn):
        return "link", 403
    if isinstance(error, CSRFError):
        return "form", 400
    if isinstance(error, HTTPException):
        status = error.code or 500
        return {403: "role", 404: "missing", 405: "missing", 413: "large", 429: "often"}.get(status, "request"), status
    if isinstance(error, StoreError):
        return "away", 503
    return "failed", 500


def navigation(of: Viewer | None) -> list[tuple[str, str]]:
    """The pages that are theirs: (endpoint, what it is called)."""
    titles = {
        "today": _("Today"), "teams": _("Teams"), "esat": _("Surveys"), "me": _("About me"), "audit": _("Audit"),
        "settings": _("Settings"),
    }  # fmt: skip
    if of is None:
        return []
    theirs = [page for page in titles if of.may_open(cast(Page, page))]
    return [(f"pages.{page}", titles[page]) for page in theirs]


def home(of: Viewer) -> str | None:
    """Where they begin; None when no page is theirs."""
    page = home_of(of.roles)
    return None if page is None else url_for(f"pages.{page}", account=of.account)


def _static(app: Flask) -> None:
    """Style and scripts, under names that change with what is in them, so that browsers may keep them."""
    import hashlib

    from flask import send_from_directory

    folder = HERE / "static"
    stamp = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(folder.glob("*")))).hexdigest()[:12]
    app.jinja_env.globals["static"] = lambda name: f"/static/{stamp}/{name}"

    @app.get("/static/<stamp>/<path:name>")
    def static_file(stamp: str, name: str) -> Response:
        answer = send_from_directory(folder, name)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer
