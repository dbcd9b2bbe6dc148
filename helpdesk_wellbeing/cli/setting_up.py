"""What `install` and `uninstall` show, ask and tell, whatever the platform."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from helpdesk_wellbeing.cli.common import print_json, store_with
from helpdesk_wellbeing.cli.proposals import decider
from helpdesk_wellbeing.errors import ConfigError

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from webhooks.freshdesk.by_hand import Task
    from webhooks.guarding import Guard
    from webhooks.installing import Outcome, Removal, Removed, Step

STOPPED_BEFORE_THE_END = 1
GUARD = "survey_guard"  # of the store: what the last look found, by numbers and names of ours only
_TITLES = {"zendesk": "Zendesk", "freshdesk": "Freshdesk"}
_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(:\d+)?/?")
_LOOPBACK = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/?")


@dataclass(frozen=True)
class Setup:
    """What a platform would set up. `carry_out` does it in somebody's name; `tasks` are left to a person, as the plan
    stands (None) or after it was carried out."""

    store: Store
    account: str
    place: str  # the platform, as people write it
    url: str
    steps: Sequence[Step[Any]]
    guard: Guard
    notes: Sequence[str]
    who_reads: str  # said while survey tickets have no group
    carry_out: Callable[[str], Outcome]
    tasks: Callable[[Outcome | None], Sequence[Task]] = lambda outcome: ()
    by_hand: Sequence[str] = ()  # what somebody has done by hand already, by our names
    more: Mapping[str, Any] = field(default_factory=dict)  # for the report


@dataclass(frozen=True)
class Taking:
    """What a platform would take out."""

    store: Store
    account: str
    place: str
    planned: Removal[Any]
    notes: Sequence[str]
    carry_out: Callable[[str], Removed[Any]]
    last: str | None = None  # said when all is out


@dataclass(frozen=True)
class How:
    """How the command was called."""

    yes: bool
    dry_run: bool
    by: str | None
    output: str


def install(setup: Setup, how: How) -> int:
    """Show the plan, ask, carry it out; the exit code."""
    store, account = setup.store, setup.account
    notes = [*setup.notes, *_if_stopped(store, account), *_who_reads_invitations(store, account, setup.who_reads)]
    changes = any(step.verdict != "keep" or not step.noted for step in setup.steps)
    report: dict[str, Any] = {
        "account": account, "url": setup.url, **setup.more, "plan": [step.to_json() for step in setup.steps],
        "guard": setup.guard.to_json(), "notes": notes, "by_hand": _as_json(setup.tasks(None)), "done": False,
        "failed": [],
    }  # fmt: skip
    if how.output == "text":
        said = [*notes, *setup.guard.lines(), *_by_hand(setup, setup.tasks(None))]
        _show(f"{account}: what there will be in {setup.place}", [step.line() for step in setup.steps], said)
    if how.dry_run or not changes:
        if not how.dry_run:
            _remember(setup, how.by)
            report["done"] = True
        _end(report, how, "nothing is to be changed" if not changes else "nothing was changed: --dry-run")
        return 0
    agree(how.yes, f"{account}: set this up?", lambda: _end(report, how, None))
    outcome = setup.carry_out(decider(how.by))
    _remember(setup, how.by)
    report |= {"done": not outcome.failed, "failed": list(outcome.failed)}
    report |= {"plan": [step.to_json() for step in outcome.made], "by_hand": _as_json(setup.tasks(outcome))}
    _end(report, how, _told(setup, outcome))
    return STOPPED_BEFORE_THE_END if outcome.failed else 0


def uninstall(taking: Taking, how: How) -> int:
    """Show the plan, ask, carry it out; the exit code."""
    account, planned = taking.account, taking.planned
    report: dict[str, Any] = {
        "account": account, "plan": planned.to_json(), "notes": list(taking.notes), "done": planned.is_nothing,
        "failed": [],
    }  # fmt: skip
    if how.output == "text" and not planned.is_nothing:
        _show(f"{account}: what is taken out of {taking.place}", planned.lines(), taking.notes)
    if planned.is_nothing or how.dry_run:
        said = f"{account}: nothing of ours is there" if planned.is_nothing else "nothing was changed: --dry-run"
        _end(report, how, said)
        return 0
    agree(how.yes, f"{account}: take this out?", lambda: _end(report, how, None))
    done = taking.carry_out(decider(how.by))
    taking.store.set_meta(account, GUARD, None)
    report |= {"done": done.is_whole, "failed": list(done.things.failed), "tickets": done.tickets.to_json()}
    end = f"{account}: uninstalled" if done.is_whole else f"{account}: something is left; run it again"
    last = [taking.last] if taking.last and done.is_whole else []
    _end(report, how, "\n".join([*done.tickets.lines(), *done.things.failed, *last, end]))
    return 0 if done.is_whole else STOPPED_BEFORE_THE_END


def account_of(account: str, platform: str, url: str | None = None) -> tuple[Store, str]:
    """The store, with this account of this platform in it, and the address without a slash. Raises ConfigError."""
    store = store_with(account)
    found = store.account(account).platform
    if found != platform:
        what = f"it is a {found} account" if found else "it was imported from a file"
        raise ConfigError(f"{account}: nothing can be set up in {_TITLES[platform]}, because {what}")
    return store, "" if url is None else checked_url(store, account, url)


def checked_url(store: Store, account: str, url: str) -> str:
    """The address without a slash at its end. Raises ConfigError when the platform could not reach it."""
    is_local = _LOOPBACK.fullmatch(url) is not None
    known = store.account(account)
    base = known.settings.get("base_url") or ""
    if is_local and _LOOPBACK.fullmatch(base) is None:
        place = _TITLES[known.platform or ""]
        raise ConfigError(f"{account}: {place} cannot reach {urlsplit(url).hostname}; give the address on the internet")
    if not is_local and _HTTPS.fullmatch(url) is None:
        raise ConfigError(
            f"{account}: --url is https://host, without a path; for example https://wellbeing.acme.example"
        )
    return url.rstrip("/")


def agree(yes: bool, question: str, tell: Callable[[], None]) -> None:
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


def _show(title: str, lines: Iterable[str], notes: Iterable[str]) -> None:
    """A plan, on stdout."""
    click.echo(title)
    for line in lines:
        click.echo(f"  {line}")
    for note in notes:
        click.echo(note)


def _end(report: dict[str, Any], how: How, line: str | None) -> None:
    if how.output == "json":
        print_json(report)
    elif line:
        click.echo(line)


def _told(setup: Setup, outcome: Outcome) -> str:
    if outcome.failed:
        known = setup.tasks(None)
        new = [task for task in setup.tasks(outcome) if task not in known]
        return "\n".join(["not accepted:", *(f"  {line}" for line in outcome.failed), *_by_hand(setup, new)])
    return (
        f"{setup.account}: installed; serve takes in what {setup.place} sends. Nothing is written on tickets until a "
        f"mode is set: helpdesk-wellbeing act show --account {setup.account}"
    )


def _by_hand(setup: Setup, tasks: Sequence[Task]) -> list[str]:
    if not tasks:
        return []
    said = [f"  {line}" for task in tasks for line in task.lines()]
    return [f"to be done in {setup.place} by hand, because its API has no way or refuses:", *said]


def _as_json(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    return [task.to_json() for task in tasks]


def _who_reads_invitations(store: Store, account: str, said: str) -> list[str]:
    from helpdesk_wellbeing.acting.policy import policy_of

    policy = policy_of(store, account)
    if policy.survey_group is not None or policy.survey_delivery == "tag":
        return []
    return [f"{account}: {said}"]


def _if_stopped(store: Store, account: str) -> list[str]:
    from helpdesk_wellbeing.acting.policy import policy_of

    if not policy_of(store, account).stopped:
        return []
    return [f"all writes of this account are stopped, and stay so; let them go on: act go --account {account}"]


def _remember(setup: Setup, by: str | None) -> None:
    """For doctor, and for links in what is written."""
    from helpdesk_wellbeing.acting import policy

    store, account, guard = setup.store, setup.account, setup.guard
    found = {"open": len(guard.rules), "unread": len(guard.unread), "by_hand": list(setup.by_hand)}
    store.set_meta(account, GUARD, json.dumps(found))
    if policy.policy_of(store, account).public_url is None:
        policy.change(store, account, decider(by), datetime.now(UTC), public_url=setup.url)
