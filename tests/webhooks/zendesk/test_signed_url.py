"""Pages that Zendesk opens: only a token of our own app, signed with the key of the account's own host, opens one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.session import Limits
from connectors.zendesk.client import ZendeskApi
from connectors.zendesk.settings import ZendeskSettings
from connectors.zendesk.simulated import Options, SimulatedZendesk, Site
from connectors.zendesk.simulated.apps import InstalledApp, new_key
from helpdesk_wellbeing.errors import BadPayload, ConfigError
from helpdesk_wellbeing.events import empty
from helpdesk_wellbeing.store import Store, open_store
from webhooks.zendesk.app import joining
from webhooks.zendesk.app.joining import Installed
from webhooks.zendesk.app.keys import ANEW_AFTER_S, PublicKeys, from_account, read_key
from webhooks.zendesk.app.signed_url import LEEWAY_S, Opened, Unproven, verify

URL = "https://wellbeing.acme.example"
SIDEBAR, NAV_BAR = "ticket_sidebar", "nav_bar"
ATTACKERS = new_key()


@dataclass
class Clock:
    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Place:
    """A simulated Zendesk with our app in it, and our store beside it."""

    front: SimulatedZendesk
    store: Store
    app: InstalledApp
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        found = joining.installed(self.store, "acme")
        assert found is not None
        self.ours = found
        self.keys = PublicKeys(from_account(self.store), self.clock)

    @property
    def api(self) -> ZendeskApi:
        settings = ZendeskSettings(
            "acme", "acme", self.front.base_url, self.front.client_id, self.front.client_secret, reserve=0.0
        )
        return ZendeskApi(settings, limits=Limits(connect_s=2.0, read_s=2.0, attempts=1))

    def token(self, location: str = SIDEBAR, user: int | None = 4711, **claims: Any) -> str:
        return self.front.apps.open(self.app, location, user, **claims)

    def opened(self, token: str, location: str = SIDEBAR) -> Opened:
        return verify(token, location, joining.all_installed(self.store), self.keys)


@pytest.fixture(scope="module")
def front() -> Iterator[SimulatedZendesk]:
    with SimulatedZendesk(Site(empty(), options=Options(unlimited=True))) as running:
        running.apps.install(server_url=URL)
        yield running


@pytest.fixture(scope="module")
def template(front: SimulatedZendesk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which our app is known."""
    folder, app = tmp_path_factory.mktemp("signed"), front.apps.installed[0]
    with open_store(f"sqlite:///{folder / 'wellbeing.db'}") as store:
        settings = {"subdomain": "acme", "base_url": front.base_url}
        store.create_account("acme", platform="zendesk", settings=settings)
        ours = {"app": str(app.app), "installation": str(app.installation), "url": URL}
        store.set_meta("acme", joining.META, json.dumps(ours))
        joining.packed_for(store, "acme", URL)
    return folder


@pytest.fixture
def place(template: Path, front: SimulatedZendesk, tmp_path: Path) -> Iterator[Place]:
    shutil.copytree(template, tmp_path / "home")
    (app,) = front.apps.installed
    front.apps.asked = 0
    with open_store(f"sqlite:///{tmp_path / 'home' / 'wellbeing.db'}") as store:
        yield Place(front, store, app)
    front.apps.installed[:] = [app]


def signed(place: Place, key: Any, algorithm: str = "RS256", **claims: Any) -> str:
    """The claims of a good token, signed by somebody else."""
    said = jwt.decode(place.token(), options={"verify_signature": False})
    return jwt.encode({**said, **claims}, key, algorithm=algorithm)


