"""What the commands share: options, opening the store, one way to speak to the person."""

from __future__ import annotations

import getpass
import json
import os
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.errors import ConfigError, StoreBusy, StoreError
from helpdesk_wellbeing.names import check_account_name

if TYPE_CHECKING:
    from helpdesk_wellbeing.engine import Catalogue, Engine
    from helpdesk_wellbeing.store import Store

BUSY_S = 5.0  # how long those who only look wait for another who writes
YEARS = (1970, 2100)  # no helpdesk has activity outside of these
BARE_DATE = "a bare date is its 00:00 UTC"

format_option = click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print findings."
)


class AccountName(click.ParamType[str]):
    """What an account may be called."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        check_account_name(str(value))
        return str(value)


account_option = click.option(
    "--account", required=True, type=AccountName(), metavar="NAME", help="What you call the account here."
)
verbose_option = click.option(
    "--verbose", is_flag=True, help="Also list what has ended and is being watched, and what could not be assessed."
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
        if not YEARS[0] <= at.year <= YEARS[1]:
            self.fail(f'"{value}" is not within the years {YEARS[0]} to {YEARS[1]}', param, ctx)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


class AsOf(Instant):
    """The same, for the instant that an answer looks back from; which one a bare date means is said."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        at = super().convert(value, param, ctx)
        if not isinstance(value, datetime) and len(str(value)) <= len("2026-11-20"):
            last = f"{at + timedelta(days=1) - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
            say(f"--as-of {value} means {at:%Y-%m-%dT%H:%M:%SZ}, where that day begins in UTC; its end is {last}")
        return at


def say(line: str) -> None:
    """A line about the run, on stderr."""
    click.echo(line, err=True)


def print_json(value: object) -> None:
    """Findings as JSON, on stdout; plain ASCII where the terminal is not UTF-8."""
    utf_8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(value, indent=2, ensure_ascii=not utf_8))


def open_store(*, read_only: bool = False) -> Store:
    """The installation's store; its folder is made when it is not there, but not for those who only read."""
    from helpdesk_wellbeing.settings import load_settings
    from helpdesk_wellbeing.store import open_store as open_

    return open_(load_settings(create=not read_only), read_only=read_only)


def open_for_reading() -> Store:
    """The store, to be written if that is possible: those who only look must not fail where nothing can be written."""
    try:
        return open_store()
    except StoreError:
        return open_store(read_only=True)


def bring_up_to_date(store: Store, engine: Engine, account: str, who: str) -> None:
    """Fold and evaluate what is new; where that cannot be, say so: the answer is the same, it only takes longer."""
    try:
        with store.writer(account, who, wait_s=BUSY_S, on_wait=lambda line: None):
            engine.update(progress())
    except StoreBusy as busy:
        say(f"answering from what is stored so far, because {account} is being written by {busy.holder}")
    except StoreError as trouble:
        say(f"{trouble}; answering from what is stored")


def ask_secret(variable: str, what: str) -> str:
    """A secret from the environment or from the person, who sees nothing of it; never from the command line."""
    given = os.environ.get(variable)
    if given is not None and not given.strip():
        raise ConfigError(f"{variable} is set but empty; put the {what} into it, or unset it to be asked")
    return checked_secret(given or _prompted(variable, what), what, f"; set {variable} or type it at the prompt")


def checked_secret(given: str, what: str, how: str = "") -> str:
    """The secret without the blanks around it. Raises ConfigError when there is none or no header takes it."""
    secret = given.strip()
    if not secret:
        raise ConfigError(f"no {what}{how}")
    if not secret.isascii() or not secret.isprintable():
        raise ConfigError(
            f"the {what} has signs that no HTTP header takes; letters A to Z, digits and the signs of an English "
            "keyboard are fine. Copy it anew, or make another one"
        )
    return secret


def _prompted(variable: str, what: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return str(click.prompt(f"{what} (not shown)", hide_input=True, err=True))
        except getpass.GetPassWarning:
            raise ConfigError(f"no terminal to ask for the {what}; set {variable}") from None


def print_bytes(data: bytes) -> None:
    """Bytes on stdout."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def catalogue(*, try_examples: bool = True) -> Catalogue:
    """All signals with all rules, the admin's own included; what fails of their examples is said."""
    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.rules.load import failed_examples, load_rules
    from helpdesk_wellbeing.settings import load_settings
    from helpdesk_wellbeing.signals.catalogue import SIGNALS

    folder = load_settings().rules_folder
    rules = load_rules(SIGNALS, folder)
    own = {path.stem for path in folder.glob("*.toml")}  # those that ship have been tested
    for name in sorted(own) if try_examples else ():
        for line in failed_examples(rules[name]):
            say(f"{folder / name}.toml: rule {line}; the rule is used all the same, mend it")
    return Catalogue(SIGNALS, rules)


def require_account(store: Store, account: str) -> None:
    """A clear error when there is no such account."""
    import difflib

    names = [entry.name for entry in store.accounts()]
    if account not in names:
        close = difflib.get_close_matches(account, names, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else "; run import or connect first"
        raise ConfigError(f'no account "{account}"{hint}')


def store_with(account: str, *, reading: bool = False) -> Store:
    """The store, with this account in it; `reading` as in `open_for_reading`."""
    store = open_for_reading() if reading else open_store()
    require_account(store, account)
    return store


def watched() -> bool:
    """True when a person looks at stderr, so that progress is welcome."""
    return sys.stderr.isatty()


def progress() -> Callable[[str], None]:
    """Prints lines about long work when a person watches."""
    return say if watched() else (lambda line: None)
