"""Which app of the account is ours: Zendesk numbers an app and its installation when an admin uploads it.

The list of installations shows the settings of each, so ours is known by the address of this installation, which the
package has put there. Other apps may have a setting of that name, and whoever makes one gets tokens for it: such an app
must never count as ours.
https://developer.zendesk.com/api-reference/ticketing/apps/apps/#list-app-installations
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from helpdesk_wellbeing.errors import BadPayload, ConfigError

if TYPE_CHECKING:
    from connectors.zendesk.client import ZendeskApi
    from helpdesk_wellbeing.store import Store

META = "zendesk_app"
_PACKED = "zendesk_app_url"  # for which address the last package was made
PARAMETER = "server_url"
_INSTALLATIONS = "/api/v2/apps/installations.json"


@dataclass(frozen=True)
class Installed:
    """Our app in one account: its numbers, the account's own host, this installation's address."""

    account: str
    host: str  # such as acme.zendesk.com
    app: str
    installation: str
    url: str

    @property
    def audience(self) -> str:
        """For whom Zendesk signs."""
        return f"https://{self.host}/api/v2/apps/installations/{self.installation}.json"

    @property
    def issuers(self) -> tuple[str, str]:
        """Who signs, as Zendesk was seen to write it."""
        return self.host, f"https://{self.host}"


def packed_for(store: Store, account: str, url: str) -> None:
    """A package was made that bears this address."""
    store.set_meta(account, _PACKED, url)


def join(store: Store, account: str, api: ZendeskApi, app: int | None = None) -> Installed:
    """Find our app among the account's and keep its numbers.

    Raises ConfigError when there is none or more than one, and PlatformError.
    """
    answer = api.session.answer("GET", _INSTALLATIONS)
    rows = answer.get("installations") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise BadPayload(f"zendesk: the answer to GET {_INSTALLATIONS} lists no installations; report it")
    url = store.get_meta(account, _PACKED) or ""
    ours = (one for one in _with_address(rows, account, host_of(store, account)) if one.url == url)
    found = [one for one in ours if app is None or one.app == str(app)]
    if not found:
        raise ConfigError(
            f"{account}: no app in Zendesk has the address of the last package as its {PARAMETER}; upload and install "
            f"the package first (helpdesk-wellbeing package zendesk --account {account} --url …)"
        )
    if len(found) > 1:
        numbers = ", ".join(sorted({one.app for one in found}))
        raise ConfigError(f"{account}: several apps are of helpdesk-wellbeing: {numbers}; say which one with --app-id")
    kept = {name: value for name, value in asdict(found[0]).items() if name not in ("account", "host")}
    store.set_meta(account, META, json.dumps(kept))
    return found[0]


def installed(store: Store, account: str) -> Installed | None:
    """Our app in this account, as `join` found it; None before that."""
    kept = store.get_meta(account, META)
    return None if kept is None else Installed(account=account, host=host_of(store, account), **json.loads(kept))


def all_installed(store: Store) -> Iterator[Installed]:
    """Our app in every account of Zendesk that has it."""
    for account in store.accounts():
        found = installed(store, account.name) if account.platform == "zendesk" else None
        if found is not None:
            yield found


def host_of(store: Store, account: str) -> str:
    """The account's own host at Zendesk."""
    return f"{store.account(account).settings['subdomain']}.zendesk.com"


def _with_address(rows: list[Any], account: str, host: str) -> Iterator[Installed]:
    for row in rows:
        settings = row.get("settings") if isinstance(row, dict) else None
        url = settings.get(PARAMETER) if isinstance(settings, Mapping) else None
        numbers = (row.get("app_id"), row.get("id")) if isinstance(row, dict) else ()
        if isinstance(url, str) and urlsplit(url).hostname and all(isinstance(one, int) for one in numbers):
            yield Installed(account, host, str(row["app_id"]), str(row["id"]), url.rstrip("/"))
