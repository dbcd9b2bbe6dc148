"""`connect`: prove the credentials of an account, then keep them, encrypted."""

from __future__ import annotations

import click

from helpdesk_wellbeing.cli.common import account_option, ask_secret, open_store, say
from helpdesk_wellbeing.cli.connecting import (
    connect_freshdesk,
    connect_zendesk,
    host_of,
    refuse_other,
    refuse_strangers,
    refuse_twice,
)  # fmt: skip
from helpdesk_wellbeing.cli.platforms import API_TOKEN, CLIENT_SECRET
from helpdesk_wellbeing.errors import ConfigError


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
    refuse_other(store, account, "zendesk", subdomain)
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
    host = host_of(domain)
    store = open_store()
    refuse_other(store, account, "freshdesk", host)
    if not base_url:
        refuse_strangers(store, account, host)
    refuse_twice(store, account, host)
    settings = {"domain": host, "base_url": base_url}
    key = ask_secret("HELPDESK_WELLBEING_API_KEY", "API key")
    connect_freshdesk(store, account, {k: v for k, v in settings.items() if v}, key)
    say(f"next: helpdesk-wellbeing pull --account {account}")
