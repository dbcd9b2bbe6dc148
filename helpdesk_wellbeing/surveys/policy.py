"""When a team is asked: pure; the store's history and the team's facts come in, a plan or a reason comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from helpdesk_wellbeing.clock import check_zone
from helpdesk_wellbeing.errors import BadPayload, ConfigError
from helpdesk_wellbeing.schedules import parse_schedule
from helpdesk_wellbeing.surveys.model import Asked, History, Invitation, Kind, PastWave, Place, Plan, State

K_SCORES, K_COMMENTS = 5, 10  # floors: a setting may raise them, nothing lowers them
_LEVELS = ("warn", "critical")


class Reason(StrEnum):
    """Why no wave goes out now: a closed list."""

    NOTHING_DUE = "nothing due"
    TOO_FEW_MEMBERS = "too few members"
    WAVE_RUNNING = "a wave of this team is running"
    LAST_WAVE_UNANSWERED = "the last wave has no published answer"
    ASKED_RECENTLY = "a member was asked recently"
    BUDGET_USED = "a member's budget for the year is used"
    NOT_AT_WORK = "too few members at work in the next days"


@dataclass(frozen=True)
class Skipped:
    """No wave now; `until` is the first day on which the answer can be another one, where the calendar decides that."""

    team: str
    reason: Reason
    until: date | None = None


@dataclass(frozen=True)
class Policy:
    """The account's settings; defaults are the reference's product choices.

    `triggers`: from which level on a team's or queue's flag asks for a wave. `k` may be raised only (ConfigError).
    """

    k: int = K_SCORES
    k_comments: int = K_COMMENTS
    regular_every_days: int = 91
    triggered_every_days: int = 30  # for each person
    most_triggered_a_year: int = 4  # for each person
    most_a_year: int = 6  # for each person, regular and triggered
    fieldwork_days: int = 7
    remind_after_days: int | None = 4
    triggers: Mapping[str, str] = field(default_factory=lambda: {"ES1": "warn", "QL1": "warn", "LD6": "critical"})
    share_with_load: float = 0.30  # of a team with any active load signal
    default_schedule: str = "Mon-Fri 09:00-17:00"  # of members whose hours are unknown
    question_set: str = "pulse-1"

    def __post_init__(self) -> None:
        if self.k < K_SCORES or self.k_comments < max(K_COMMENTS, self.k):
            raise ConfigError(
                f"surveys: k = {self.k} for scores and {self.k_comments} for comments; they protect people and are "
                f"never below {K_SCORES} and {K_COMMENTS}; raise them or leave them out"
            )


@dataclass(frozen=True)
class Member:
    """A person of a team. `leave`: dates from and to, both inclusive. `traits`: a value a filter dimension."""

    person: str
    zone: str = "UTC"
    schedule: str | None = None
    leave: tuple[tuple[date, date], ...] = ()
    traits: Mapping[str, str] = field(default_factory=dict)
    opted_out: bool = False


@dataclass(frozen=True)
class Flagged:
    """An active flag of the team or its queue."""

    signal: str
    level: str


@dataclass(frozen=True)
class TeamFacts:
    """A team as it is now: all its members, its flags, and how many members have any active load signal."""

    team: str
    members: tuple[Member, ...]
    flags: tuple[Flagged, ...] = ()
    members_with_load: int = 0


def due(team: TeamFacts, policy: Policy, history: History, on: datetime) -> Plan | Skipped:
    """Whether the team should be asked at `on` (aware), and if so, whom and from when.

    A triggered wave goes first; it does not stand in for the regular one. The whole team is asked but for those who
    opted out and those without an hour of work in the days of the wave; a member who was asked too often holds the
    wave back, because asking the others only would say something about that member.
    """
    triggers = _triggers(team, policy)
    past = [wave for wave in history.waves if team.team in wave.teams]
    kind = Kind.TRIGGERED if triggers else Kind.REGULAR
    today = on.date()
    if not triggers and (wait := _regular_from(past, policy)) is not None and today < wait:
        return Skipped(team.team, Reason.NOTHING_DUE, wait)
    willing = [member for member in team.members if not member.opted_out]
    if len(willing) < policy.k:
        return Skipped(team.team, Reason.TOO_FEW_MEMBERS)
    if held := _held_back(team.team, past):
        return held
    if held := _over_budget(team.team, willing, kind, policy, history, today):
        return held
    closes = on + timedelta(days=policy.fieldwork_days)
    invitations = tuple(
        Invitation(member.person, Place((team.team,), tuple(sorted(member.traits.items()))), first)
        for member in sorted(willing, key=lambda one: one.person)
        if (first := first_at_work(member, policy.default_schedule, on, closes)) is not None
    )
    if len(invitations) < policy.k:
        return Skipped(team.team, Reason.NOT_AT_WORK)
    remind = None if policy.remind_after_days is None else on + timedelta(days=policy.remind_after_days)
    return Plan(kind, (team.team,), invitations, on, closes, remind, triggers, policy.question_set)


def join(plans: Sequence[Plan]) -> Plan:
    """One wave over several teams that are due at once: who is in two of them is asked once and counts in both.

    The plans come from `due` with the same policy and instant. Raises BadPayload when they differ in their window.
    """
    if not plans or len({(one.opens_at, one.closes_at, one.question_set) for one in plans}) != 1:
        raise BadPayload("surveys: only plans of one moment and one set of questions become one wave; plan them anew")
    found: dict[str, Invitation] = {}
    for invitation in (one for plan in plans for one in plan.invitations):
        known = found.get(invitation.person, invitation)
        teams = tuple(sorted({*known.place.teams, *invitation.place.teams}))
        found[invitation.person] = replace(known, place=replace(known.place, teams=teams))
    kind = Kind.TRIGGERED if any(one.kind is Kind.TRIGGERED for one in plans) else Kind.REGULAR
    return replace(
        plans[0],
        kind=kind,
        teams=tuple(sorted({team for one in plans for team in one.teams})),
        invitations=tuple(found[person] for person in sorted(found)),
        triggers=tuple(sorted({trigger for one in plans for trigger in one.triggers})),
    )


def first_at_work(member: Member, default_schedule: str, since: datetime, until: datetime) -> datetime | None:
    """The first instant in [since, until) inside the member's own hours and on no day of leave; None: there is none."""
    windows = parse_schedule(member.schedule or default_schedule)
    zone = check_zone(member.zone)
    day = since.astimezone(zone).date()
    last = until.astimezone(zone).date()
    while day <= last:
        if not any(first <= day <= end for first, end in member.leave):
            for weekday, start, end in windows:
                if weekday != day.weekday():
                    continue
                midnight = datetime(day.year, day.month, day.day)
                begins, ends = ((midnight + timedelta(minutes=m)).replace(tzinfo=zone) for m in (start, end))
                at = max(begins.astimezone(UTC), since.astimezone(UTC))
                if at < min(ends.astimezone(UTC), until):
                    return at
        day += timedelta(days=1)
    return None


