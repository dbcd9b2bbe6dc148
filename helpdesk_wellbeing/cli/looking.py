"""Who looks at persons from the command line stands in the audit, before anything is shown."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.cli.common import say
from helpdesk_wellbeing.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

EVERYBODY = "everybody"


def operator() -> str:
    """Who sits here, as the audit says it."""
    try:
        return f"command line: {getpass.getuser()}"
    except (KeyError, OSError):  # a container without a name for its user
        return "command line"


def noted(store: Store, account: str, what: str, *, agents: Iterable[str] | None = None, **body: Any) -> bool:
    """Write down that somebody looks at what is said of `agents` (None: of everybody). False, and said, where that
    cannot be: then nothing of a person may be shown. What was imported from a file is the operator's own."""
    from helpdesk_wellbeing.store.audit import Person

    if store.account(account).platform is None:
        return True
    named = EVERYBODY if agents is None else [Person(agent) for agent in sorted(set(agents))]
    try:
        store.audit.add(account, datetime.now(UTC), "looked", by=operator(), command=what, agents=named, **body)
    except StoreError as trouble:
        say(f"{account}: that somebody looks at persons could not be written into the audit ({trouble}), "
            "so nothing about single people is shown")  # fmt: skip
        return False
    return True


def require_noted(store: Store, account: str, what: str, *, agents: Iterable[str] | None = None, **body: Any) -> None:
    """The same where nothing is left to show without persons. Raises ConfigError."""
    if not noted(store, account, what, agents=agents, **body):
        raise ConfigError(f"{account}: {what} is about persons; run it again when the database can be written")
