"""`connect`: prove the credentials of an account, then keep them, encrypted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from helpdesk_wellbeing.cli.common import account_option, ask_secret, open_store, say
from helpdesk_wellbeing.cli.platforms import API_KEY, API_TOKEN, CLIENT_SECRET
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.words import excerpt

if TYPE_CHECKING:
    from helpdesk_wellbeing.feed import Connector
    from helpdesk_wellbeing.store import Store

HOST = re.compile(r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
VENDOR = ".freshdesk.com"
WHERE = {"freshdesk": "domain", "zendesk": "subdomain"}  # the setting that says whose helpdesk it is
CONNECTION = ("subdomain", "domain", "base_url", "client_id", "email")  # what connecting anew replaces as a whole


@click.group(name="connect")
def command() -> None:
    """Connect an account of a helpdesk. Secrets are asked for, or read from the environment."""


@command.command(short_help="Connect a Zendesk account.")
@account_option
@click.option("--subdomain", required=True, help="The part before .zendesk.com.")
@click.option("--client-id", help="Identifier of a confidential OAuth client (the way to go).")
@click.option("--email", help="An admin's address, for an API token that still lives (legacy).")
@click.option("--base-url", help="Another server, scheme and host only; http:// on this machine only.")
def zendesk(account: str, subdomain: str, client_id: str | None, email: str | None, base_url: str | None) -> None:
    """Connect a Zendesk account, by OAuth client credentials (--client-id) or by a legacy API token (--email).

    The secret is asked for, or read from HELPDESK_WELLBEING_CLIENT_SECRET or HELPDESK_WELLBEING_API_TOKEN.
    """
    if (client_id is None) == (email is None):
        raise ConfigError("give either --client-id (OAuth) or --email (legacy API token)")
    store = open_store()
    _refuse_other(store, account, "zendesk", subdomain)
    if client_id is not None:
        name, secret = CLIENT_SECRET, ask_secret("HELPDESK_WELLBEING_CLIENT_SECRET", "OAuth client secret")
    else:
        name, secret = API_TOKEN, ask_secret("HELPDESK_WELLBEING_API_TOKEN", "API token")
    settings = {"subdomain": subdomain, "base_url": base_url, "client_id": client_id, "email": email}
    connect_zendesk(store, account, {k: v for k, v in settings.items() if v}, name, secret)
    say(f"next: helpdesk-wellbeing pull --account {account}")


@command.command(short_help="Connect a Freshdesk account.")
@account_option
@click.option("--domain", required=True, help="Where its pages are, such as acme.freshdesk.com.")
@click.option("--base-url", help="Another server, scheme and host only; http:// on this machine only.")
def freshdesk(account: str, domain: str, base_url: str | None) -> None:
    """Connect a Freshdesk account, by the API key of an admin whose scope is all tickets.

    The key is asked for, or read from HELPDESK_WELLBEING_API_KEY. It stands in that agent's profile settings.
    """
    host = _host_of(domain)
    store = open_store()
    _refuse_other(store, account, "freshdesk", host)
    if not base_url:
        _refuse_strangers(store, account, host)
    _refuse_twice(store, account, host)
    settings = {"domain": host, "base_url": base_url}
    key = ask_secret("HELPDESK_WELLBEING_API_KEY", "API key")
    connect_freshdesk(store, account, {k: v for k, v in settings.items() if v}, key)
    say(f"next: helpdesk-wellbeing pull --account {account}")


def _host_of(domain: str) -> str:
    """The host of a domain, also of an address copied from the browser. Raises ConfigError."""
    text = domain.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = parts.netloc.lower()  # with a port or a password it is none
    except ValueError:
        host = ""
    if not HOST.fullmatch(host) or parts.scheme not in ("http", "https"):
        told = excerpt(text.rpartition("@")[2])  # before an @ may be a password
        raise ConfigError(f'--domain "{told}" is not a host name; it looks like acme.freshdesk.com')
    return host


def _refuse_strangers(store: Store, account: str, host: str) -> None:
    """An admin's key goes to the vendor only, or where an account that is connected already has it go."""
    known = store.account(account).settings if store.has_account(account) else {}
    if host.endswith(VENDOR) or (known.get("domain") == host and not known.get("base_url")):
        return
    raise ConfigError(
        f'--domain "{excerpt(host)}" does not end in {VENDOR}; give the vendor\'s own, such as acme{VENDOR}, also '
        "where customers see another one"
    )


def connect_freshdesk(store: Store, account: str, settings: dict[str, str], key: str) -> None:
    """Ping with the key; only when it is good is anything kept."""
    from connectors import CONNECTORS
    from connectors.freshdesk.settings import FreshdeskSettings

    _refuse_other(store, account, "freshdesk", settings["domain"])
    described = FreshdeskSettings(
        account=account, domain=settings["domain"], api_key=key, base_url=settings.get("base_url")
    )
    connector = CONNECTORS["freshdesk"](described, say=say)
    _prove_and_keep(store, account, connector, settings, API_KEY, key)


def _refuse_twice(store: Store, account: str, domain: str) -> None:
    """One helpdesk under two names would count everything twice."""
    for other in store.accounts():
        if other.platform == "freshdesk" and other.settings.get("domain") == domain and other.name != account:
            raise ConfigError(
                f"{domain} is connected already, as {other.name}; use that name, or give another --domain"
            )


def connect_zendesk(store: Store, account: str, settings: dict[str, str], name: str, secret: str) -> None:
    """Ping with the credentials; only when they are good is anything kept."""
    from connectors import zendesk as platform
    from connectors.zendesk.settings import ZendeskSettings

    _refuse_other(store, account, "zendesk", settings["subdomain"])
    connector = platform.connect(ZendeskSettings(account=account, **settings, **{name: secret}))  # type: ignore[arg-type]
    _prove_and_keep(store, account, connector, settings, name, secret)


def _refuse_other(store: Store, account: str, platform: str, where: str) -> None:
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
    store: Store, account: str, connector: Connector, settings: dict[str, str], name: str, secret: str
) -> None:
    from helpdesk_wellbeing.pipeline.steps import resume

    ping = connector.ping()
    if ping.missing:
        raise ConfigError(f"{account}: not connected: {ping.refusal or ', '.join(ping.missing)}, then connect again")
    with store.transaction():
        if store.has_account(account):
            known = store.account(account).settings
            kept = {key: value for key, value in known.items() if key not in CONNECTION}
            store.update_account(account, settings={**kept, **settings})
        else:
            store.create_account(account, platform=connector.platform, settings=settings)
        store.put_secret(account, name, secret)
        resume(store, account)
    say(f"{account}: connected as {ping.who}")
    for note in ping.notes:
        say(f"{account}: {note}")
