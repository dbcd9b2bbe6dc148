"""What of ours is set up in the helpdesk itself: what is there, what was planned, what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.errors import WellbeingError
from helpdesk_wellbeing.hosts import is_loopback
from helpdesk_wellbeing.pages import jobs
from helpdesk_wellbeing.pages.setting_up import (
    Asked,
    Done,
    Plan,
    SettingUp,
    Trouble,
    read_done,
    read_plan,
    to_json,
    trouble_of,
)

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.jobs import Job
    from helpdesk_wellbeing.store import Store


@dataclass(frozen=True)
class HelpdeskPage:
    """One of `plan`, `done` and `trouble` at most: what the last look or deed gave."""

    platform: str | None
    installed: tuple[str, ...]  # by our names
    stopped: bool
    public_url: str | None
    job: Job | None
    is_running: bool
    was_cut_off: bool
    knows_app: bool | None  # None: it need not be found
    types_secret: bool  # whether somebody has to type the secret of its calls there
    plan: Plan | None = None
    done: Done | None = None
    trouble: tuple[Trouble, str] | None = None
    found_app: bool = False


def build(store: Store, setting_up: SettingUp, account: str, now: datetime) -> HelpdeskPage:
    """How it stands."""
    job, policy = jobs.job_of(store, account, jobs.HELPDESK), policy_of(store, account)
    said: dict[str, Any] = (job.result if job is not None and job.state == "done" else None) or {}
    trouble: tuple[Trouble, str] | None = (said["trouble"], said["said"]) if "trouble" in said else None
    if job is not None and job.state == "failed":
        trouble = ("other", job.step)
    return HelpdeskPage(
        store.account(account).platform, tuple(store.installed.things(account)), policy.stopped, policy.public_url,
        job, job is not None and job.is_running(now), job is not None and job.was_cut_off(now),
        setting_up.knows_app(account), setting_up.types_secret(account),
        read_plan(said["plan"]) if "plan" in said else None, read_done(said["done"]) if "done" in said else None,
        trouble, bool(said.get("found_app")),
    )  # fmt: skip


def address(store: Store, account: str, here: str | None) -> str:
    """Where the helpdesk should reach us, as far as is known. `here`: as whom the browser knows this machine, if that
    is what it speaks to; only a helpdesk on this machine reaches that."""
    told = policy_of(store, account).public_url
    if told is not None:
        return told
    base = str(store.account(account).settings.get("base_url") or "")
    return here or "" if is_loopback(urlsplit(base).hostname) else ""


def look(store: Store, setting_up: SettingUp, account: str, asked: Asked, now: Callable[[], datetime]) -> bool:
    """Begin to plan; False when something else is being done there."""
    return _begin(store, account, lambda tell: {"plan": to_json(setting_up.plan(account, asked, tell))}, now)


def carry_out(
    store: Store, setting_up: SettingUp, account: str, plan: Plan, by: Any, now: Callable[[], datetime]
) -> bool:
    """Begin to do what was shown; False when something else is being done there."""

    def work(tell: Callable[[str], None]) -> dict[str, Any]:
        found = setting_up.carry_out(account, plan.asked, plan.digest, by, tell)
        return {"done" if isinstance(found, Done) else "plan": to_json(found)}

    return _begin(store, account, work, now)


def find_app(store: Store, setting_up: SettingUp, account: str, now: Callable[[], datetime]) -> bool:
    """Begin to look for the app; False when something else is being done there."""

    def work(tell: Callable[[str], None]) -> dict[str, Any]:
        tell("look")
        setting_up.find_app(account)
        return {"found_app": True}

    return _begin(store, account, work, now)


def _begin(
    store: Store, account: str, work: Callable[[Callable[[str], None]], dict[str, Any]], now: Callable[[], datetime]
) -> bool:
    def told(tell: Callable[[str], None]) -> dict[str, Any]:
        try:
            return work(tell)
        except WellbeingError as error:
            return {"trouble": trouble_of(error), "said": str(error)}

    return jobs.begin(store, account, jobs.HELPDESK, told, now)
