"""Connecting an account: credentials are proven before anything is kept. For the command line and for the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from helpdesk_wellbeing.cli.common import checked_secret, say
from helpdesk_wellbeing.cli.platforms import API_KEY, CLIENT_SECRET
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.names import check_account_name
from helpdesk_wellbeing.pages.connecting import Connected, Helpdesk
from helpdesk_wellbeing.words import excerpt

if TYPE_CHECKING:
    from connectors.session import Limits
    from helpdesk_wellbeing.feed import Connector
    from helpdesk_wellbeing.store import Store

HOST = re.compile(r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
VENDOR = ".freshdesk.com"
WHERE = {"freshdesk": "domain", "zendesk": "subdomain"}  # the setting that says whose helpdesk it is
_CLIENT_ID = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HERE = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")
CONNECTION = ("subdomain", "domain", "base_url", "client_id", "email")  # what connecting anew replaces as a whole


def host_of(domain: str) -> str:
    """The host of a domain, also of an address copied from the browser. Raises ConfigError."""
    text = domain.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = parts.netloc.lower()  # with a port or a password it is none
    except ValueError:
        host = ""
    if not HOST.fullmatch(host) or parts.scheme not in ("http", "https"):
        told = excerpt(text.rpartition("@")[2])  # before an @ may be a password
        raise ConfigError(f'the domain "{told}" is not a host name; it looks like acme.freshdesk.com')
    return host


def refuse_strangers(store: Store, account: str, host: str) -> None:
    """An admin's key goes to the vendor only, or where an account that is connected already has it go."""
    known = store.account(account).settings if store.has_account(account) else {}
    if host.endswith(VENDOR) or (known.get("domain") == host and not known.get("base_url")):
        return
    raise ConfigError(
        f'the domain "{excerpt(host)}" does not end in {VENDOR}; give the vendor\'s own, such as acme{VENDOR}, also '
        "where customers see another one"
    )


def connect_freshdesk(
    store: Store, account: str, settings: dict[str, str], key: str, *, tell: Callable[[str], None] = say,
    limits: Limits | None = None, is_new: bool = False,
) -> Connected:  # fmt: skip
    """Ping with the key; only when it is good is anything kept. `is_new`: the name must not be taken."""
    from connectors import CONNECTORS
    from connectors.freshdesk.settings import FreshdeskSettings

    refuse_other(store, account, "freshdesk", settings["domain"])
    described = FreshdeskSettings(
        account=account, domain=settings["domain"], api_key=key, base_url=settings.get("base_url")
    )
    connector = CONNECTORS["freshdesk"](described, say=tell, limits=limits)
    return _prove_and_keep(store, account, connector, settings, API_KEY, key, tell, is_new)


def refuse_twice(store: Store, account: str, domain: str) -> None:
    """One helpdesk under two names would count everything twice."""
    for other in store.accounts():
        if other.platform == "freshdesk" and other.settings.get("domain") == domain and other.name != account:
            raise ConfigError(f"{domain} is connected already, as {other.name}; use that name, or give another domain")


def connect_zendesk(
    store: Store, account: str, settings: dict[str, str], name: str, secret: str, *,
    tell: Callable[[str], None] = say, limits: Limits | None = None, is_new: bool = False,
) -> Connected:  # fmt: skip
    """Ping with the credentials; only when they are good is anything kept. `is_new`: the name must not be taken."""
    from connectors import zendesk as platform
    from connectors.zendesk.settings import ZendeskSettings

    refuse_other(store, account, "zendesk", settings["subdomain"])
    described = ZendeskSettings(account=account, **settings, **{name: secret})  # type: ignore[arg-type]
    connector = platform.connect(described, say=tell, limits=limits)
    return _prove_and_keep(store, account, connector, settings, name, secret, tell, is_new)


def refuse_other(store: Store, account: str, platform: str, where: str) -> None:
    """A name belongs to one account, for ever: ids of two helpdesks would mix, and places of one hide the other's."""
    if not store.has_account(account):
        return
    known = store.account(account)
    if known.platform != platform:
        raise ConfigError(f"{account} is not a {platform.title()} account; choose another name")
    before = known.settings.get(WHERE[platform])
    is_read = bool(store.all_events_span(account)[2] or store.watermarks(account))
    if before is not None and before != where and is_read:
        raise ConfigError(
            f'{account} has the activity of {before}, and "{excerpt(where)}" is another helpdesk; '
            "connect it under another name"
        )


