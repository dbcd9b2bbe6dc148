"""`connect`: prove the credentials of an account, then keep them, encrypted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from helpdesk_wellbeing.cli.common import account_option, ask_secret, open_store, say
from helpdesk_wellbeing.cli.platforms import API_TOKEN, CLIENT_SECRET
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.words import excerpt

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

HOST = re.compile(r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
CONNECTION = ("subdomain", "base_url", "client_id", "email")  # what connecting anew replaces as a whole


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
    if client_id is not None:
        name, secret = CLIENT_SECRET, ask_secret("HELPDESK_WELLBEING_CLIENT_SECRET", "OAuth client secret")
    else:
        name, secret = API_TOKEN, ask_secret("HELPDESK_WELLBEING_API_TOKEN", "API token")
    settings = {"subdomain": subdomain, "base_url": base_url, "client_id": client_id, "email": email}
    connect_zendesk(open_store(), account, {k: v for k, v in settings.items() if v}, name, secret)
    say(f"next: helpdesk-wellbeing pull --account {account}")


@command.command(short_help="Connect a Freshdesk account, for its webhooks.")
@account_option
@click.option("--domain", required=True, help="Where its pages are, such as acme.freshdesk.com.")
def freshdesk(account: str, domain: str) -> None:
    """Connect a Freshdesk account, so that its automation rules and its app can tell what happens.

    This version does not read Freshdesk by itself, so it asks for no API key.
    """
    if not HOST.fullmatch(domain):
        raise ConfigError(f'--domain "{excerpt(domain)}" is not a host name; it looks like acme.freshdesk.com')
    connect_freshdesk(open_store(), account, domain.lower())
    say(f"next: helpdesk-wellbeing secrets set --account {account} webhook_secret, then helpdesk-wellbeing serve")


def connect_freshdesk(store: Store, account: str, domain: str) -> None:
    """Keep the account; there is nothing to prove yet."""
    from helpdesk_wellbeing.pipeline.steps import resume

    known = store.account(account) if store.has_account(account) else None
    if known is not None and known.platform != "freshdesk":
        raise ConfigError(f"{account} is not a Freshdesk account; choose another name")
    _refuse_twice(store, account, domain)
    with store.transaction():
        if known is None:
            store.create_account(account, platform="freshdesk", settings={"domain": domain})
        else:
            store.update_account(account, settings={**known.settings, "domain": domain})
        resume(store, account)
    say(f"{account}: connected; what its webhooks bring is taken in, reading it comes with a later version")


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
    from helpdesk_wellbeing.pipeline.steps import resume

    known = store.account(account) if store.has_account(account) else None
    if known is not None and known.platform != "zendesk":
        raise ConfigError(f"{account} is not a Zendesk account; choose another name")
    connector = platform.connect(ZendeskSettings(account=account, **settings, **{name: secret}))  # type: ignore[arg-type]
    ping = connector.ping()
    if ping.missing:
        raise ConfigError(f"{account}: connected as {ping.who}, but it lacks: {', '.join(ping.missing)}")
    with store.transaction():
        if known is None:
            store.create_account(account, platform="zendesk", settings=settings)
        else:
            kept = {key: value for key, value in known.settings.items() if key not in CONNECTION}
            store.update_account(account, settings={**kept, **settings})
        store.put_secret(account, name, secret)
        resume(store, account)
    say(f"{account}: connected as {ping.who}")
    for note in ping.notes:
        say(f"{account}: {note}")
