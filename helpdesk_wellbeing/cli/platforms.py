"""Joins stored accounts and their secrets to the connectors; one function a platform."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from helpdesk_wellbeing.cli.common import say
from helpdesk_wellbeing.errors import ConfigError, NothingToPull

if TYPE_CHECKING:
    from connectors.session import Limits
    from connectors.zendesk.settings import ZendeskSettings
    from helpdesk_wellbeing.feed import Connector
    from helpdesk_wellbeing.store import Store

CLIENT_SECRET = "client_secret"
API_TOKEN = "api_token"


def connector_of(
    store: Store, account: str, tell: Callable[[str], None] = say, limits: Limits | None = None
) -> Connector:
    """The connector of a connected account; it tells what it waits for, as long as `limits` allow."""
    platform = store.account(account).platform
    if platform is None:
        raise NothingToPull(f"{account} was imported from a file; there is nothing to pull, run import again")
    from connectors import CONNECTORS

    if platform not in CONNECTORS:
        raise NothingToPull(f"{account}: this version cannot read {platform}; it takes in what its webhooks bring")
    settings = {"zendesk": zendesk_settings}[platform](store, account)
    return CONNECTORS[platform](settings, say=tell, limits=limits)


def zendesk_settings(store: Store, account: str) -> ZendeskSettings:
    """What the Zendesk connector needs, with the decrypted secret."""
    from connectors.zendesk.settings import ZendeskSettings

    stored = store.account(account).settings
    return ZendeskSettings(
        account=account,
        subdomain=stored["subdomain"],
        base_url=stored.get("base_url"),
        client_id=stored.get("client_id"),
        client_secret=_secret(store, account, CLIENT_SECRET) if stored.get("client_id") else None,
        email=stored.get("email"),
        api_token=_secret(store, account, API_TOKEN) if stored.get("email") else None,
        people_by_api=frozenset(stored.get("people_by_api", ())),
        statuses=stored.get("statuses", {}),
    )


def _secret(store: Store, account: str, name: str) -> str:
    secret = store.get_secret(account, name)
    if secret is None:
        raise ConfigError(f"{account}: no {name.replace('_', ' ')} is stored; run connect again")
    return secret
