"""What `install` and `uninstall` show, ask, do and tell, whatever the platform; pages do the same (`setups.py`)."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import click

from helpdesk_wellbeing.cli.common import print_json, require_account
from helpdesk_wellbeing.cli.proposals import decider
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.said import N_, Said

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from webhooks.freshdesk.by_hand import Task
    from webhooks.guarding import Guard
    from webhooks.installing import Outcome, Removal, Removed, Step

STOPPED_BEFORE_THE_END = 1
GUARD = "survey_guard"  # of the store: what the last look found, by numbers and names of ours only
TITLES = {"zendesk": "Zendesk", "freshdesk": "Freshdesk"}
_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(?::([0-9]{1,5}))?/?")
_LAST_PORT = 65_535
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
    who_reads: Said  # said while survey tickets have no group
    carry_out: Callable[[Any], Outcome]
    tasks: Callable[[Outcome | None], Sequence[Task]] = lambda outcome: ()
    by_hand: Sequence[str] = ()  # what somebody has done by hand already, by our names
    more: Mapping[str, Any] = field(default_factory=dict)  # for the report

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return any(step.verdict != "keep" or not step.noted for step in self.steps)

    @property
    def all_notes(self) -> list[str]:
        """What is to be known beside the plan."""
        return [*self.notes, *_if_stopped(self.store, self.account), *_who_reads_invitations(self)]

    def carried_out(self, by: Any) -> Outcome:
        """Do it, and remember for doctor and for links that it was done."""
        outcome = self.carry_out(by)
        self.remember(by)
        return outcome

    def remember(self, by: Any) -> None:
        """For doctor, and for links in what is written."""
        from helpdesk_wellbeing.acting import policy

        store, account, guard = self.store, self.account, self.guard
        found = {"open": len(guard.rules), "unread": len(guard.unread), "by_hand": list(self.by_hand)}
        store.set_meta(account, GUARD, json.dumps(found))
        if policy.policy_of(store, account).public_url is None:
            policy.change(store, account, by, datetime.now(UTC), public_url=self.url)


@dataclass(frozen=True)
class Taking:
    """What a platform would take out."""

    store: Store
    account: str
    place: str
    planned: Removal[Any]
    notes: Sequence[str]
    carry_out: Callable[[Any], Removed[Any]]
    stays: Sequence[str] = ()  # what a person has made there: said at the end

    def carried_out(self, by: Any) -> Removed[Any]:
        """Do it; doctor has nothing to say of it any more."""
        done = self.carry_out(by)
        self.store.set_meta(self.account, GUARD, None)
        return done


@dataclass(frozen=True)
class How:
    """How the command was called."""

    yes: bool
    dry_run: bool
    by: str | None
    output: str


def install(setup: Setup, how: How) -> int:
    """Show the plan, ask, carry it out; the exit code."""
    store, account, notes, changes = setup.store, setup.account, setup.all_notes, setup.changes
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
            setup.remember(decider(how.by))
            report["done"] = True
        _end(report, how, "nothing is to be changed" if not changes else "nothing was changed: --dry-run")
        return 0
    agree(how.yes, f"{account}: set this up?", lambda: _end(report, how, None))
    refuse_two_at_once(store, account)
    outcome = setup.carried_out(decider(how.by))
    report |= {"done": not outcome.failed, "failed": list(outcome.failed)}
    report |= {"plan": [step.to_json() for step in outcome.made], "by_hand": _as_json(setup.tasks(outcome))}
    _end(report, how, _told(setup, outcome))
    return STOPPED_BEFORE_THE_END if outcome.failed else 0


def uninstall(taking: Taking, how: How) -> int:
    """Show the plan, ask, carry it out; the exit code."""
    account, planned = taking.account, taking.planned
    report: dict[str, Any] = {
        "account": account, "plan": planned.to_json(), "notes": list(taking.notes), "done": planned.is_nothing,
        "failed": [], "stays": list(taking.stays),
    }  # fmt: skip
    if how.output == "text" and not planned.is_nothing:
        _show(f"{account}: what is taken out of {taking.place}", planned.lines(), taking.notes)
    if planned.is_nothing or how.dry_run:
        nothing = "\n".join([*taking.stays, f"{account}: nothing of ours is there"])
        _end(report, how, nothing if planned.is_nothing else "nothing was changed: --dry-run")
        return 0
    agree(how.yes, f"{account}: take this out?", lambda: _end(report, how, None))
    refuse_two_at_once(taking.store, account)
    done = taking.carried_out(decider(how.by))
    report |= {"done": done.is_whole, "failed": list(done.things.failed), "tickets": done.tickets.to_json()}
    end = f"{account}: uninstalled" if done.is_whole else f"{account}: something is left; run it again"
    stays = taking.stays if done.is_whole else ()
    _end(report, how, "\n".join([*done.tickets.lines(), *done.things.failed, *stays, end]))
    return 0 if done.is_whole else STOPPED_BEFORE_THE_END


def require_platform(store: Store, account: str, platform: str) -> None:
    """Raises ConfigError unless this account of this platform is in the store."""
    require_account(store, account)
    found = store.account(account).platform
    if found != platform:
        what = f"it is a {found} account" if found else "it was imported from a file"
        raise ConfigError(f"{account}: nothing can be set up in {TITLES[platform]}, because {what}")


def wrong_url(store: Store, account: str, url: str) -> Literal["form", "here"] | None:
    """Why the platform could not reach us there: it is no such address, or one of this machine."""
    base = store.account(account).settings.get("base_url") or ""
    if _LOOPBACK.fullmatch(url) is not None:
        return None if _LOOPBACK.fullmatch(base) is not None else "here"
    found = _HTTPS.fullmatch(url)
    return None if found is not None and int(found[1] or 0) <= _LAST_PORT else "form"


def checked_url(store: Store, account: str, url: str) -> str:
    """The address without a slash at its end. Raises ConfigError when the platform could not reach it."""
    wrong = wrong_url(store, account, url)
    if wrong == "here":
        place = TITLES[store.account(account).platform or ""]
        raise ConfigError(f"{account}: {place} cannot reach {urlsplit(url).hostname}; give the address on the internet")
    if wrong == "form":
        raise ConfigError(
            f"{account}: --url is https://host, without a path; for example https://wellbeing.acme.example"
        )
    return url.rstrip("/")


def refuse_two_at_once(store: Store, account: str) -> None:
    """Raises ConfigError while the same is being done from the page."""
    from helpdesk_wellbeing.pages import jobs

    job = jobs.job_of(store, account, jobs.HELPDESK)
    if job is not None and job.is_running(datetime.now(UTC)):
        raise ConfigError(
            f"{account}: somebody is setting it up from the page (Settings > In the helpdesk) right now; run it again "
            "when that is done"
        )


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


def _who_reads_invitations(setup: Setup) -> list[str]:
    from helpdesk_wellbeing.acting.policy import policy_of

    policy = policy_of(setup.store, setup.account)
    if policy.survey_group is not None or policy.survey_delivery == "tag":
        return []
    return [setup.who_reads]


def _if_stopped(store: Store, account: str) -> list[str]:
    from helpdesk_wellbeing.acting.policy import policy_of

    if not policy_of(store, account).stopped:
        return []
    said = N_("All writes of this account are stopped, and stay so. Let them go on under Settings, What may happen.")
    typed = f"all writes of this account are stopped, and stay so; let them go on: act go --account {account}"
    return [Said(said, typed)]
