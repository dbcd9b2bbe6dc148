"""One flag: what was measured, against what, how sure, what would have kept it away, and what may be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.agreement.audience import audience, teams_on
from helpdesk_wellbeing.agreement.gate import Gate, gate_of
from helpdesk_wellbeing.agreement.saying import CONTESTED_BECAUSE
from helpdesk_wellbeing.agreement.showing import (
    EVIDENCE_CLASS,
    HEAD_START,
    contributors,
    guessable,
    spell_of,
    visible_to_lead_from,
)
from helpdesk_wellbeing.flags import PAUSED, under
from helpdesk_wellbeing.pages import held
from helpdesk_wellbeing.pages.counterfactual import Change, nearest
from helpdesk_wellbeing.pages.funnel import funnel_with
from helpdesk_wellbeing.pages.own_past import Mine, own_past
from helpdesk_wellbeing.pages.queue_days import backlog_of
from helpdesk_wellbeing.pages.series import Backlog, Funnel, OverTime
from helpdesk_wellbeing.plan.actions.texts import TEXTS
from helpdesk_wellbeing.plan.actions.words import say

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.rules.model import Rule
    from helpdesk_wellbeing.store.said import Contest

LANGUAGES = ("en", "nl")
RECENT = timedelta(weeks=8)
# What is seen of a span of work is never more than the span, what is seen of a rest never less than the rest. Active
# hours hold gaps that may have been pauses, and lack what leaves no trace.
Bound = Literal["at least", "at most", "about", "as counted"]
BOUNDS: Mapping[str, Bound] = {
    **dict.fromkeys(("active_h", "week_h", "average_h", "after_hours_h_per_week", "longest_night_h"), "about"),
    "span_h": "at least",
    **dict.fromkeys(("nights_16w", "series", "days_of_10", "leave_days", "share", "missed_of_5"), "at least"),
    **dict.fromkeys(("rest_h", "longest_rest_7d_h", "rest_14d_h"), "at most"),
}  # fmt: skip
LIMITS = frozenset(["limit_h", "required_h", "needed_min", "median_weight", "expected", "p0"])
QUEUE_SIGNALS = ("LD6", "ES1")


@dataclass(frozen=True)
class Measured:
    """One number of the flag."""

    name: str  # a key of the words for values
    value: float | int | None
    bound: Bound
    is_limit: bool


@dataclass(frozen=True)
class Suggested:
    """A proposal that rests on the flag."""

    id: str
    action: str
    state: str
    made_at: datetime


@dataclass(frozen=True)
class FlagPage:
    """Everything on the page."""

    rule: Rule
    signal: str
    kind: str
    subject: str
    name: str
    is_own: bool  # the reader is who it is about
    sees_all: bool  # the timeline, too
    said: Mapping[str, str]  # the sentence, by language
    level: str
    is_ending: bool
    since: date
    start: datetime
    end: datetime
    measured: tuple[Measured, ...]
    band: tuple[float, float] | None  # the first measured value by gaps of 15 and of 60 minutes
    grade: str
    preset: str | None  # the source of the limits that hold for this person
    past: OverTime | None
    backlog: Backlog | None
    funnel: Funnel | None
    spread: tuple[float, ...]  # shares of open work in the team, without names; 1 is fair
    evidence_class: str | None
    missing: tuple[tuple[str, str], ...]  # (signal, why it could not be assessed) of the same subject
    instead: tuple[Change, ...]
    proposals: tuple[Suggested, ...]
    contested: Contest | None
    reasons: tuple[str, ...]  # with which it may be contested; empty for who may not
    leads_from: datetime | None  # when those who lead see it; None: they do, or nobody does


def build(known: Known, viewer: Viewer, rule: str, kind: str, subject: str, now: datetime) -> FlagPage | None:
    """The page; None where there is no such flag, or none for this viewer: nobody can tell these apart."""
    found = find(known, viewer, rule, kind, subject, now)
    if found is None:
        return None
    flag, of, is_own = found
    signal = flag["signal"]
    values = flag["values"]
    person = held.person(known, viewer.account, subject, now.date()) if kind == "agent" else None
    preset = held.preset_of(person) if kind == "agent" and signal.startswith("WT") else None
    constants = {}
    if preset is not None:
        warn = held.contract_hours(person) * 1.1 if signal == "WT2" else preset.warn_h
        constants = {"warn_h": warn, "health_only": float(preset.health_only)}
    return FlagPage(
        rule=of, signal=signal, kind=kind, subject=subject, name=_name(known, viewer.account, kind, subject),
        is_own=is_own, sees_all=is_own or kind != "agent",
        said=sentence(known, viewer.account, flag), level=flag["level"], is_ending=flag["state"] == "cooling",
        since=date.fromisoformat(flag["since"]), start=_instant(flag["window"]["start"]),
        end=_instant(flag["window"]["end"]), measured=_measured(flag), band=_band(flag) if is_own else None,
        grade=flag["grade"], preset=preset.source if preset else None,
        past=own_past(signal, Mine.of(known, viewer.account, subject, now), values) if is_own else None,
        backlog=backlog_of(known, viewer.account, subject) if signal == "LD6" else None,
        funnel=funnel_with(known, viewer.account, subject, now) if signal == "ES1" else None,
        spread=_spread(flag), evidence_class=None if is_own else EVIDENCE_CLASS.get(signal),
        missing=_missing(known, viewer.account, kind, subject, now) if is_own or kind != "agent" else (),
        instead=tuple(nearest(of, values, constants)),
        proposals=_proposals(known, viewer.account, rule, kind, subject, now, is_own=is_own),
        contested=_contest(known, viewer.account, flag, now), reasons=CONTESTED_BECAUSE,
        leads_from=_leads_from(known, viewer.account, flag, of, now) if is_own else None,
    )  # fmt: skip


def find(
    known: Known, viewer: Viewer, rule: str, kind: str, subject: str, now: datetime
) -> tuple[dict[str, Any], Rule, bool] | None:
    """The flag, its rule, and whether it is the viewer's own, if the viewer may see it."""
    answer = known.answer(viewer.account)
    of = known.catalogue.rules.get(rule)
    if answer is None or of is None:
        return None
    gate = gate_of(known.store, viewer.account, now)
    said = under(answer, gate)
    is_own = kind == "agent" and subject == viewer.agent
    flags = [*said["flags"], *said.get(PAUSED, ())]
    is_it = (rule, kind, subject)
    flag = next((f for f in flags if (f["rule"], f["subject"]["kind"], f["subject"]["id"]) == is_it), None)
    if flag is None or not (is_own or _is_theirs(known, viewer, flag, of, gate, now)):
        return None
    return flag, of, is_own


