"""What an account may be called: names travel into files, addresses, queues and shells, so they are plain."""

from __future__ import annotations

import re

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.words import excerpt

ACCOUNT = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,64}")


LONGEST_DECIDER = 100


def check_decider(name: str) -> None:
    """Raises ConfigError unless the audit can say that somebody of this name decided."""
    if not name.strip() or len(name) > LONGEST_DECIDER or not name.isprintable():
        raise ConfigError(f"who decides is named by 1 to {LONGEST_DECIDER} signs on one line; see --by")


def check_account_name(name: str) -> None:
    """Raises ConfigError unless an account may be called so."""
    if not ACCOUNT.fullmatch(name):
        raise ConfigError(
            f'account "{excerpt(name)}": a name is 1 to 64 letters (a to z), digits, - _ and ., and does not begin '
            "with a dot; such as acme-support"
        )
