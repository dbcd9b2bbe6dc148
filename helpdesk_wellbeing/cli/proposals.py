"""`proposals`: what is suggested, and what people decide about it."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.common import (
    Instant,
    account_option,
    format_option,
    print_json,
    say,
    store_with,
)
from helpdesk_wellbeing.names import check_decider
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from helpdesk_wellbeing.acting.names import Names
    from helpdesk_wellbeing.store import Store

STATES = ("open", "snoozed", "asked", "accepted", "done", "declined", "expired", "withdrawn", "undone")
LEVELS = ("critical", "warn", "regular")

by_option = click.option("--by", metavar="NAME", help="Who decides, for the audit; default: your user name here.")
id_argument = click.argument("id_", metavar="ID")


@click.group(name="proposals")
def command() -> None:
    """What is suggested, and what people decide about it."""


@command.command(name="list", short_help="What waits for a decision, oldest first.")
@account_option
@click.option("--state", type=click.Choice([*STATES, "all"]), help="Only these; default: what waits for a decision.")
@format_option
def list_(account: str, state: str | None, output: str) -> None:
    """What waits for a decision, oldest first; with --state what became of others."""
    from helpdesk_wellbeing.acting import views
    from helpdesk_wellbeing.acting.names import names_of

    store = store_with(account)
    states = None if state == "all" else (state,) if state else (*views.OPEN, "asked")
    found = views.listed(store, account, states)
    _note_look(store, account, "proposals list", found)
    if output == "json":
        print_json({"account": account, "proposals": found, "declined": views.reasons_counted(store, account)})
        return
    if not found:
        click.echo("nothing waits for a decision" if state is None else "none")
        return
    names = names_of(store, account)
    for one in sorted(found, key=lambda one: (one["made_at"], LEVELS.index(_level(one)))):
        click.echo(_line(one, names))
    if state is None:
        click.echo(f"\nnext: helpdesk-wellbeing proposals show --account {account} {found[0]['id']}")


@command.command(short_help="One proposal: why, what, and what came of it.")
@account_option
@id_argument
@click.option("--language", type=click.Choice(["en", "nl"]), default="en", show_default=True)
@format_option
def show(account: str, id_: str, language: str, output: str) -> None:
    """One proposal: why, what exactly would be done, and what came of it."""
    from helpdesk_wellbeing.acting import views

    store = store_with(account)
    found = views.shown(store, account, id_)
    _note_look(store, account, "proposals show", [found])
    if output == "json":
        print_json(found)
    else:
        click.echo("\n".join(_page(store, account, found, language)))


@command.command(short_help="Accept a proposal, or some of its moves.")
@account_option
@id_argument
@click.option("--only", metavar="TICKETS", help="Only the moves of these tickets, separated by commas.")
@by_option
def accept(account: str, id_: str, only: str | None, by: str | None) -> None:
    """Accept a proposal, or with --only some of its moves. What is written for it depends on the action's mode."""
    from helpdesk_wellbeing.acting import review, views
    from helpdesk_wellbeing.acting.policy import policy_of

    store = store_with(account)
    chosen = None if only is None else [ticket.strip() for ticket in only.split(",") if ticket.strip()]
    shown = review.accept(store, account, id_, _who(by), _now(), chosen)
    say(f"{id_}: {views.summary(shown, policy_of(store, account).mode(shown['action']))}")
    _say_who_writes(store, account, shown)


@command.command(short_help="Decline a proposal, with a reason.")
@account_option
@id_argument
@click.option("--reason", required=True, help="One of: not needed, wrong moment, wrong people, facts are wrong, "
              "already done, other.")  # fmt: skip
@by_option
def decline(account: str, id_: str, reason: str, by: str | None) -> None:
    """Decline a proposal. The same is not proposed again for a while; reasons are counted."""
    from helpdesk_wellbeing.acting import review

    review.decline(store_with(account), account, id_, _who(by), reason, _now())
    say(f"{id_}: declined ({reason})")


@command.command(short_help="Put a proposal aside until later.")
@account_option
@id_argument
@click.option("--until", type=Instant(), help="When it comes back; default: in three hours.")
@by_option
def snooze(account: str, id_: str, until: datetime | None, by: str | None) -> None:
    """Put a proposal aside until later."""
    from helpdesk_wellbeing.acting import review

    at = until or _now() + timedelta(hours=3)
    review.snooze(store_with(account), account, id_, _who(by), at, _now())
    say(f"{id_}: put aside until {at:%Y-%m-%d %H:%M} UTC")


@command.command(short_help="Take back what was written because of a proposal.")
@account_option
@id_argument
@by_option
def undo(account: str, id_: str, by: str | None) -> None:
    """Take back what was written. What somebody has changed since stays as it is, and is said."""
    from helpdesk_wellbeing.acting import review

    store = store_with(account)
    shown = review.undo(store, account, id_, _who(by), _now())
    say(f"{id_}: {counted(sum(w['kind'] == 'undo' for w in shown['writes']), 'write')} to be taken back")
    _say_who_writes(store, account, shown)


@command.command(name="put-back", short_help="Let a proposal wait for a decision again.")
@account_option
@id_argument
@by_option
def put_back(account: str, id_: str, by: str | None) -> None:
    """Let a proposal wait again that was put aside, or that was accepted or declined lately with nothing written."""
    from helpdesk_wellbeing.acting import review

    shown = review.put_back(store_with(account), account, id_, _who(by), _now())
    waits = shown["state"] == "open"
    say(f"{id_}: {'waits for a decision again' if waits else 'taken back; its time has passed, or another one waits'}")


