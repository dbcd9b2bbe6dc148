"""The web side put together: the inbound door, and what operators ask. Imported by the command `serve` only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from helpdesk_wellbeing import __version__
from helpdesk_wellbeing.condition import works
from helpdesk_wellbeing.errors import WellbeingError
from helpdesk_wellbeing.process import ALIVE_S, BEAT_S, Process

if TYPE_CHECKING:
    from flask import Flask

    from helpdesk_wellbeing.access.ways import Way, WaysOf
    from helpdesk_wellbeing.deliveries import Receipt
    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.settings import Settings
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.web.site import TicketPage
    from helpdesk_wellbeing.web.warming import Warmth
    from webhooks.receipts import Receipts

BUSY_S = 5.0  # platforms hang up after 10 seconds
FIT_S = 1.0  # for so long tables that fitted are taken to fit
LOST_S = 600.0  # a web process that has been silent for so long is not coming back
_BEHIND = "helpdesk_wellbeing"

_log = structlog.get_logger(__name__)


def web(settings: Settings, *, role: str = "all", now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Flask:
    """The application: /a/<account>/, POST /webhooks/<platform>/<account>, /zaf/, /apps/, /pulse/, /consent/, /api/, …

    `close` ends it. Opens the store, so make it in the process that serves. In the role "web" readiness does not ask
    for a worker: that is elsewhere. `now` is another time in the demo
    only. Raises StoreError or ConfigError when the database cannot be used.
    """
    from flask import Flask

    from helpdesk_wellbeing.acting.consent_page import consents
    from helpdesk_wellbeing.api.blueprint import api, document
    from helpdesk_wellbeing.cli.connecting import Connections
    from helpdesk_wellbeing.cli.setups import Setups
    from helpdesk_wellbeing.metrics import Deliveries, StoreCollector
    from helpdesk_wellbeing.store import open_store
    from helpdesk_wellbeing.surveys.page import pulse
    from helpdesk_wellbeing.upkeep.beside import Beside
    from helpdesk_wellbeing.web.site import add_pages
    from helpdesk_wellbeing.web.warming import Warmth
    from webhooks import wsgi
    from webhooks.door import Door
    from webhooks.freshdesk.app.panel import panel
    from webhooks.known import Remembered, from_store
    from webhooks.receipts import Receipts
    from webhooks.zendesk.app.frames import frames

    store = open_store(settings, busy_s=BUSY_S)
    receipts = Receipts(_while_fit(store))
    deliveries = Deliveries()
    process = Process(store, "web", lambda: {"deliveries": deliveries.counts()})
    heart = Heart(store, process)
    app = Flask("helpdesk_wellbeing", static_folder=None)
    door = Door(Remembered(from_store(store)), receipts.keep, deliveries.count)
    app.wsgi_app = wsgi.before(app.wsgi_app, door)  # type: ignore[method-assign, assignment]
    _answer_operators(app, store, role, StoreCollector(store, process.name, process.counts))
    for pages in (pulse(store, now), consents(store, now), api(store, now), document()):
        app.register_blueprint(pages)
    site = add_pages(
        app, store, catalogue(settings), now, ways(store), Connections(store, now), ticket_pages(store), Setups(store),
        Beside.of(settings),
    )  # fmt: skip
    for pages in (frames(site.known, now), panel(store, now)):
        app.register_blueprint(pages)
    warmth = Warmth(site.known, now, app)
    app.extensions[_BEHIND] = (store, receipts, heart, warmth)
    heart.start()
    warmth.start()
    return app


def catalogue(settings: Settings) -> Catalogue:
    """All signals with all rules, the admin's own included."""
    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.rules.load import load_rules
    from helpdesk_wellbeing.signals.catalogue import SIGNALS

    return Catalogue(SIGNALS, load_rules(SIGNALS, settings.rules_folder))