def _is_theirs(known: Known, viewer: Viewer, flag: Mapping[str, Any], rule: Rule, gate: Gate, now: datetime) -> bool:
    account, directory = viewer.account, known.directory(viewer.account)
    if not audience(flag, directory, now).reaches(viewer.agent, is_ops=viewer.has(Role.OPS)):
        return False
    kind, subject = flag["subject"]["kind"], flag["subject"]["id"]
    if kind != "agent":
        members = len(teams_on(directory, now.date()).members(subject))
        return not guessable(flag, contributors(flag, members))
    role = "ops" if viewer.has(Role.OPS) else "lead"
    first = _first_seen(known, account, flag)
    return gate.shows_to(role) and first is not None and visible_to_lead_from(flag, rule, first) <= now


def sentence(known: Known, account: str, flag: Mapping[str, Any]) -> Mapping[str, str]:
    """What a flag says of the work, by language: a whole sentence."""
    signal, values = flag["signal"], flag["values"]
    key = f"because_{signal}"
    if signal == "WT7" and (values.get("leave_days") or 0) > 0:
        key = "because_WT7_leave"
    name = _name(known, account, flag["subject"]["kind"], flag["subject"]["id"])
    if key in TEXTS["en"]:
        return say(LANGUAGES, key, **{**values, "name": name})
    rule = known.catalogue.rules.get(flag["rule"])
    told = flag["rule"] if rule is None else f"{rule.title}: {rule.sentence(values)}"
    return say(LANGUAGES, "because_other", name=name, rule=told)


def _name(known: Known, account: str, kind: str, subject: str) -> str:
    names = known.names(account)
    return names.agent(subject) if kind == "agent" else names.group(subject)


def _measured(flag: Mapping[str, Any]) -> tuple[Measured, ...]:
    return tuple(
        Measured(name, value, BOUNDS.get(name, "as counted"), name in LIMITS) for name, value in flag["values"].items()
    )


def _band(flag: Mapping[str, Any]) -> tuple[float, float] | None:
    """Of the latest shift or week that the evidence tells of, by gaps of 15 and of 60 minutes."""
    for what in ("active", "week"):
        for entry in reversed(flag["evidence"]):
            low, high = entry.get(f"{what}_15_h"), entry.get(f"{what}_60_h")
            if low is not None and high is not None and flag["signal"] == ("WT1" if what == "active" else "WT3"):
                return low, high
    return None


def _spread(flag: Mapping[str, Any]) -> tuple[float, ...]:
    for entry in flag["evidence"]:
        if isinstance(entry.get("members"), list):
            return tuple(sorted(one["ratio"] for one in entry["members"]))
    return ()


def _missing(known: Known, account: str, kind: str, subject: str, now: datetime) -> tuple[tuple[str, str], ...]:
    gaps = (known.answer(account) or {}).get("not_assessable", ())
    mine = {(g["signal"], g["reason"]) for g in gaps if (g["subject"]["kind"], g["subject"]["id"]) == (kind, subject)}
    return tuple(sorted(mine))


def _proposals(
    known: Known, account: str, rule: str, kind: str, subject: str, now: datetime, *, is_own: bool
) -> tuple[Suggested, ...]:
    kept = known.store.proposals.about(account, kind, subject, now - RECENT)
    found = []
    for one in kept:
        rests = any(
            (b["rule"], b["subject"]["kind"], b["subject"]["id"]) == (rule, kind, subject) for b in one.body["because"]
        )
        is_shown = is_own or datetime.fromisoformat(one.body["lead_from"]) <= now
        if rests and is_shown:
            found.append(Suggested(one.id, one.action, one.state, one.made_at))
    return tuple(found)


def _contest(known: Known, account: str, flag: Mapping[str, Any], now: datetime) -> Contest | None:
    place = (flag["rule"], flag["subject"]["kind"], flag["subject"]["id"])
    since = date.fromisoformat(flag["since"])
    held_now = known.store.said.contests(account, now)
    mine = [one for one in held_now if (one.rule, one.kind, one.subject) == place and since <= one.since]
    return mine[-1] if mine else None


def _first_seen(known: Known, account: str, flag: Mapping[str, Any]) -> datetime | None:
    spell = spell_of(flag)
    spells = known.store.seen.spells(account, (spell[1], spell[2]))
    return next((one.first_at for one in spells if (one.rule, one.since) == (spell[0], spell[3])), None)


def _leads_from(known: Known, account: str, flag: Mapping[str, Any], rule: Rule, now: datetime) -> datetime | None:
    first = _first_seen(known, account, flag)
    at = None if first is None else visible_to_lead_from(flag, rule, first, HEAD_START)
    return at if at is not None and at > now else None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
