"""`act`: look at proposals and write what was decided, now; and how an account acts."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.common import (
    AsOf,
    Instant,
    account_option,
    bring_up_to_date,
    catalogue,
    format_option,
    open_store,
    print_json,
    require_account,
    say,
    store_with,
)
from helpdesk_wellbeing.cli.groups import group_of, members_of
from helpdesk_wellbeing.cli.platforms import require_events
from helpdesk_wellbeing.cli.proposals import by_option, decider
from helpdesk_wellbeing.plan.proposal import ACTIONS
from helpdesk_wellbeing.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from helpdesk_wellbeing.acting.proposing import Looked
    from helpdesk_wellbeing.engine import Catalogue, Engine
    from helpdesk_wellbeing.plan.proposal import Proposal, Skipped
    from helpdesk_wellbeing.store import Store

MODES = ("off", "dry_run", "suggest", "approve", "auto")


@click.group(name="act", invoke_without_command=True)
@click.option("--account", metavar="NAME", help="What you call the account here.")
@click.option("--as-of", type=AsOf(), help="What would have been proposed at this instant; nothing is kept or written.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print findings.")
@click.pass_context
def command(ctx: click.Context, account: str | None, as_of: datetime | None, output: str) -> None:
    """Look at proposals and write what was decided, now. A running serve does both by itself.

    Exit code 0: nothing waits for a decision, 1: something does, 2: did not run.
    """
    if ctx.invoked_subcommand is not None:
        return
    if account is None:
        raise click.UsageError("give --account NAME", ctx)
    from helpdesk_wellbeing.acting import views

    store = open_store()
    require_account(store, account)
    if as_of is not None:
        _say_what_would_be(store, account, as_of, output)
        return
    looked = look(store, account, datetime.now(UTC))
    written = None if store.account(account).platform is None else write_all(store, account)
    waits = views.listed(store, account)
    if output == "json":
        _note_look(store, account, "act", (), looked.planned.skipped)
        print_json({"account": account, "made": looked.made, "renewed": looked.renewed, "ended": looked.ended,
                    "written": written, "skipped": _as_json(looked.planned.skipped),
                    "open": [one["id"] for one in waits]})  # fmt: skip
    else:
        made, renewed, ended = counted(len(looked.made), "proposal"), len(looked.renewed), len(looked.ended)
        click.echo(f"{made} made, {renewed:,} renewed, {ended:,} ended")
        _print_skipped(looked.planned.skipped)
        if written:
            click.echo(written)
        if waits:
            see = f"see helpdesk-wellbeing proposals list --account {account}"
            click.echo(f"{counted(len(waits), 'proposal')} waiting; {see}")
    ctx.exit(1 if waits else 0)


def look(store: Store, account: str, at: datetime) -> Looked:
    """Evaluate what is stored and look at the proposals, as of `at`."""
    from helpdesk_wellbeing.acting.proposing import look_again

    engine, known = _engine(store, account)
    return look_again(store, engine.assess(at), known, at)


def _engine(store: Store, account: str) -> tuple[Engine, Catalogue]:
    from helpdesk_wellbeing.engine import Engine

    require_events(store, account)
    known = catalogue()
    engine = Engine(store, account, known)
    bring_up_to_date(store, engine, account, "act")
    return engine, known


def _say_what_would_be(store: Store, account: str, at: datetime, output: str) -> None:
    from helpdesk_wellbeing.acting.proposing import would_propose
    from helpdesk_wellbeing.plan.proposal import to_json

    engine, known = _engine(store, account)
    planned = would_propose(store, engine.assess(at), known, at)
    _note_look(store, account, "act --as-of", planned.proposals, planned.skipped)
    if output == "json":
        proposals = [to_json(proposal) for proposal in planned.proposals]
        print_json({"account": account, "would_propose": proposals, "skipped": _as_json(planned.skipped)})
        return
    click.echo(f"{counted(len(planned.proposals), 'proposal')} would have been made; nothing is kept")
    for proposal in planned.proposals:
        lines = proposal.texts.get("en", "").splitlines()
        click.echo(f"  {proposal.action.replace('_', ' '):18} {lines[0] if lines else ''}")
    _print_skipped(planned.skipped)


def _note_look(
    store: Store, account: str, what: str, proposals: Iterable[Proposal], skipped: Iterable[Skipped]
) -> None:
    """Who looks at what would be proposed about persons stands in the audit."""
    from helpdesk_wellbeing.acting.views import agents_in
    from helpdesk_wellbeing.cli.looking import require_noted
    from helpdesk_wellbeing.plan.proposal import to_json

    named = {agent for proposal in proposals for agent in agents_in(to_json(proposal))}
    named |= {one.subject.id for one in skipped if one.subject.kind == "agent"}
    if named:
        require_noted(store, account, what, agents=named)


def write_all(store: Store, account: str) -> str | None:
    """Make what is due; a line about it, None where there is nothing to make."""
    from helpdesk_wellbeing.cli.outbound import described, write

    if account not in store.writes.due(datetime.now(UTC)):
        return None
    return described(write(store, account))


def _as_json(skipped: Iterable[Skipped]) -> list[dict[str, Any]]:
    return [
        {"action": s.action, "subject": {"kind": s.subject.kind, "id": s.subject.id}, "reason": s.reason,
         "rule": s.rule}
        for s in skipped
    ]  # fmt: skip


def _print_skipped(skipped: Iterable[Skipped]) -> None:
    by_reason = Counter((one.action.replace("_", " "), one.reason) for one in skipped)
    for (action, reason), number in sorted(by_reason.items()):
        click.echo(f"  not proposed: {action} ({reason}){f' × {number}' if number > 1 else ''}")


@command.command(name="show", short_help="How the account acts.")
@account_option
@format_option
def show(account: str, output: str) -> None:
    """How the account acts: the switch, modes, standing approvals."""
    from helpdesk_wellbeing.acting.policy import policy_of

    store = store_with(account)
    policy = policy_of(store, account)
    if output == "json":
        print_json(policy.model_dump(mode="json"))
        return
    click.echo("STOPPED: nothing is written and nobody is told anything" if policy.stopped else "acting")
    for action in ACTIONS:
        click.echo(f"  {action.replace('_', ' '):20} {policy.mode(action)}")
    for one in policy.standing:
        click.echo(f"  standing approval of {one.by}: {one.action} in group {one.group}, {one.an_hour} an hour, "
                   f"until {one.until:%Y-%m-%d}")  # fmt: skip
    consent, links = "asked" if policy.consent else "not asked", policy.public_url or "(no address yet)"
    click.echo(f"  consent of receivers: {consent}; language {policy.language}; links to {links}")
    click.echo(f"  at most {counted(policy.updates_a_minute, 'update')} a minute")
    counts = store.writes.counts(account)
    if counts:
        click.echo("  writes: " + ", ".join(f"{number:,} {state}" for state, number in sorted(counts.items())))


@command.command(name="set", short_help="Change how the account acts.")
@account_option
@click.option("--mode", "modes", multiple=True, metavar="ACTION=MODE", help=f"MODE is one of {', '.join(MODES)}.")
@click.option("--consent/--no-consent", default=None, help="Whether receivers are asked before tickets move to them.")
@click.option("--language", type=click.Choice(["en", "nl"]), help="Of what is written into the helpdesk.")
@click.option("--updates-a-minute", type=click.IntRange(1, 100))
@click.option("--survey-delivery", type=click.Choice(["ticket", "tag"]))
@click.option(
    "--survey-group",
    metavar="ID",
    help="The group, by id or name, that invitations belong to; let nobody but admins be in it.",
)
@click.option("--planning", metavar="JSON", help='What planning is told, such as {"rebalance": {"at_once": true}}.')
@click.option("--public-url", help="Where people reach this installation: https://…")
@by_option
def set_(account: str, modes: tuple[str, ...], by: str | None, **given: Any) -> None:
    """Change how the account acts. Every change is in the audit."""
    from helpdesk_wellbeing.acting import policy

    store = store_with(account)
    changes = {name: value for name, value in given.items() if value is not None}
    if modes:
        known = policy.policy_of(store, account).modes
        changes["modes"] = {**known, **dict(_mode(word) for word in modes)}
    if "planning" in changes:
        changes["planning"] = _json(changes["planning"])
    if "survey_group" in changes:
        changes["survey_group"] = group_of(store, account, changes["survey_group"])
    if not changes:
        raise click.UsageError("nothing to change")
    policy.change(store, account, decider(by), datetime.now(UTC), **changes)
    say(f"{account}: changed; see helpdesk-wellbeing act show --account {account}")
    if "survey_group" in changes:
        say(f"{account}: {_who_can_read(store, account, changes['survey_group'])}")
    after = policy.policy_of(store, account)
    if after.writes("esat_wave") and after.survey_group is None and after.survey_delivery == "ticket":
        say(f"{account}: invitations belong to no group, so whoever may see all tickets can open their links; give "
            f"them a group in which only admins are: act set --account {account} --survey-group ID")  # fmt: skip


def _who_can_read(store: Store, account: str, group: str) -> str:
    number = members_of(store.directory(account), group)
    are = "1 known person is" if number == 1 else f"{number:,} known people are"
    they = "whoever may see all tickets" if number == 0 else "they, and whoever may see all tickets,"
    return f"invitations belong to group {group}: {are} in it; {they} can open the invitations' links"


def _json(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise click.UsageError("--planning is a JSON object; see helpdesk_wellbeing/acting/README.md")
    return said


def _mode(word: str) -> tuple[str, str]:
    action, _, mode = word.partition("=")
    if action not in ACTIONS or mode not in MODES:
        raise click.UsageError(f'"{word}" is not ACTION=MODE with an action of {", ".join(ACTIONS)} and a mode of '
                               f"{', '.join(MODES)}")  # fmt: skip
    return action, mode


@command.command(short_help="The switch: stop all writes and notices of the account.")
@account_option
@by_option
def stop(account: str, by: str | None) -> None:
    """Stop all writes and notices of the account at once. What waits is kept."""
    _switch(account, by, stopped=True)
    say(f"{account}: stopped; nothing is written until: act go --account {account}")


@command.command(short_help="Let writes go on after stop.")
@account_option
@by_option
def go(account: str, by: str | None) -> None:
    """Let writes go on after stop."""
    _switch(account, by, stopped=False)
    nothing = (
        "" if store_with(account).installed.things(account) else "; nothing is installed in the helpdesk, see install"
    )
    say(f"{account}: acting again{nothing}")


@command.command(short_help="Approve an action in advance, for one group and a while.")
@account_option
@click.option("--action", type=click.Choice(["rebalance"]), default="rebalance", show_default=True)
@click.option("--group", required=True, metavar="ID", help="The group whose tickets may be moved.")
@click.option("--until", required=True, type=Instant(), help="When the approval ends; at most 90 days from now.")
@click.option("--an-hour", required=True, type=click.IntRange(1, 1000), help="How many writes an hour at most.")
@by_option
def approve(account: str, action: str, group: str, until: datetime, an_hour: int, by: str | None) -> None:
    """Approve an action in advance, for one group and a while, so many writes an hour. Its mode must be auto."""
    from helpdesk_wellbeing.acting import policy

    store, now = store_with(account), datetime.now(UTC)
    if not now < until <= now + timedelta(days=90):
        raise click.UsageError("--until must be within 90 days from now")
    group = group_of(store, account, group)
    known = policy.policy_of(store, account)
    who = decider(by)
    standing = [one.model_dump(mode="json") for one in known.standing if (one.action, one.group) != (action, group)]
    new = {"action": action, "group": group, "by": who, "given_at": now.isoformat(), "until": until.isoformat(),
           "an_hour": an_hour}  # fmt: skip
    policy.change(store, account, who, now, standing=[*standing, new])
    say(f"{account}: {action} in group {group} is approved until {until:%Y-%m-%d}, {an_hour} writes an hour")
    if known.mode(action) != "auto":
        say(f"it holds once the mode is auto: act set --account {account} --mode {action}=auto")


def _switch(account: str, by: str | None, *, stopped: bool) -> None:
    from helpdesk_wellbeing.acting import policy

    policy.change(store_with(account), account, decider(by), datetime.now(UTC), stopped=stopped)
