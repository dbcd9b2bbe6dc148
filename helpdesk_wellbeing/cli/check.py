"""`check`: what is flagged now, or at an instant in the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.common import (
    BARE_DATE,
    AsOf,
    account_option,
    bring_up_to_date,
    catalogue,
    format_option,
    open_for_reading,
    print_json,
    require_account,
    say,
    verbose_option,
)
from helpdesk_wellbeing.cli.platforms import require_events
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from helpdesk_wellbeing.engine import Catalogue
    from helpdesk_wellbeing.flags import Last
    from helpdesk_wellbeing.store import Store

STALE = timedelta(days=7)
WHO_CHANGED_IT = (
    "{account}: no input on this platform means here that nobody told who changed tickets: what was seen of somebody's "
    "working time can prove too much, never that all is well; the Freshworks app tells it from its installation on "
    "(webhooks/freshdesk/README.md), or the daily activity export where the account has it"
)
TITLES = ("LEVEL", "SIGNAL", "SUBJECT", "SINCE", "LAST", "BECAUSE")


@dataclass(frozen=True)
class Examined:
    """The answer of `check` as an object, and what only a reader of the text is told: when each flag was last seen."""

    answer: dict[str, Any]
    last: Mapping[tuple[str, str], Last]  # by rule and subject


@click.command(name="check")
@account_option
@click.option("--as-of", type=AsOf(), help=f"Answer as of this instant (default: now); {BARE_DATE}.")
@format_option
@verbose_option
@click.pass_context
def command(ctx: click.Context, account: str, as_of: datetime | None, output: str, verbose: bool) -> None:
    """What is flagged now, or at --as-of.

    Answers as an installation that had run all along would: levels, baselines and hysteresis included. Exit code 0:
    nothing found, 1: flags found, 2: did not run.
    """
    store = open_for_reading()
    require_account(store, account)
    known = catalogue()
    examined = examine(store, account, known, as_of or datetime.now(UTC))
    if output == "json":
        print_json(examined.answer)
    else:
        print_text(store, examined, known, verbose)
    ctx.exit(1 if examined.answer["flags"] else 0)


def examine(store: Store, account: str, known: Catalogue, as_of: datetime) -> Examined:
    """What `check` has to say; brings the stored facts up to date when nobody else is writing."""
    from helpdesk_wellbeing.agreement.gate import gate_of
    from helpdesk_wellbeing.engine import Engine
    from helpdesk_wellbeing.flags import check, last_instances

    require_events(store, account)
    engine = Engine(store, account, known)
    bring_up_to_date(store, engine, account, "check")
    outcome = engine.assess(as_of)
    _, last, _ = store.all_events_span(account)
    waiting = store.inbox.depth().get(account)
    if waiting is not None and waiting.waiting:
        say(f"{account}: {counted(waiting.waiting, 'webhook')} not worked off yet; run serve, then they count")
    if last is not None and as_of - last > STALE:
        newest = f"{last:%Y-%m-%dT%H:%M:%SZ}"
        say(f"{account}: the newest event is of {newest}; nothing is known since (--as-of {newest} looks back)")
    gate = gate_of(store, account, datetime.now(UTC), served=False, directory=outcome.facts.directory)
    say(f"{account}: {gate.why}")
    answer = _if_noted(store, check(outcome, known, gate=gate))
    return Examined(answer, last_instances(outcome, known))


def _if_noted(store: Store, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, which stands in the audit where it names persons; without them where it cannot be written there."""
    from helpdesk_wellbeing.agreement.gate import CLOSED
    from helpdesk_wellbeing.cli.looking import noted
    from helpdesk_wellbeing.flags import under

    named = {flag["subject"]["id"] for flag in answer["flags"] if flag["subject"]["kind"] == "agent"}
    named |= {gap["subject"]["id"] for gap in answer["not_assessable"] if gap["subject"]["kind"] == "agent"}
    named |= {entry["agent"] for entry in answer["identity_review"]}
    if not named or noted(store, answer["account"], "check", agents=named):
        return answer
    return under(answer, CLOSED)