def ways(store: Store) -> WaysOf:
    """How people may sign in to an account; remembered until the admin changes it."""
    from connectors.oidc.sign_in import OidcSignIn
    from connectors.zendesk.sign_in import ZendeskSignIn
    from helpdesk_wellbeing.access.doors import OIDC_SECRET, ZENDESK_SECRET, sign_in_of, stays_here

    made: dict[str, tuple[object, tuple[Way, ...]]] = {}

    def of(account: str) -> tuple[Way, ...]:
        chosen, known = sign_in_of(store, account), store.account(account)
        if chosen.zendesk is None and chosen.oidc is None:
            return ()
        secrets = (store.get_secret(account, ZENDESK_SECRET), store.get_secret(account, OIDC_SECRET),
                   store.get_secret(account, "client_secret"))  # fmt: skip
        version = (chosen, known.settings, secrets)
        if account in made and made[account][0] == version:
            return made[account][1]
        found: list[Way] = []
        if chosen.zendesk is not None and known.platform == "zendesk":
            origin = known.settings.get("base_url") or f"https://{known.settings['subdomain']}.zendesk.com"
            own = chosen.zendesk.client_id
            secret = secrets[0] if own else secrets[2]
            found.append(ZendeskSignIn(origin.rstrip("/"), own or known.settings["client_id"], secret))
        if chosen.oidc is not None:
            one = chosen.oidc
            found.append(OidcSignIn(one.issuer, one.client_id, secrets[1], one.label, here=stays_here(known)))
        made[account] = (version, tuple(found))
        return made[account][1]

    return of


def ticket_pages(store: Store) -> TicketPage:
    """Where a ticket of an account is opened in its helpdesk."""
    from connectors.freshdesk import settings as freshdesk
    from connectors.zendesk import settings as zendesk

    pages = {"freshdesk": freshdesk.ticket_page, "zendesk": zendesk.ticket_page}

    def of(account: str, ticket: str) -> str | None:
        known = store.account(account)
        page = pages.get(known.platform or "")
        return None if page is None else page(known.settings, ticket)

    return of


def close(app: Flask, timeout_s: float = 5.0) -> None:
    """Commit what waits, say goodbye, give the connections back."""
    behind: tuple[Store, Receipts, Heart, Warmth] = app.extensions[_BEHIND]
    store, receipts, heart, warmth = behind
    warmth.stop()
    if not receipts.stop(timeout_s):
        _log.error("some calls were not stored in time; they were not answered, so they come again")
    heart.stop()
    store.close()


def _while_fit(store: Store) -> Callable[[Sequence[Receipt]], list[bool]]:
    """`Inbox.add_many`, but nothing is put into tables that a newer version has changed under us: that raises."""
    looked = float("-inf")

    def keep(receipts: Sequence[Receipt]) -> list[bool]:
        nonlocal looked
        if time.monotonic() - looked > FIT_S:
            store.check()
            looked = time.monotonic()
        return store.inbox.add_many(receipts)

    return keep


class Heart:
    """Says every few seconds that this web process is alive."""

    def __init__(self, store: Store, process: Process) -> None:
        self._store = store
        self._process = process
        self._stopped = threading.Event()
        self._is_told = False
        self._thread = threading.Thread(target=self._run, name="web-heartbeat", daemon=True)

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye."""
        self._stopped.set()
        self._thread.join(BEAT_S)
        self._try(self._process.say_goodbye)

    def _run(self) -> None:
        self._try(self._forget_the_lost)
        while not self._stopped.is_set():
            self._try(self._process.beat)
            self._stopped.wait(BEAT_S)

    def _forget_the_lost(self) -> None:
        for one in self._store.work.workers():
            if one.role == "web" and one.age_s > LOST_S:
                self._store.work.forget_worker(one.name)

    def _try(self, step: Callable[[], object]) -> None:
        try:
            step()
        except WellbeingError as error:
            if not self._is_told:
                _log.warning("no heartbeat", problem=str(error))
            self._is_told = True
        else:
            self._is_told = False


def missing(store: Store, role: str) -> list[str]:
    """What keeps this process from being of use, each as a line."""
    lacks = []
    try:
        store.check()
        if role != "web" and not any(works(worker) for worker in store.work.workers()):
            lacks = [f"no worker has been heard of for {ALIVE_S:g} s; start helpdesk-wellbeing serve --role worker"]
        store.check_secrets()
    except WellbeingError as error:
        lacks.append(str(error))
    return lacks


def _answer_operators(app: Flask, store: Store, role: str, collector: Any) -> None:
    from flask import Response, jsonify
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="up", version=__version__)

    @app.get("/readyz")
    def readyz() -> Response:
        lacks = missing(store, role)
        answer = jsonify(status="ready" if not lacks else "not ready", missing=lacks)
        answer.status_code = 503 if lacks else 200
        return answer

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
