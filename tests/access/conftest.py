"""An account that people sign in to with a simulated Zendesk or one of two OpenID Connect providers, one crooked."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest
import requests
from flask import Flask, jsonify, redirect, request
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from connectors.zendesk.simulated import SimulatedZendesk, Site
from connectors.zendesk.simulated.options import Account
from helpdesk_wellbeing import app as web_side
from helpdesk_wellbeing.access import doors
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.people import PEOPLE
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store, tables
from helpdesk_wellbeing.web.site import SITE

ACCOUNT = "acme"
ADA, BO, LEFT, CUSTOMER, BARRED = "1001", "1002", "1003", "1004", "1005"
NAMES = {ADA: "Ada", BO: "Bo", LEFT: "Lou", BARRED: "Sue"}
CHANGED = (tables.members, tables.web_sessions, tables.entry_links, tables.leavers, tables.used_states,
           tables.break_glass, tables.meta, tables.policies)  # fmt: skip
HOUR = timedelta(hours=1)


def frame_of(schema: pl.Schema, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


@pytest.fixture(scope="session")
def zendesk() -> Iterator[SimulatedZendesk]:
    people = frame_of(PEOPLE, *({"agent": id, "name": name} for id, name in NAMES.items()))
    roles = {
        ADA: Account(name="Ada"), BO: Account("admin", 4, "Bo"), LEFT: Account(name="Lou", active=False),
        CUSTOMER: Account("end-user", None, "Cus"), BARRED: Account(name="Sue", suspended=True),
    }  # fmt: skip
    with SimulatedZendesk(Site(pl.DataFrame(schema=SCHEMA), people, roles=roles)) as front:
        yield front


@dataclass
class Clock:
    """The application's time."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def now(self) -> datetime:
        return self.at


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, zendesk: SimulatedZendesk) -> Iterator[tuple[Any, ...]]:
    """One application for all tests; each begins with the account as it was (see `store`)."""
    home, clock = tmp_path_factory.mktemp("access"), Clock()
    settings = Settings(home, f"sqlite:///{home / 'wellbeing.db'}")
    with open_store(settings) as store:
        store.create_account(
            ACCOUNT, platform="zendesk",
            settings={"base_url": zendesk.base_url, "subdomain": "acme", "client_id": zendesk.client_id},
        )  # fmt: skip
        store.put_secret(ACCOUNT, "client_secret", zendesk.client_secret)
        people = [{"agent": id, "name": name} for id, name in NAMES.items()]
        store.replace_people(ACCOUNT, "platform", frame_of(PEOPLE, *people))
        app = web_side.web(settings, role="web", now=clock.now)
        yield settings, store, app, clock
        web_side.close(app)


@pytest.fixture
def clock(running: tuple[Any, ...]) -> Clock:
    found: Clock = running[3]
    found.at = datetime.now(UTC).replace(microsecond=0)
    return found


@pytest.fixture
def settings(running: tuple[Any, ...]) -> Settings:
    return running[0]


@pytest.fixture
def store(running: tuple[Any, ...], clock: Clock) -> Store:
    found: Store = running[1]
    with found._database.writing() as connection:
        for table in CHANGED:
            connection.execute(table.delete())
    doors.change(found, ACCOUNT, "a test", clock.at, zendesk={})
    return found


@pytest.fixture
def app(running: tuple[Any, ...], store: Store) -> Flask:
    found: Flask = running[2]
    vars(found.extensions[SITE].doorkeeper)["_buckets"].clear()
    return found


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def begun(browser: FlaskClient, way: str, back: str = "") -> str:
    """The address of the other side that the sign-in page sends the browser to."""
    answer = browser.get(f"/a/{ACCOUNT}/sign-in/{way}", query_string={"back": back} if back else {})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def argument(url: str, name: str) -> str:
    return parse_qs(urlsplit(url).query)[name][0]


def came_back(browser: FlaskClient, callback: str):
    """What we answer to the browser that the other side sent back."""
    parts = urlsplit(callback)
    return browser.get(f"{parts.path}?{parts.query}")


def chosen(zendesk_page: str, agent: str) -> str:
    """Where Zendesk sends whoever signs in there as this user."""
    answer = requests.get(zendesk_page, params={"user": agent}, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def offered(zendesk_page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r"<li><a[^>]*>([^<]*)</a>", requests.get(zendesk_page, timeout=5).text)]