@command.command(short_help="Keep a receiver's answer.")
@account_option
@id_argument
@click.option("--agent", required=True, metavar="ID", help="Whose answer it is.")
@click.option("--yes/--no", "yes", required=True, help="Whether they take the tickets.")
def consent(account: str, id_: str, agent: str, yes: bool) -> None:
    """Keep a receiver's answer where consent is asked before tickets move to them."""
    from helpdesk_wellbeing.acting import review, views

    store = store_with(account)
    review.consent(store, account, id_, agent, yes, _now())
    say(f"{id_}: {views.shown(store, account, id_)['state']}")


def _note_look(store: Store, account: str, what: str, found: Sequence[Mapping[str, Any]]) -> None:
    """Who looks at what is proposed about persons stands in the audit."""
    from helpdesk_wellbeing.acting.views import agents_in
    from helpdesk_wellbeing.cli.looking import require_noted

    named = {agent for one in found for agent in agents_in(one)}
    if named:
        require_noted(store, account, what, agents=named, proposals=[one["id"] for one in found])


def decider(by: str | None) -> str:
    """Who decides, as the audit will say; you, unless another is named."""
    who = getpass.getuser() if by is None else by
    check_decider(who)
    return who


def _who(by: str | None) -> str:
    return decider(by)


def _now() -> datetime:
    return datetime.now(UTC)


def _say_who_writes(store: Store, account: str, shown: Mapping[str, Any]) -> None:
    from helpdesk_wellbeing.condition import works

    waits = any(write["state"] in ("planned", "sent") for write in shown["writes"])
    if waits and not any(works(worker) for worker in store.work.workers()):
        say(f"no worker is alive, so nothing is written by itself; now: helpdesk-wellbeing act --account {account}")


def _line(one: Mapping[str, Any], names: Names) -> str:
    subject = one["subject"]
    whom = names.agent(subject["id"]) if subject["kind"] == "agent" else names.group(subject["id"])
    moves = f", {counted(len(one['moves']), 'ticket')}" if one["moves"] else ""
    made = datetime.fromisoformat(one["made_at"])
    state = "" if one["state"] == "open" else f" [{one['state']}]"
    what = one["action"].replace("_", " ")
    return f"{one['id']}  {made:%a %d %b %H:%M}  {what:18} {subject['kind']} {whom}{moves} ({_level(one)}){state}"


def _level(one: Mapping[str, Any]) -> str:
    levels = {because["level"] for because in one["because"]}
    return next((word for word in LEVELS if word in levels), LEVELS[-1])


def _page(store: Store, account: str, one: Mapping[str, Any], language: str) -> list[str]:
    from helpdesk_wellbeing.acting.names import names_of

    names = names_of(store, account)
    lines = [_line(one, names), ""]
    lines += one["texts"].get(language, "").splitlines()
    for because in one["because"]:
        rule = f"{because['rule']} {because['rule_version']}"
        lines.append(f"because {because['signal']} ({rule}) is {because['level']} since {because['since']}")
    for move in one["moves"]:
        lines += ["", f"ticket {move['ticket']}: {names.agent(move['giver'])} → {names.agent(move['receiver'])}"]
        lines += [f"  {line}" for line in move["reasons"].get(language, "").splitlines()]
    if one["writes"]:
        lines += ["", "WRITTEN"]
        lines += [f"  {_written(write)}" for write in one["writes"]]
    lines += ["", _state(one)]
    return lines


def _undone(one: Mapping[str, Any]) -> str:
    rows = [write for write in one["writes"] if write["kind"] == "undo"]
    waiting = sum(write["state"] in ("planned", "sent") for write in rows)
    left = sum(write["state"] == "skipped" or bool(write["not_restored"]) for write in rows)
    if waiting:
        return f"being undone: {waiting} of {len(rows)} still to be put back,"
    return f"undone, but {left} of {len(rows)} not wholly (see above)," if left else "undone"


def _written(write: Mapping[str, Any]) -> str:
    reason = f" ({write['reason']})" if write["reason"] else ""
    left = f"; left as somebody set it since: {', '.join(write['not_restored'])}" if write["not_restored"] else ""
    whom = "a private question" if write["kind"] == "invite" else f"ticket {write['ticket']}"
    due = datetime.fromisoformat(write["due_at"])
    later = f", from {due:%a %d %b %H:%M} UTC on" if write["state"] == "planned" and due > _now() else ""
    return f"{write['kind']:7} {whom}: {write['state']}{later}{reason}{left}"


def _state(one: Mapping[str, Any]) -> str:
    changed = datetime.fromisoformat(one["changed_at"])
    who = f" by {one['decided_by']}" if one["decided_by"] else ""
    reason = f" ({one['reason']})" if one["reason"] else ""
    if one["state"] == "undone":
        return f"{_undone(one)}{who} since {changed:%Y-%m-%d %H:%M} UTC"
    if one["state"] == "asked":
        return f"accepted{who}; waiting for the receivers' consent since {changed:%Y-%m-%d %H:%M} UTC"
    if one["state"] == "open":
        return (
            f"open until {datetime.fromisoformat(one['expires_at']):%Y-%m-%d %H:%M} UTC; accept, decline or snooze it"
        )
    return f"{one['state']}{who}{reason} since {changed:%Y-%m-%d %H:%M} UTC"