def _triggers(team: TeamFacts, policy: Policy) -> tuple[str, ...]:
    found = {
        f"{flag.signal} {flag.level}"
        for flag in team.flags
        if (needed := policy.triggers.get(flag.signal)) is not None
        and flag.level in _LEVELS
        and _LEVELS.index(flag.level) >= _LEVELS.index(needed)
    }
    size = len(team.members)
    if size >= policy.k and team.members_with_load >= policy.share_with_load * size:
        found.add("load of the team")
    return tuple(sorted(found))


def _regular_from(past: list[PastWave], policy: Policy) -> date | None:
    last = max((wave.on for wave in past if wave.kind is Kind.REGULAR), default=None)
    return None if last is None else last + timedelta(days=policy.regular_every_days)


def _held_back(team: str, past: list[PastWave]) -> Skipped | None:
    states = {wave.state for wave in past}
    if states & {State.PLANNED, State.OPEN}:
        return Skipped(team, Reason.WAVE_RUNNING)
    if states & {State.CLOSED, State.PUBLISHED}:
        return Skipped(team, Reason.LAST_WAVE_UNANSWERED)
    return None


def _over_budget(
    team: str, members: list[Member], kind: Kind, policy: Policy, history: History, today: date
) -> Skipped | None:
    recent: list[date] = []
    used: list[date] = []
    year_ago = today - timedelta(days=365)
    for member in members:
        asked = [one for one in history.asked.get(member.person, ()) if one.on > year_ago]
        triggered = [one for one in asked if one.kind is Kind.TRIGGERED]
        if kind is Kind.TRIGGERED:
            ends = [one.on + timedelta(days=policy.triggered_every_days) for one in triggered]
            recent += [end for end in ends if end > today]
            used += _frees(triggered, policy.most_triggered_a_year)
        used += _frees(asked, policy.most_a_year)
    if recent:
        return Skipped(team, Reason.ASKED_RECENTLY, max(recent))
    return Skipped(team, Reason.BUDGET_USED, max(used)) if used else None


def _frees(asked: list[Asked], most: int) -> list[date]:
    """When enough of these are a year old; nothing while there is room."""
    days = sorted(one.on for one in asked)
    return [days[len(days) - most] + timedelta(days=365)] if len(days) >= most else []
