"""Settings at a glance: the steps of the set-up with what is done, and what stands how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from helpdesk_wellbeing.access.roles import MAY_CHANGE_SETTINGS
from helpdesk_wellbeing.agreement.saying import doubts
from helpdesk_wellbeing.notices.settings import settings_of
from helpdesk_wellbeing.pages import jobs
from helpdesk_wellbeing.pages.settings import acting, agreement, entering, people, reading, telling
from helpdesk_wellbeing.pages.told import Named, named, note_look
from helpdesk_wellbeing.upkeep.retention import Kind, retention_of

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.jobs import Job
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.pages.settings.acting import ActingPage
    from helpdesk_wellbeing.pages.settings.agreement import AgreementPage
    from helpdesk_wellbeing.pages.settings.entering import AccessPage
    from helpdesk_wellbeing.pages.settings.people import PeoplePage
    from helpdesk_wellbeing.pages.settings.reading import Reading
    from helpdesk_wellbeing.pages.settings.telling import TellingState

_HOURS, _MODES = "settings_hours_seen", "settings_modes_seen"


@dataclass(frozen=True)
class Contested:
    """A flag that somebody contested, without any value of it."""

    id: str
    about: Named
    rule: str
    title: str
    reason: str
    since: date
    at: datetime
    about_attribution: bool


@dataclass(frozen=True)
class Overview:
    """All that the checklist is made of."""

    reading: Reading
    people: PeoplePage
    agreement: AgreementPage
    backtest: Job | None
    access: AccessPage
    telling: TellingState
    acting: ActingPage
    done: frozenset[str]  # of the steps
    rules: int
    notices_on: bool
    events_days: int
    contested: tuple[Contested, ...]  # for those who may settle it

    @property
    def next_step(self) -> str | None:
        """The first one that is not done."""
        return next((step for step in STEPS if step not in self.done), None)


STEPS = ("connect", "hours", "people", "agreement", "backtest", "access", "tell", "acting")


def build(known: Known, viewer: Viewer, now: datetime) -> Overview:
    """How everything stands."""
    store, account = known.store, viewer.account
    read = reading.reading_of(known, account, now)
    everybody, agreed = people.build(known, viewer, now), agreement.build(known, viewer, now)
    looked, entry = jobs.job_of(store, account, jobs.BACKTEST), entering.build(known, viewer, now)
    told, acts = telling.state_of(known, account, now), acting.build(known, viewer, now)
    has_way = entry.ways.zendesk is not None or entry.ways.oidc is not None
    is_done = {
        "connect": not read.is_paused and (read.platform is not None or read.events > 0),
        "hours": store.get_meta(account, _HOURS) is not None or read.is_simulated,
        "people": everybody.total > 0 and not everybody.gaps.get("schedule", 0),
        "agreement": agreed.holds is not None or not agreed.is_needed,
        "backtest": looked is not None and looked.state == "done",
        "access": has_way and entry.has_admin,
        "tell": told.is_done,
        "acting": (store.get_meta(account, _MODES) is not None or bool(acts.policy.modes))
        and not acts.waits_for_install,
    }
    days = retention_of(store, account, now).age(Kind.EVENTS).days
    done = frozenset(step for step, so in is_done.items() if so)
    return Overview(
        read,
        everybody,
        agreed,
        looked,
        entry,
        told,
        acts,
        done,
        len(list(known.catalogue.active())),
        settings_of(store, account).on,
        days,
        _contested(known, viewer, now),
    )


def _contested(known: Known, viewer: Viewer, now: datetime) -> tuple[Contested, ...]:
    if not viewer.has(*MAY_CHANGE_SETTINGS):
        return ()
    found, rules, names = doubts(known.store, viewer.account, now), known.catalogue.rules, known.names(viewer.account)
    agents = {one.subject for one in found if one.kind == "agent"}
    if agents:
        note_look(known, viewer, now, "settings", agents=sorted(agents))
    return tuple(
        Contested(
            one.id, named(names, one.kind, one.subject), one.rule,
            rules[one.rule].title if one.rule in rules else one.rule.replace("_", " "),
            one.reason, one.since, one.at, one.about_attribution and one.kind == "agent",
        )
        for one in found
    )  # fmt: skip


def note_hours(known: Known, account: str) -> None:
    """The country and its zone were looked at."""
    known.store.set_meta(account, _HOURS, "yes")


def note_modes(known: Known, account: str) -> None:
    """The modes were looked at."""
    known.store.set_meta(account, _MODES, "yes")