def _prove_and_keep(
    store: Store, account: str, connector: Connector, settings: dict[str, str], name: str, secret: str,
    tell: Callable[[str], None], is_new: bool,
) -> Connected:  # fmt: skip
    from helpdesk_wellbeing.pipeline.steps import resume

    ping = connector.ping()
    if ping.missing:
        raise ConfigError(f"{account}: not connected: {ping.refusal or ', '.join(ping.missing)}, then connect again")
    with store.transaction():
        if store.has_account(account) and not is_new:
            known = store.account(account).settings
            kept = {key: value for key, value in known.items() if key not in CONNECTION}
            store.update_account(account, settings={**kept, **settings})
        else:
            store.create_account(account, platform=connector.platform, settings=settings)
        store.put_secret(account, name, secret)
        resume(store, account)
    tell(f"{account}: connected as {ping.who}")
    for note in ping.notes:
        tell(f"{account}: {note}")
    return Connected(ping.who, ping.notes)


class Connections:
    """What the pages are offered: `pages.connecting.Connecting`."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now

    def connect(self, asked: Helpdesk) -> Connected:
        """Prove the credentials, then keep them under a name that is not taken."""
        account = asked.account
        self._refuse_taken(account)
        base_url = _on_this_machine(asked.base_url)
        if asked.platform == "zendesk":
            settings = {"subdomain": subdomain_of(asked.place), "client_id": asked.client_id.strip()}
            if not _CLIENT_ID.fullmatch(settings["client_id"]):
                raise ConfigError("the client id is the identifier of the OAuth client: letters, digits, - and _")
            self._refuse_zendesk_twice(account, settings["subdomain"])
            secret = checked_secret(asked.secret, "OAuth client secret")
            return connect_zendesk(
                self._store, account, _with(settings, base_url), CLIENT_SECRET, secret, **self._manner(is_new=True)
            )
        host = host_of(asked.place)
        if not base_url:
            refuse_strangers(self._store, account, host)
        refuse_twice(self._store, account, host)
        key = checked_secret(asked.secret, "API key")
        return connect_freshdesk(
            self._store, account, _with({"domain": host}, base_url), key, **self._manner(is_new=True)
        )

    def reconnect(self, account: str, client_id: str, secret: str) -> Connected:
        """Prove other credentials of a connected account, then keep them in the place of its own."""
        known = self._store.account(account)
        settings = {
            name: known.settings[name] for name in ("subdomain", "domain", "base_url") if name in known.settings
        }
        if known.platform == "zendesk":
            if not _CLIENT_ID.fullmatch(client_id.strip()):
                raise ConfigError("the client id is the identifier of the OAuth client: letters, digits, - and _")
            settings["client_id"] = client_id.strip()
            said = checked_secret(secret, "OAuth client secret")
            return connect_zendesk(self._store, account, settings, CLIENT_SECRET, said, **self._manner())
        if known.platform == "freshdesk":
            return connect_freshdesk(
                self._store, account, settings, checked_secret(secret, "API key"), **self._manner()
            )
        raise ConfigError(f"{account} was imported; there is nothing to connect")

    def simulate(self, account: str) -> None:
        """Begin to fill a new account with the simulated team, in the background."""
        from helpdesk_wellbeing.cli.simulated import fill
        from helpdesk_wellbeing.pages import jobs

        self._refuse_taken(account)
        self._store.create_account(account, zone="Europe/Amsterdam", settings={"simulated": True})
        jobs.begin(self._store, account, jobs.FILLING, lambda tell: fill(self._store, account, self._now(), tell),
                   self._now)  # fmt: skip

    def _refuse_taken(self, account: str) -> None:
        check_account_name(account)
        if self._store.has_account(account):
            raise ConfigError(f"account {account}: there is one of this name already; choose another name")

    def _refuse_zendesk_twice(self, account: str, subdomain: str) -> None:
        for one in self._store.accounts():
            if one.platform == "zendesk" and one.settings.get("subdomain") == subdomain and one.name != account:
                raise ConfigError(
                    f"{subdomain} is connected already, as {one.name}; one helpdesk under two names would count "
                    "everything twice"
                )

    def _manner(self, *, is_new: bool = False) -> dict[str, Any]:
        from connectors.session import Limits

        short = Limits(connect_s=5, read_s=10, answer_s=15, attempts=2, timeouts=1, longest_wait_s=5)
        return {"tell": lambda line: None, "limits": short, "is_new": is_new}  # a browser waits for the answer


def subdomain_of(place: str) -> str:
    """Zendesk's subdomain, also of an address copied from the browser. Raises ConfigError."""
    text = place.strip().lower()
    if "." in text or "/" in text:
        text = host_of(text)
        text = text.removesuffix(".zendesk.com") if text.endswith(".zendesk.com") else ""
    if not _SUBDOMAIN.fullmatch(text):
        raise ConfigError("that is no Zendesk subdomain; give the part before .zendesk.com")
    return text


def _on_this_machine(base_url: str) -> str:
    """From a page nothing but the vendor or this machine may be called."""
    text = base_url.strip().rstrip("/")
    if text and not _HERE.fullmatch(text):
        raise ConfigError("another server can only be one on this machine, such as http://127.0.0.1:8001")
    return text


def _with(settings: dict[str, str], base_url: str) -> dict[str, str]:
    return {**settings, **({"base_url": base_url} if base_url else {})}
