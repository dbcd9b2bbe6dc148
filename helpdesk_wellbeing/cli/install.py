"""`install`: set up in the helpdesk what acting needs; a plan first, then as agreed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from helpdesk_wellbeing.cli.common import (
    account_option,
    format_option,
    print_json,
    say,
    store_with,
)
from helpdesk_wellbeing.cli.proposals import by_option, decider
from helpdesk_wellbeing.errors import ConfigError

if TYPE_CHECKING:
    from connectors.zendesk.writing import Writing
    from helpdesk_wellbeing.store import Store
    from webhooks.zendesk.guards import Guard
    from webhooks.zendesk.provisioning import Outcome
    from webhooks.zendesk.things import Told

STOPPED_BEFORE_THE_END = 1
GUARD = "survey_guard"  # what the last look found, by ids only
_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(:\d+)?/?")
_LOOPBACK = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/?")

yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Only show the plan.")


@click.group(name="install")
def command() -> None:
    """Set up in the helpdesk what acting needs. `uninstall` takes all of it away."""


@command.command(short_help="Set up a Zendesk account.")
@account_option
@click.option("--url", required=True, help="Where Zendesk reaches this installation: https://our.host")
@click.option(
    "--news", type=click.Choice(["events", "trigger"]), help="How Zendesk tells of news; as before, or events."
)
@yes_option
@dry_run_option
@by_option
@format_option
@click.pass_context
def zendesk(
    ctx: click.Context, account: str, url: str, news: Told | None, yes: bool, dry_run: bool, by: str | None, output: str
) -> None:
    """Make a custom field for agents, a view of what is suggested, and a webhook whose secret is kept here.

    Shows what it would make, keep, mend or remove, and asks. Your own rules are read, and those that survey tickets
    could set off are named; they are never changed. It may be run again at any time.

    Exit code 0: done, or nothing to do; 1: something was not accepted; 2: did not run.
    """
    from webhooks.zendesk import guards, provisioning

    store = zendesk_store(account)
    url = checked_url(store, account, url)
    writing = writing_for_setup(store, account)
    there = provisioning.Account(writing, store, account)
    told = news or there.told
    steps = provisioning.plan(there, url, told)
    guard = guards.look(writing)
    notes = [*there.lacking, *provisioning.strangers(there, url), *_if_stopped(store, account)]
    notes += _who_reads_invitations(store, account)
    changes = any(step.verdict != "keep" or not step.noted for step in steps)
    report: dict[str, Any] = {
        "account": account, "url": url, "news": told, "plan": [step.to_json() for step in steps],
        "guard": guard.to_json(), "notes": notes, "done": False, "failed": [],
    }  # fmt: skip
    if output == "text":
        lines = [step.line() for step in steps]
        show(f"{account}: what there will be in Zendesk", lines, [*notes, *guard.lines()])
    if dry_run or not changes:
        if not dry_run:
            _remember(store, account, url, guard, by)
            report["done"] = True
        _end(report, output, "nothing is to be changed" if not changes else "nothing was changed: --dry-run")
        return
    agree(yes, f"{account}: set this up?", lambda: _end(report, output, None))
    outcome = provisioning.carry_out(there, steps, url, told, decider(by))
    _remember(store, account, url, guard, by)
    report |= {"done": not outcome.failed, "failed": list(outcome.failed)}
    report["plan"] = [step.to_json() for step in outcome.made]
    _end(report, output, _told(account, outcome))
    ctx.exit(STOPPED_BEFORE_THE_END if outcome.failed else 0)


def writing_for_setup(store: Store, account: str) -> Writing:
    """The account's Zendesk, to be set up. Raises ConfigError when the connection may not write or is no admin's."""
    from connectors.zendesk.auth import WHERE, GrantRefused
    from connectors.zendesk.settings import WRITING_SCOPES
    from helpdesk_wellbeing.cli.outbound import writing_of

    writing = writing_of(store, account, say)
    may_only_read = ConfigError(
        f"{account}: the OAuth client {writing.api.settings.client_id} may only read; allow `write` besides `read` in "
        f"its scopes ({WHERE}), then run this again. Pulls go on asking for `read` alone"
    )
    try:
        user = writing.api.me()
    except GrantRefused as refused:
        if getattr(refused.__cause__, "code", None) == "invalid_scope":
            raise may_only_read from None
        raise
    granted = writing.api.credentials.granted
    if granted is not None and not set(WRITING_SCOPES) <= granted:
        raise may_only_read
    if user.get("role") != "admin":
        raise ConfigError(
            f"{account}: the connection's user {user['id']} is no admin, so it cannot set anything up; make it one "
            "(Admin Center > People > Team members), or connect with a client of another user"
        )
    return writing


def checked_url(store: Store, account: str, url: str) -> str:
    """The address without a slash at its end. Raises ConfigError when Zendesk could not reach it."""
    is_local = _LOOPBACK.fullmatch(url) is not None
    base = store.account(account).settings.get("base_url") or ""
    if is_local and _LOOPBACK.fullmatch(base) is None:
        raise ConfigError(f"{account}: Zendesk cannot reach {urlsplit(url).hostname}; give the address on the internet")
    if not is_local and _HTTPS.fullmatch(url) is None:
        raise ConfigError(
            f"{account}: --url is https://host, without a path; for example https://wellbeing.example.com"
        )
    return url.rstrip("/")


def show(title: str, lines: Iterable[str], notes: Iterable[str]) -> None:
    """A plan, on stdout."""
    click.echo(title)
    for line in lines:
        click.echo(f"  {line}")
    for note in notes:
        click.echo(note)


def agree(yes: bool, question: str, tell: Any) -> None:
    """Go on only with a yes; where nobody can be asked, say how, and end."""
    if yes:
        return
    if sys.stdin is not None and sys.stdin.isatty():
        if click.confirm(question, err=True):
            return
        reason = "nothing was changed"
    else:
        reason = "nothing was changed, because there is nobody to ask; look at the plan, then run it again with --yes"
    tell()
    raise ConfigError(reason)


def _end(report: dict[str, Any], output: str, line: str | None) -> None:
    if output == "json":
        print_json(report)
    elif line:
        click.echo(line)


def _told(account: str, outcome: Outcome) -> str:
    if outcome.failed:
        return "\n".join(["not accepted:", *(f"  {line}" for line in outcome.failed)])
    return (
        f"{account}: installed; serve takes in what Zendesk sends. Nothing is written on tickets until a mode is set: "
        f"helpdesk-wellbeing act show --account {account}"
    )


def _who_reads_invitations(store: Store, account: str) -> list[str]:
    from helpdesk_wellbeing.acting.policy import policy_of

    policy = policy_of(store, account)
    if policy.survey_group is not None or policy.survey_delivery == "tag":
        return []
    return [
        f"{account}: survey invitations belong to no group, so everybody who may see all tickets can open their links; "
        "give them a group in which only admins are: act set --survey-group ID"
    ]


def _remember(store: Store, account: str, url: str, guard: Guard, by: str | None) -> None:
    """For doctor, and for links in what is written."""
    from helpdesk_wellbeing.acting import policy

    store.set_meta(account, GUARD, json.dumps({"open": len(guard.rules), "unread": len(guard.unread)}))
    if policy.policy_of(store, account).public_url is None:
        policy.change(store, account, decider(by), datetime.now(UTC), public_url=url)


def _if_stopped(store: Store, account: str) -> list[str]:
    from helpdesk_wellbeing.acting.policy import policy_of

    if not policy_of(store, account).stopped:
        return []
    return [f"all writes of this account are stopped, and stay so; let them go on: act go --account {account}"]


def zendesk_store(account: str) -> Store:
    """The store, with this Zendesk account in it. Raises ConfigError."""
    store = store_with(account)
    platform = store.account(account).platform
    if platform != "zendesk":
        what = f"it is a {platform} account" if platform else "it was imported from a file"
        raise ConfigError(f"{account}: nothing can be set up in Zendesk, because {what}")
    return store


def about(store: Store, account: str) -> list[str]:
    """What doctor says of an account's installation, from what is stored."""
    from webhooks.zendesk.things import FIELD, TRIGGER_WEBHOOK, VIEW, WEBHOOK

    noted = store.installed.things(account)
    if not noted:
        return [f"not installed: suggestions have no field and no view in Zendesk; install zendesk --account {account}"]
    lines = []
    missing = [name for name in (FIELD, VIEW) if name not in noted]
    if WEBHOOK not in noted and TRIGGER_WEBHOOK not in noted:
        missing.append(WEBHOOK)
    if missing:
        lines.append(f"installed in part, without {', '.join(missing)}; run install zendesk --account {account} again")
    guard = json.loads(store.get_meta(account, GUARD) or "{}")
    if guard.get("open") or guard.get("unread"):
        lines.append("some of your rules may be set off by survey tickets; install zendesk … --dry-run names them")
    return lines
