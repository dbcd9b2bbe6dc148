"""The groups of an account, as people name them on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.words import excerpt

if TYPE_CHECKING:
    from helpdesk_wellbeing.people import Directory
    from helpdesk_wellbeing.store import Store

_SHOWN = 8


def group_of(store: Store, account: str, said: str) -> str:
    """The id of a known group, said as its id or as a name that only one group has, in any case. Raises ConfigError."""
    names: dict[str, str | None] = dict(store.directory(account).groups.select("group", "name").iter_rows())
    asked = said.strip()
    if asked in names:
        return asked
    called = sorted(group for group, name in names.items() if name and name.strip().casefold() == asked.casefold())
    if len(called) == 1:
        return called[0]
    if called:
        raise ConfigError(f'{account}: "{excerpt(asked)}" is the name of groups {", ".join(called)}; give the id')
    platform = store.account(account).platform
    if not names:
        first = f"run helpdesk-wellbeing pull --account {account}" if platform else "run import --groups FILE"
        raise ConfigError(
            f"{account}: there is no group {excerpt(asked)}, because no groups are known yet; {first} first"
        )
    shown = ", ".join(f"{group} {name or ''}".strip() for group, name in sorted(names.items())[:_SHOWN])
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    raise ConfigError(
        f"{account}: there is no group {excerpt(asked)}; there are: {shown}{more}; a new one is known "
        "after a pull that reads the groups (Freshdesk: once a day), or at once by a groups file: "
        f"helpdesk-wellbeing import --account {account} --groups FILE"
    )


def members_of(directory: Directory, group: str) -> int:
    """How many known people are in a group at present."""
    import polars as pl

    now = directory.people.sort("valid_from", nulls_last=False).unique("agent", keep="last", maintain_order=True)
    return now.filter(pl.col("groups").list.contains(group)).height