def print_text(store: Store, examined: Examined, known: Catalogue, verbose: bool) -> None:
    """Flags as a table, the newest first, then what a reader should know about the gaps."""
    result, last = examined.answer, examined.last
    active = [flag for flag in result["flags"] if flag["state"] == "active"]
    ended = [flag for flag in result["flags"] if flag["state"] == "cooling"]
    news = [flag for flag in active if last[_key(flag)].news]
    old = [flag for flag in active if not last[_key(flag)].news]
    parts = {"": news, "Nothing new since LAST": old}
    if verbose:
        parts["Ended, and being watched"] = ended
    _print_flags(parts, last, known, _names(store, result["account"]))
    click.echo(_summary(result, len(active), len(ended), verbose))
    if _misses_who_changed_it(store, result):
        click.echo(WHO_CHANGED_IT.format(account=result["account"]))
    for entry in result["identity_review"]:
        click.echo(f"look at account {entry['agent']}: {entry['reason']}; say in the people file who it is")
    if result["withheld"]:
        click.echo(f"withheld, as there is no agreement on them: {', '.join(result['withheld'])}")
    if verbose:
        for gap in result["not_assessable"]:
            subject = gap["subject"]
            click.echo(f"not assessable  {gap['signal']:4} {subject['kind']} {subject['id']}: {gap['reason']}")


def _misses_who_changed_it(store: Store, result: Mapping[str, Any]) -> bool:
    """Whether people could not be assessed because Freshdesk keeps to itself who did what."""
    from helpdesk_wellbeing.signals.base import NO_INPUT

    unseen = any(gap["reason"] == NO_INPUT and gap["subject"]["kind"] == "agent" for gap in result["not_assessable"])
    return unseen and store.account(result["account"]).platform == "freshdesk"


def _names(store: Store, account: str) -> dict[tuple[str, str], str]:
    directory = store.directory(account)
    names = {("agent", a): n for a, n in directory.people.select("agent", "name").iter_rows() if n}
    for group, name in directory.groups.select("group", "name").iter_rows():
        if name:
            names |= {("queue", group): name, ("team", group): name}
    return names


def _key(flag: Mapping[str, Any]) -> tuple[str, str]:
    return flag["rule"], flag["subject"]["id"]


def _print_flags(
    parts: Mapping[str, list[dict[str, Any]]],
    last: Mapping[tuple[str, str], Last],
    known: Catalogue,
    names: Mapping[tuple[str, str], str],
) -> None:
    """One table; a part with a heading stands apart."""
    rows = {heading: [_row(f, last[_key(f)], known, names) for f in flags] for heading, flags in parts.items() if flags}
    if not rows:
        return
    cells = [TITLES, *(row for part in rows.values() for row in part)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(TITLES) - 1)]
    click.echo(_line(TITLES, widths))
    for heading, part in rows.items():
        if heading:
            click.echo(f"\n{heading}:")
        for row in sorted(part, key=_newest_first):
            click.echo(_line(row, widths))
    click.echo()


def _row(
    flag: Mapping[str, Any], last: Last, known: Catalogue, names: Mapping[tuple[str, str], str]
) -> tuple[str, ...]:
    rule, subject = known.rules[flag["rule"]], flag["subject"]
    name = names.get((subject["kind"], subject["id"]))
    return (
        flag["level"],
        f"{flag['signal']} {rule.title.lower()}",
        f"{subject['kind']} {subject['id']}" + (f" {name}" if name and name != subject["id"] else ""),
        flag["since"],
        "ongoing" if last.ongoing else last.date.isoformat(),
        rule.sentence(flag["values"]),
    )


def _newest_first(row: tuple[str, ...]) -> tuple[Any, ...]:
    """What goes on before what is over, the latest day first, on a day critical before warn."""
    level, signal, subject, _, last, _ = row
    from_latest = 0 if last == "ongoing" else -date.fromisoformat(last).toordinal()
    return last != "ongoing", from_latest, level != "critical", signal, subject


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)), cells[-1]])


def _summary(result: Mapping[str, Any], active: int, ended: int, verbose: bool) -> str:
    subjects = {(f["subject"]["kind"], f["subject"]["id"]) for f in result["flags"] if f["state"] == "active"}
    found = "nothing visible in the helpdesk"
    if active:
        found = f"{counted(active, 'flag')} on {counted(len(subjects), 'subject')}"
    elif ended:
        found = "no flag is active"
    if ended:
        found += f"; {counted(ended, 'condition')} ended and being watched"
        found += "" if verbose else " (--verbose lists them)"
    return "\n".join([f"{result['account']} as of {result['as_of']}: {found}", *_gaps(result["not_assessable"])])


def _gaps(gaps: list[dict[str, Any]]) -> list[str]:
    """What could not be said, by reason: missing is never green."""
    signals: dict[str, set[str]] = {}
    subjects: dict[str, set[str]] = {}
    for gap in gaps:
        signals.setdefault(gap["reason"], set()).add(gap["signal"])
        subjects.setdefault(gap["reason"], set()).add(gap["subject"]["id"])
    most_first = sorted(subjects, key=lambda reason: (-len(subjects[reason]), reason))
    return [
        f"not assessable for {counted(len(subjects[r]), 'subject')}: {r} ({', '.join(sorted(signals[r]))})"
        for r in most_first
    ]