def unsigned(place: Place, alg: str) -> str:
    """The claims of a good token below a header of the attacker's own."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": alg, "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{place.token().split('.')[1]}."


def test_a_page_that_zendesk_opened_is_opened_for_its_agent(place: Place) -> None:
    found = place.opened(place.token(user=4711))

    assert (found.app.account, found.location, found.agent) == ("acme", SIDEBAR, "4711")


def test_without_a_user_in_the_token_nobody_is_taken_for_one(place: Place) -> None:
    assert place.opened(place.token(user=None)).agent is None


@pytest.mark.parametrize(
    ("sub", "agent"),
    [
        ("https://acme.zendesk.com/api/v2/users/4711.json", "4711"),
        ("https://acme.zendesk.com/api/v2/users/4711", "4711"),
        ("4711", "4711"),
        (4711, "4711"),
        ("https://globex.zendesk.com/api/v2/users/4711.json", None),
        ("https://acme.zendesk.com/api/v2/tickets/4711.json", None),
        ("0", None),
        ("Agent 01", None),
        (True, None),
        ({"id": 4711}, None),
    ],
)
def test_the_agent_is_an_id_or_the_address_of_a_user_of_this_account(place: Place, sub: Any, agent: Any) -> None:
    assert place.opened(place.token(user=None, sub=sub)).agent == agent


def test_the_issuer_may_be_written_with_its_scheme(place: Place) -> None:
    assert place.opened(place.token(iss="https://acme.zendesk.com")).agent == "4711"


def test_a_token_for_another_place_opens_nothing(place: Place) -> None:
    with pytest.raises(Unproven, match="another place"):
        place.opened(place.token(NAV_BAR), SIDEBAR)


@pytest.mark.parametrize("context", [None, "ticket_sidebar", {"location": SIDEBAR, "product": "chat"}, {}])
def test_a_token_that_does_not_say_its_place_opens_nothing(place: Place, context: Any) -> None:
    with pytest.raises(Unproven):
        place.opened(place.token(context=context))


def test_a_token_by_no_algorithm_is_refused_before_anything_is_looked_at(place: Place) -> None:
    for alg in ("none", "None", "NONE", "HS256", "ES256", "RS512", ""):
        with pytest.raises(Unproven, match="RS256"):
            place.opened(unsigned(place, alg))
    assert place.front.apps.asked == 0


def test_a_public_key_is_no_secret_to_sign_with(place: Place) -> None:
    pem = place.app.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, claims = (
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (b'{"alg":"HS256","typ":"JWT"}', base64.urlsafe_b64decode(place.token().split(".")[1] + "=="))
    )
    mac = hmac.digest(pem, f"{header}.{claims}".encode(), hashlib.sha256)
    forged = f"{header}.{claims}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    with pytest.raises(Unproven, match="RS256"):
        place.opened(forged)


def test_a_signature_of_somebody_else_is_refused(place: Place) -> None:
    with pytest.raises(Unproven, match="not signed"):
        place.opened(signed(place, ATTACKERS))


def test_claims_that_were_changed_are_refused(place: Place) -> None:
    header, _, signature = place.token().split(".")
    changed = place.token(user=1).split(".")[1]
    with pytest.raises(Unproven, match="not signed"):
        place.opened(f"{header}.{changed}.{signature}")


def test_a_key_that_the_token_names_is_never_asked_for(place: Place) -> None:
    header = {"jku": "https://evil.example/keys", "x5u": "https://evil.example/cert", "kid": "../../evil"}
    said = jwt.decode(place.token(), options={"verify_signature": False})
    with pytest.raises(Unproven, match="not signed"):
        place.opened(jwt.encode(said, ATTACKERS, algorithm="RS256", headers=header))


@pytest.mark.parametrize(
    "aud",
    [
        "https://acme.zendesk.com/api/v2/apps/installations/1.json",
        "https://globex.zendesk.com/api/v2/apps/installations/36000001.json",
        "https://acme.zendesk.com.evil.example/api/v2/apps/installations/36000001.json",
        "",
        None,
        ["https://acme.zendesk.com/api/v2/apps/installations/36000001.json", "https://other.example"],
    ],
)
def test_a_token_for_another_installation_opens_nothing(place: Place, aud: Any) -> None:
    with pytest.raises(Unproven, match="no app of this installation"):
        place.opened(place.token(aud=aud))


def test_a_token_of_another_issuer_opens_nothing(place: Place) -> None:
    with pytest.raises(Unproven, match="InvalidIssuerError"):
        place.opened(place.token(iss="globex.zendesk.com"))


@pytest.mark.parametrize("claim", ["exp", "iat", "iss"])
def test_a_token_without_a_claim_that_is_needed_opens_nothing(place: Place, claim: str) -> None:
    said = jwt.decode(place.token(), options={"verify_signature": False})
    said.pop(claim)
    with pytest.raises(Unproven, match="MissingRequiredClaimError"):
        place.opened(jwt.encode(said, place.app.key, algorithm="RS256"))


def test_a_token_that_is_sent_again_after_it_ended_opens_nothing(place: Place) -> None:
    now = int(time.time())
    with pytest.raises(Unproven, match="ExpiredSignatureError"):
        place.opened(place.token(iat=now - 400, exp=now - LEEWAY_S - 2))
    assert place.opened(place.token(iat=now - 400, exp=now - LEEWAY_S + 5)).agent == "4711"


def test_a_token_from_the_future_opens_nothing(place: Place) -> None:
    now = int(time.time())
    with pytest.raises(Unproven, match="ImmatureSignatureError"):
        place.opened(place.token(iat=now + LEEWAY_S + 5))
    assert place.opened(place.token(iat=now + LEEWAY_S - 5)).agent == "4711"


def test_what_is_no_token_opens_nothing(place: Place) -> None:
    for token in ("", "x", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.", "é" * 9, "a" * 9000, "..", "null"):
        with pytest.raises(Unproven):
            place.opened(token)


def test_another_accounts_token_opens_only_that_accounts_page(place: Place) -> None:
    """Two helpdesks in one installation, each with its own app and key."""
    place.store.create_account("globex", platform="zendesk",
                               settings={"subdomain": "globex", "base_url": place.front.base_url})  # fmt: skip
    theirs = place.front.apps.install(server_url=URL)
    ours = {"app": str(theirs.app), "installation": str(theirs.installation), "url": URL}
    place.store.set_meta("globex", joining.META, json.dumps(ours))
    host = "globex.zendesk.com"
    aud = f"https://{host}/api/v2/apps/installations/{theirs.installation}.json"

    theirs_token = place.front.apps.open(theirs, SIDEBAR, None, iss=host, aud=aud, sub="7")

    assert place.opened(theirs_token).app.account == "globex"
    with pytest.raises(Unproven, match="not signed"):  # their key, our installation
        place.opened(signed(place, theirs.key))
    with pytest.raises(Unproven, match="InvalidIssuerError"):  # our host says it is for theirs
        place.opened(place.front.apps.open(theirs, SIDEBAR, 7, aud=aud))


def test_the_key_is_asked_for_once_and_then_remembered(place: Place) -> None:
    for _ in range(5):
        place.opened(place.token())

    assert place.front.apps.asked == 1


def test_a_rotated_key_is_found_but_not_asked_for_more_than_once_a_minute(place: Place) -> None:
    place.opened(place.token())
    place.clock.at += ANEW_AFTER_S
    place.front.apps.rotate(place.app)

    assert place.opened(place.token()).agent == "4711"
    assert place.front.apps.asked == 2
    for _ in range(20):
        with pytest.raises(Unproven):
            place.opened(signed(place, ATTACKERS))
    assert place.front.apps.asked == 2
    place.clock.at += ANEW_AFTER_S
    for _ in range(20):
        with pytest.raises(Unproven):
            place.opened(signed(place, ATTACKERS))
    assert place.front.apps.asked == 3
    assert place.opened(place.token()).agent == "4711"


def test_who_comes_while_the_first_key_is_asked_for_waits_for_it(place: Place) -> None:
    asked, answers = threading.Event(), threading.Event()
    fetch = from_account(place.store)

    def slowly(app: Installed) -> Any:
        asked.set()
        answers.wait(5)
        return fetch(app)

    keys = PublicKeys(slowly, place.clock)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(keys.of, place.ours)
        asked.wait(5)
        second = pool.submit(keys.of, place.ours)
        with pytest.raises(TimeoutError):
            second.result(0.05)
        answers.set()

        assert first.result(5) is second.result(5) is not None
    assert place.front.apps.asked == 1


def test_a_host_that_does_not_answer_is_not_asked_again_and_again(place: Place) -> None:
    asked = []

    def fails(app: Installed) -> Any:
        asked.append(app)
        raise BadPayload("away")

    keys = PublicKeys(fails, place.clock)
    for _ in range(5):
        with pytest.raises(Unproven, match="can't be read"):
            verify(place.token(), SIDEBAR, [place.ours], keys)

    assert len(asked) == 1


def test_a_short_key_and_what_is_no_key_are_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    short = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    for key in (short, curve):
        with pytest.raises(BadPayload, match="2048"):
            read_key(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "acme")
    with pytest.raises(BadPayload, match="2048"):
        read_key(b"<html>", "acme")


def test_our_app_is_found_by_the_address_that_the_package_bears(place: Place) -> None:
    place.front.apps.install(name="Another app")

    found = joining.join(place.store, "acme", place.api)

    assert found == Installed("acme", "acme.zendesk.com", str(place.app.app), str(place.app.installation), URL)
    assert joining.installed(place.store, "acme") == found


def test_which_of_two_apps_is_ours_has_to_be_said(place: Place) -> None:
    second = place.front.apps.install(server_url=f"{URL}/")

    with pytest.raises(ConfigError, match="--app-id"):
        joining.join(place.store, "acme", place.api)

    assert joining.join(place.store, "acme", place.api, second.app).app == str(second.app)


def test_another_app_that_has_an_address_in_the_same_setting_is_not_ours(place: Place) -> None:
    theirs = place.front.apps.install(server_url="https://other.example")

    assert joining.join(place.store, "acme", place.api).url == URL
    with pytest.raises(ConfigError, match="package zendesk"):
        joining.join(place.store, "acme", place.api, theirs.app)


def test_before_it_was_uploaded_the_next_step_is_said(place: Place) -> None:
    place.front.apps.installed.clear()

    with pytest.raises(ConfigError, match="package zendesk"):
        joining.join(place.store, "acme", place.api)


def test_an_installation_says_for_whom_it_is_meant(place: Place) -> None:
    other = replace(place.ours, installation="5")

    assert other.audience == "https://acme.zendesk.com/api/v2/apps/installations/5.json"
