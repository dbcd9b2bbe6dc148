"""`agreement`: what was agreed with those it is about; without it nothing is said about single agents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.common import account_option, catalogue, format_option, print_json, say, store_with

if TYPE_CHECKING:
    from helpdesk_wellbeing.agreement.model import Agreement
    from helpdesk_wellbeing.agreement.recording import Recorded
    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.store import Store

ROLES = ("agent", "lead", "ops")
DECISIONS = ("consented", "advised", "no council", "not recorded")
PURPOSES = ("working_time", "workload", "team_survey")


class Day(click.ParamType[date]):
    """A date."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f'"{value}" is not a date; write it as 2026-11-20', param, ctx)


class Weeks(click.ParamType[tuple[str, int]]):
    """A class of data and how many weeks it is kept, such as events=28."""

    name = "class=weeks"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        what, _, weeks = str(value).partition("=")
        if not what or not weeks.isdigit():
            self.fail(f'"{value}" is not a class of data and its weeks; write it as events=28', param, ctx)
        return what, int(weeks)


ALL = "all"


def who_and_what_for(*, required: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options that say who may see what is said of one person, and what it may serve."""

    def added(command: Callable[..., None]) -> Callable[..., None]:
        seen_by = "Who may see what is said of one person, beside that person; repeat it, or all."
        roles = click.option(
            "--role", "roles", type=click.Choice([*ROLES, ALL]), multiple=True, required=required, help=seen_by
        )
        serves = "What it may serve; repeat it, or all."
        purposes = click.option(
            "--purpose", "purposes", type=click.Choice([*PURPOSES, ALL]), multiple=True, required=required, help=serves
        )
        return roles(purposes(command))

    return added


def terms(command: Callable[..., None]) -> Callable[..., None]:
    """The other options that say what is agreed to."""
    for option in reversed(
        (
            click.option("--dpia", type=Day(), help="Date of the data protection impact assessment."),
            click.option("--works-council", type=click.Choice(DECISIONS), help="What the works council decided."),
            click.option("--keep", type=Weeks(), multiple=True,
                         help="How long a class of data is kept, such as events=28; repeat it."),
            click.option("--notice", "notices", metavar="CHANNEL", multiple=True,
                         help="By which channel something about a person may be told; repeat it (default: none)."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(name="agreement")
def command() -> None:
    """What was agreed with those it is about; without it nothing is said about single agents."""


@command.command(short_help="Record who agreed to what, and when.")
@account_option
@click.option("--by", "parties", required=True, multiple=True, metavar="WHO", help="Who agreed; repeat it.")
@click.option("--on", type=Day(), required=True, help="The date on which they agreed.")
@click.option("--signals", required=True, metavar="all|WT1,…", help="The signals about single agents that may run.")
@who_and_what_for(required=True)
@terms
@format_option
def record(account: str, parties: tuple[str, ...], on: date, signals: str, output: str, **given: Any) -> None:
    """Record who agreed to what, and when. It holds at once; what was recorded before stays readable."""
    from helpdesk_wellbeing.agreement import model, recording

    store, known = store_with(account), catalogue()
    body = {"parties": parties, "agreed_on": on, "signals": _signals(signals, known), **_terms(given)}
    agreement = model.read(body, account)
    kept = recording.record(store, account, agreement, _by(), datetime.now(UTC), known)
    _answer(store, account, kept, known, output)


@command.command(short_help="Ask for a change; what reaches further waits for an agreement.")
@account_option
@click.option("--signals", metavar="all|WT1,…", help="The signals about single agents that may run.")
@who_and_what_for(required=False)
@terms
@format_option
def propose(account: str, signals: str | None, output: str, **given: Any) -> None:
    """Ask for a change of what holds. What narrows it holds at once; what widens it waits for a new agreement."""
    from helpdesk_wellbeing.agreement import recording

    store, known = store_with(account), catalogue()
    changes = _terms(given) | ({} if signals is None else {"signals": _signals(signals, known)})
    kept = recording.propose(store, account, changes, _by(), datetime.now(UTC), known)
    _answer(store, account, kept, known, output)


@command.command(short_help="What holds now, and what waits.")
@account_option
@format_option
def show(account: str, output: str) -> None:
    """What holds now, and what waits for an agreement."""
    store = store_with(account, reading=True)
    _print(_now(store, account, catalogue()), output)


@command.command(name="list", short_help="All that was ever recorded, oldest first.")
@account_option
@format_option
def list_(account: str, output: str) -> None:
    """All that was ever recorded, oldest first."""
    from helpdesk_wellbeing.agreement.model import read

    entries = store_with(account, reading=True).agreements.entries(account)
    if output == "json":
        print_json([{"number": e.seq, "at": e.at.isoformat(), **e.body} for e in entries])
        return
    for e in entries:
        agreement = read(e.body["agreement"], account)
        click.echo(f"{e.seq:4} {e.at:%Y-%m-%d %H:%M} {e.body['state']:9} agreed on {agreement.agreed_on} "
                   f"by {', '.join(agreement.parties)}: {', '.join(agreement.signals) or 'no signals'}")  # fmt: skip
        for line in e.body["widens"] if e.is_waiting else ():
            click.echo(f"       waits, because it means {line}")
    if not entries:
        click.echo("nothing is recorded")


def _terms(given: dict[str, Any]) -> dict[str, Any]:
    """Fields of an agreement, of what was named."""
    from helpdesk_wellbeing.agreement.model import RETENTION

    names = {"dpia": "dpia_on", "keep": "retention_weeks"}
    found = {names.get(name, name): value for name, value in given.items() if value not in (None, ())}
    if "retention_weeks" in found:
        unknown = sorted({what for what, _ in found["retention_weeks"]} - set(RETENTION))
        if unknown:
            raise click.UsageError(f'"{unknown[0]}" is not a class of data; there are: {", ".join(RETENTION)}')
        found["retention_weeks"] = {**RETENTION, **dict(found["retention_weeks"])}
    if "roles" in found:
        found["roles"] = sorted(ROLES if ALL in found["roles"] else {"agent", *found["roles"]})
    if ALL in found.get("purposes", ()):
        found["purposes"] = PURPOSES
    return found


def _signals(text: str, known: Catalogue) -> tuple[str, ...]:
    from helpdesk_wellbeing.agreement.model import signals_named

    return signals_named(text, known)


def _by() -> str:
    from helpdesk_wellbeing.cli.looking import operator

    return operator()


def _answer(store: Store, account: str, kept: Recorded, known: Catalogue, output: str) -> None:
    if kept.holds:
        say(f"{account}: recorded as number {kept.seq}; it holds from now on")
    else:
        say(f"{account}: kept as number {kept.seq}, and waits for a new agreement, because it means "
            f"{'; '.join(kept.widens)}. Nothing has changed")  # fmt: skip
    _print(_now(store, account, known), output)


def _now(store: Store, account: str, known: Catalogue) -> dict[str, Any]:
    from helpdesk_wellbeing.agreement import recording
    from helpdesk_wellbeing.agreement.gate import gate_of

    at = datetime.now(UTC)
    agreement, asked = recording.in_force(store, account, at), recording.waiting(store, account)
    plain = None if agreement is None else agreement.model_dump(mode="json", exclude={"thresholds"})
    return {
        "account": account,
        "means": gate_of(store, account, at).why,
        "agreement": plain,
        "missing": [] if agreement is None else agreement.missing(),
        "rules_held_back": {} if agreement is None else recording.rules_held_back(agreement, known),
        "waiting": None if asked is None else {"number": asked[0].seq, "widens": asked[0].body["widens"]},
    }


def _print(found: dict[str, Any], output: str) -> None:
    from helpdesk_wellbeing.agreement.model import Agreement

    if output == "json":
        print_json(found)
        return
    click.echo(f"{found['account']}: {found['means']}")
    if found["agreement"] is None:
        click.echo("next: helpdesk-wellbeing agreement record --account "
                   f"{found['account']} --by WHO --on DATE --signals all --role all --purpose all")  # fmt: skip
        return
    for line in _lines(Agreement.model_validate(found["agreement"])):
        click.echo(f"  {line}")
    for line in found["missing"]:
        click.echo(f"  missing: {line}")
    for rule, why in found["rules_held_back"].items():
        click.echo(f"  held back until it is agreed to: rule {rule}: {why}")
    if found["waiting"] is not None:
        click.echo(f"  waits for a new agreement: number {found['waiting']['number']}: "
                   f"{'; '.join(found['waiting']['widens'])}")  # fmt: skip


def _lines(agreement: Agreement) -> list[str]:
    kept = ", ".join(f"{what} {weeks} weeks" for what, weeks in agreement.retention_weeks.items())
    return [
        f"agreed by        {', '.join(agreement.parties)}, on {agreement.agreed_on:%Y-%m-%d}",
        f"works council    {agreement.works_council}",
        f"DPIA             {agreement.dpia_on.isoformat() if agreement.dpia_on else 'no date recorded'}",
        f"signals          {', '.join(agreement.signals) or 'none about single agents'}",
        f"seen by          {', '.join(agreement.roles)}",
        f"kept for         {kept}",
        f"purposes         {', '.join(agreement.purposes)}",
        f"told by          {', '.join(agreement.notices) or 'no channel: nobody is told of a person outside of here'}",
    ]
