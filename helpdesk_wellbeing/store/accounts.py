"""Accounts: one per helpdesk that is connected or imported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.names import check_account_name
from helpdesk_wellbeing.store.clock import instant, micros
from helpdesk_wellbeing.store.dialect import upsert
from helpdesk_wellbeing.store.tables import accounts, site

NEW = 0  # the number that stands for accounts that are not there yet; theirs begin at 1
_DROPPED = "highest account dropped"


@dataclass(frozen=True)
class Account:
    """A helpdesk. `settings` is JSON without secrets: base_url, allow_list, hard_tags, statuses …"""

    name: str
    platform: str | None  # null: imported
    zone: str  # IANA
    week_start: int  # 0 Monday … 6 Sunday
    created_at: datetime
    settings: Mapping[str, Any] = field(default_factory=dict)


def create(connection: Connection, account: Account) -> int:
    """Store a new account and give its number. Raises ConfigError for a taken name or an unknown zone."""
    check_account_name(account.name)
    check_zone(account.name, account.zone)
    if find(connection, account.name) is not None:
        raise ConfigError(f"account {account.name}: there is one of this name already; choose another name")
    result = connection.execute(
        accounts.insert().values(
            number=_next_number(connection),
            name=account.name,
            platform=account.platform,
            zone=account.zone,
            week_start=_week_start(account.name, account.week_start),
            settings=_json(account.settings),
            created_at=micros(account.created_at),
            dirty_since=None,
        )
    )
    return int(cast(tuple[int], result.inserted_primary_key)[0])


def drop(connection: Connection, number: int) -> None:
    """Take an account out; its number is not given again: a process that knew it must not meet another account."""
    highest = max(number, _highest_dropped(connection))
    connection.execute(upsert(connection, site), {"name": _DROPPED, "value": str(highest).encode()})
    connection.execute(accounts.delete().where(accounts.c.number == number))


def _next_number(connection: Connection) -> int:
    highest = connection.execute(sa.select(sa.func.max(accounts.c.number))).scalar()
    return 1 + max(int(highest or NEW), _highest_dropped(connection))


def _highest_dropped(connection: Connection) -> int:
    stored = connection.execute(sa.select(site.c.value).where(site.c.name == _DROPPED)).scalar()
    return NEW if stored is None else int(bytes(stored))


def update(
    connection: Connection,
    number: int,
    name: str,
    zone: str | None,
    week_start: int | None,
    settings: Mapping[str, Any] | None,
) -> bool:
    """Change what is given; whether anything is now different."""
    values: dict[str, Any] = {}
    if zone is not None:
        check_zone(name, zone)
        values["zone"] = zone
    if week_start is not None:
        values["week_start"] = _week_start(name, week_start)
    if settings is not None:
        values["settings"] = _json(settings)
    query = sa.select(*(accounts.c[key] for key in values)).where(accounts.c.number == number)
    if not values or tuple(connection.execute(query).one()) == tuple(values.values()):
        return False
    connection.execute(accounts.update().where(accounts.c.number == number).values(values))
    return True


def find(connection: Connection, name: str) -> tuple[int, Account] | None:
    """An account with its number, or None."""
    row = connection.execute(sa.select(accounts).where(accounts.c.name == name)).one_or_none()
    return None if row is None else (row.number, _account(row))


def listed(connection: Connection) -> list[Account]:
    """All accounts by name, whatever the database takes for alphabetical."""
    return sorted((_account(row) for row in connection.execute(sa.select(accounts))), key=lambda one: one.name)


def _account(row: Row[Any]) -> Account:
    return Account(row.name, row.platform, row.zone, row.week_start, instant(row.created_at), json.loads(row.settings))


def check_zone(name: str, zone: str) -> None:
    """Raises ConfigError unless the zone is an IANA name."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"account {name}: {zone!r} is not a time zone; use a name such as Europe/Berlin") from error


def _week_start(name: str, day: int) -> int:
    if day not in range(7):
        raise ConfigError(f"account {name}: week_start {day} is not a weekday; 0 is Monday, 6 is Sunday")
    return day


def _json(settings: Mapping[str, Any]) -> str:
    return json.dumps(dict(settings), sort_keys=True, ensure_ascii=False)


def revise(connection: Connection, number: int) -> None:
    """Say that settings or directory are others now."""
    connection.execute(accounts.update().where(accounts.c.number == number).values(revision=accounts.c.revision + 1))


def revision(connection: Connection, number: int) -> int:
    """How often that was said."""
    return int(connection.execute(sa.select(accounts.c.revision).where(accounts.c.number == number)).scalar_one())
