"""How an account is connected and read: as what, how far, what is in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from helpdesk_wellbeing.condition import condition_of, is_pulling, works
from helpdesk_wellbeing.pages import jobs

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.jobs import Job
    from helpdesk_wellbeing.pages.known import Known


@dataclass(frozen=True)
class Reading:
    """`place` is the helpdesk's host; None of an account that was imported."""

    platform: str | None
    place: str | None
    is_simulated: bool
    client_id: str | None
    events: int
    first: datetime | None
    last: datetime | None
    pulled_at: datetime | None
    lag: timedelta | None
    is_pulling: bool
    is_paused: bool
    problem: str | None
    evaluated_at: datetime | None
    filling: Job | None  # of a simulated account
    has_worker: bool  # somebody is there who pulls and evaluates
    zone: str
    week_start: int
    preset: str

    @property
    def is_read(self) -> bool:
        """Whether what there is has been read and evaluated at least once."""
        return self.events > 0 and self.evaluated_at is not None


def reading_of(known: Known, account: str, now: datetime) -> Reading:
    """How the account is read now."""
    store = known.store
    with store.view():
        one, run = store.account(account), store.work.run_of(account)
        workers = store.work.workers()
        first, last, events = store.all_events_span(account)
        found = condition_of(run, store.inbox.depth().get(account), now)
        filling = jobs.job_of(store, account, jobs.FILLING)
    settings = one.settings
    place = settings.get("base_url") or settings.get("domain")
    if place is None and "subdomain" in settings:
        place = f"{settings['subdomain']}.zendesk.com"
    return Reading(
        one.platform, place, bool(settings.get("simulated")), settings.get("client_id"), events, first, last,
        run.pulled_at, found.lag, is_pulling(run, workers, now), found.is_paused, run.problem, run.evaluated_until,
        filling, any(works(worker) for worker in workers), one.zone, one.week_start, known.directory(account).preset,
    )  # fmt: skip
