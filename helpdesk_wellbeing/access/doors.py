"""How people may sign in to an account: what an admin set."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.hosts import is_loopback
from helpdesk_wellbeing.privacy import is_on_this_machine

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.accounts import Account

OIDC_SECRET = "sign_in_oidc_secret"
ZENDESK_SECRET = "sign_in_zendesk_secret"
_META = "sign_in"

Id = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OfZendesk(_Strict):
    """With the account's own helpdesk. `client_id` None: the client that reads the account."""

    client_id: Id | None = None


class OfProvider(_Strict):
    """With an OpenID Connect provider."""

    issuer: Annotated[str, Field(max_length=400)]
    client_id: Id
    label: Annotated[str, Field(min_length=1, max_length=60)] = "Single sign-on"

    @field_validator("issuer")
    @classmethod
    def _is_an_issuer(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        _ = parts.port  # raises ValueError for one that there cannot be
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
        if not is_safe or not parts.hostname or parts.username or parts.query or parts.fragment:
            raise ValueError("must be https://host…, without a query; http:// on loopback only")
        return issuer

    @field_validator("label")
    @classmethod
    def _is_a_line(cls, label: str) -> str:
        if not label.isprintable() or not label.strip():
            raise ValueError("must be one line")
        return label.strip()


class SignIn(_Strict):
    """All ways of one account; none: only entry links open it."""

    zendesk: OfZendesk | None = None
    oidc: OfProvider | None = None


def stays_here(account: Account) -> bool:
    """Whether the account's helpdesk is on this machine (or is none): then its people may come from here, too."""
    return account.platform is None or is_on_this_machine(account)


def sign_in_of(store: Store, account: str) -> SignIn:
    """The account's ways."""
    return _read(json.loads(store.get_meta(account, _META) or "{}"), account)


def change(store: Store, account: str, by: str, at: datetime, **changes: Any) -> SignIn:
    """Set `zendesk` or `oidc` (fields as JSON; None takes the way away); the audit says who changed what.

    Raises ConfigError for what does not fit. Whoever signed in by a way that is changed is signed out.
    """
    with store.transaction():
        before = sign_in_of(store, account)
        after = _read({**before.model_dump(mode="json"), **changes}, account)
        _check(store.account(account), after)
        if after != before:
            store.set_meta(account, _META, after.model_dump_json())
            for way in ("zendesk", "oidc"):
                if getattr(before, way) != getattr(after, way):
                    store.access.end_sessions_by(account, way)
            said = {"from": before.model_dump(mode="json"), "to": after.model_dump(mode="json")}
            store.audit.add(account, at, "sign-in changed", by=by, changed=said)
    return after


def _check(account: Account, ways: SignIn) -> None:
    if ways.zendesk is not None and account.platform != "zendesk":
        raise ConfigError(f"{account.name}: its helpdesk is not Zendesk; let people sign in with --oidc-issuer")
    if ways.zendesk is not None and not (ways.zendesk.client_id or account.settings.get("client_id")):
        raise ConfigError(f"{account.name}: signing in needs an OAuth client of Zendesk; give --zendesk-client-id")
    if ways.oidc is not None and is_loopback(urlsplit(ways.oidc.issuer).hostname) and not stays_here(account):
        raise ConfigError(f"{account.name}: a provider on this machine is for accounts on this machine only")


def _read(stored: dict[str, Any], account: str) -> SignIn:
    try:
        return SignIn.model_validate(stored)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{account}: how people sign in: {where}: {first['msg']}; see access set --help") from None
