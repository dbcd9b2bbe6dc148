"""What the commands share: options, opening the store, one way to speak to the person."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.errors import ConfigError

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.store import Store

account_option = click.option("--account", required=True, metavar="NAME", help="The account's name here.")
format_option = click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print findings."
)


class Instant(click.ParamType[datetime]):
    """An ISO 8601 instant with an offset; a bare date is its midnight in UTC."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f'"{value}" is not a time; write it as 2026-11-20T23:00:00Z', param, ctx)
        if at.tzinfo is None and len(str(value)) > len("2026-11-20"):
            self.fail(f'"{value}" has no offset; add Z for UTC or an offset such as +01:00', param, ctx)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


def say(line: str) -> None:
    """A line about the run, on stderr."""
    click.echo(line, err=True)


def print_json(value: object) -> None:
    """Findings as JSON, on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def open_store(*, read_only: bool = False) -> Store:
    """The installation's store; its folder is made when it is not there."""
    from helpdesk_wellbeing.settings import load_settings
    from helpdesk_wellbeing.store import open_store as open_

    return open_(load_settings(), read_only=read_only)


def catalogue() -> Catalogue:
    """All signals with all rules, the admin's own included."""
    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.rules.load import load_rules
    from helpdesk_wellbeing.settings import load_settings
    from helpdesk_wellbeing.signals.catalogue import SIGNALS

    return Catalogue(SIGNALS, load_rules(SIGNALS, load_settings().rules_folder))


def require_account(store: Store, account: str) -> None:
    """A clear error when there is no such account."""
    import difflib

    names = [entry.name for entry in store.accounts()]
    if account not in names:
        close = difflib.get_close_matches(account, names, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else "; run import or connect first"
        raise ConfigError(f'no account "{account}"{hint}')


def watched() -> bool:
    """True when a person looks at stderr, so that progress is welcome."""
    return sys.stderr.isatty()


def progress() -> Callable[[str], None]:
    """Prints lines about long work when a person watches."""
    return say if watched() else (lambda line: None)
