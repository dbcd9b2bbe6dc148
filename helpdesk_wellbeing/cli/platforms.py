"""Joins stored accounts and their secrets to the connectors; one function a platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.cli.common import say
from helpdesk_wellbeing.errors import ConfigError, NothingToPull, StoreError
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from connectors.freshdesk.settings import FreshdeskSettings
    from connectors.session import Limits
    from connectors.zendesk.settings import ZendeskSettings
    from helpdesk_wellbeing.feed import Connector
    from helpdesk_wellbeing.store import Store

CLIENT_SECRET = "client_secret"
API_TOKEN = "api_token"
API_KEY = "api_key"


def connector_of(
    store: Store,
    account: str,
    tell: Callable[[str], None] = say,
    limits: Limits | None = None,
    *,
    patient: bool = False,
) -> Connector:
    """The connector of a connected account; it tells what it waits for, as long as `limits` allow.

    `patient`: one of many pulls, which may leave something to the next ones to spare the quota.
    """
    platform = store.account(account).platform
    if platform is None:
        raise NothingToPull(f"{account} was imported from a file; there is nothing to pull, run import again")
    from connectors import CONNECTORS

    if platform not in CONNECTORS or platform not in _SETTINGS:
        raise NothingToPull(f"{account}: this version cannot read {platform}; it takes in what its webhooks bring")
    if lives_on_webhooks(store, account):
        raise NothingToPull(f"{account}: {how_to_add_the_key(store, account)}")
    return CONNECTORS[platform](_SETTINGS[platform](store, account), say=tell, limits=limits, patient=patient)


def lives_on_webhooks(store: Store, account: str) -> bool:
    """Whether an account has its events from webhooks alone: a Freshdesk account that was connected without a key."""
    return store.account(account).platform == "freshdesk" and not store.has_secret(account, API_KEY)


def how_to_add_the_key(store: Store, account: str) -> str:
    """For an account that lives on webhooks: what it lacks, and the next step; without its name."""
    domain = store.account(account).settings.get("domain")
    return (
        "it has no API key, so it is not read, and only what its webhooks bring is taken in; add the key: "
        f"helpdesk-wellbeing connect freshdesk --account {account} --domain {domain}"
    )


def unreadable_secrets(store: Store, accounts: Iterable[str]) -> list[str]:
    """Why secrets of these accounts cannot be read, each reason once; running processes have the same trouble."""
    from webhooks.known import PREVIOUS_SECRET, SECRET

    whose: dict[str, list[str]] = {}
    with store.view():
        for account in accounts:
            for name in (SECRET, PREVIOUS_SECRET, CLIENT_SECRET, API_TOKEN, API_KEY):
                try:
                    store.get_secret(account, name)
                except (ConfigError, StoreError) as error:
                    whose.setdefault(str(error), []).append(account)
    return [
        f"{', '.join(dict.fromkeys(names))}: webhooks are answered with 503 and pulls fail: {reason}; "
        "a running serve then goes on by itself"
        for reason, names in whose.items()
    ]


def require_events(store: Store, account: str) -> None:
    """A clear error when nothing is known of the account."""
    if store.all_events_span(account)[2] == 0:
        raise ConfigError(f"{account}: {why_no_events(store, account)}")


def why_no_events(store: Store, account: str) -> str:
    """For an account without events: why there are none, and what to do; without its name."""
    platform = store.account(account).platform
    if not lives_on_webhooks(store, account):
        return "no events yet; run pull" if platform else "no events yet; run import"
    depth, came = store.inbox.depth().get(account), store.work.run_of(account).hook_at
    if depth is not None and depth.waiting:
        waits = "waits" if depth.waiting == 1 else "wait"
        return f"no events yet, but {counted(depth.waiting, 'webhook')} {waits}; run helpdesk-wellbeing serve"
    guide = f"webhooks/{platform}/README.md"
    if came is not None:
        return (
            f"no events yet; webhooks came, the last at {came:%Y-%m-%d %H:%M} UTC, but said only which tickets to look "
            f"at; events come from the app, see {guide}"
        )
    return f"no events yet; its webhooks bring them: run helpdesk-wellbeing serve and set them up as in {guide}"


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


def freshdesk_settings(store: Store, account: str) -> FreshdeskSettings:
    """What the Freshdesk connector needs, with the decrypted key."""
    from connectors.freshdesk.settings import FreshdeskSettings

    stored = store.account(account).settings
    return FreshdeskSettings(
        account=account,
        domain=stored["domain"],
        api_key=_secret(store, account, API_KEY),
        base_url=stored.get("base_url"),
        statuses=stored.get("statuses", {}),
        own_user_is_person=bool(stored.get("own_user_is_person", False)),
    )


def _secret(store: Store, account: str, name: str) -> str:
    secret = store.get_secret(account, name)
    if secret is None and name == API_KEY:
        raise ConfigError(f"{account}: {how_to_add_the_key(store, account)}")
    if secret is None:
        raise ConfigError(f"{account}: no {name.replace('_', ' ')} is stored; run connect again")
    return secret


_SETTINGS: dict[str, Callable[[Store, str], Any]] = {"freshdesk": freshdesk_settings, "zendesk": zendesk_settings}