def with_zendesk(browser: FlaskClient, agent: str, back: str = ""):
    return came_back(browser, chosen(begun(browser, "zendesk", back), agent))


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    from oidc_provider_mock import run_server_in_thread

    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


def agreed(provider_page: str, sub: str, **claims: Any) -> str:
    """Where the provider sends whoever signs in there as this subject."""
    parts = urlsplit(provider_page)
    base = f"{parts.scheme}://{parts.netloc}"
    requests.put(f"{base}/users/{sub}", json=claims, timeout=5).raise_for_status()
    answer = requests.post(provider_page, data={"sub": sub}, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


@pytest.fixture
def with_provider(store: Store, app: Flask, provider: str, clock: Clock) -> Callable[..., Any]:
    """A browser that signs in at the real provider as somebody with these claims."""
    of_provider = {"issuer": provider, "client_id": "wellbeing", "label": "Acme ID"}
    doors.change(store, ACCOUNT, "a test", clock.at, oidc=of_provider)
    store.put_secret(ACCOUNT, doors.OIDC_SECRET, "a secret of the client")

    def sign_in(browser: FlaskClient, sub: str, **claims: Any):
        return came_back(browser, agreed(begun(browser, "oidc"), sub, **claims))

    return sign_in


_tries = itertools.count()  # another name each time, so that nothing is remembered of the provider


@dataclass
class Crook:
    """A provider that answers as it is told to."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)  # over what would be right; None takes one away
    said: dict[str, Any] = field(default_factory=dict)  # over what it says of itself
    header: dict[str, Any] = field(default_factory=dict)
    key: Any = None
    published: Any = None
    more_keys: list[dict[str, Any]] = field(default_factory=list)
    nonce: str = ""
    asked: list[str] = field(default_factory=list)
    redirects: str = ""


@pytest.fixture(scope="session")
def crooked_server() -> Iterator[Crook]:
    from joserfc import jwt
    from joserfc.jwk import KeySet, RSAKey

    crook = Crook(key=RSAKey.generate_key(2048, {"kid": "k", "use": "sig"}))
    crook.published = crook.key
    pages = Flask("crook")

    @pages.before_request
    def note():
        crook.asked.append(request.path)

    @pages.get("/.well-known/openid-configuration")
    def said():
        if crook.redirects:
            return redirect(crook.redirects)
        url = crook.issuer
        return jsonify({
            "issuer": url, "authorization_endpoint": f"{url}/authorize", "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/keys", "id_token_signing_alg_values_supported": ["RS256"], **crook.said,
        })  # fmt: skip

    @pages.get("/keys")
    def keys():
        return jsonify(keys=KeySet([crook.published]).as_dict(private=False)["keys"] + crook.more_keys)

    @pages.post("/token")
    def token():
        now = int(time.time())
        right = {"iss": crook.issuer, "aud": "wellbeing", "sub": "s-1", "exp": now + 300, "iat": now,
                 "nonce": crook.nonce, "email": "eve@example.com", "email_verified": True}  # fmt: skip
        claims = {name: value for name, value in (right | crook.claims).items() if value is not None}
        header = {"alg": "RS256", "kid": "k"} | crook.header
        return jsonify(access_token="t", token_type="Bearer", id_token=jwt.encode(header, claims, crook.key))

    server = make_server("localhost", 0, pages, threaded=True)
    crook.issuer = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield crook
    server.shutdown()
    server.server_close()


@pytest.fixture
def crook(crooked_server: Crook, store: Store, app: Flask, clock: Clock) -> Iterator[Crook]:
    as_it_was = replace(crooked_server)
    crooked_server.asked.clear()
    label = f"try {next(_tries)}"
    of_crook = {"issuer": crooked_server.issuer, "client_id": "wellbeing", "label": label}
    doors.change(store, ACCOUNT, "a test", clock.at, oidc=of_crook)
    yield crooked_server
    for name in ("claims", "said", "header", "key", "published", "more_keys", "nonce", "redirects"):
        setattr(crooked_server, name, getattr(as_it_was, name))


def with_crook(browser: FlaskClient, crook: Crook):
    """Signs in at the crooked provider, which has a code for everybody."""
    page = begun(browser, "oidc")
    crook.nonce = argument(page, "nonce")
    return came_back(browser, f"/a/{ACCOUNT}/sign-in/oidc/back?code=c&state={argument(page, 'state')}")


@pytest.fixture
def tools() -> Any:
    """The helpers above, for tests."""
    import types

    return types.SimpleNamespace(**{name: value for name, value in globals().items() if not name.startswith("_")})
