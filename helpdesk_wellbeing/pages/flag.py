"""One flag: what was measured, against what, how sure, what would have kept it away, and what may be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from helpdesk_wellbeing.agreement.saying import reasons_for
from helpdesk_wellbeing.agreement.showing import EVIDENCE_CLASS, HEAD_START, IMBALANCE, spell_of, visible_to_lead_from
from helpdesk_wellbeing.flags import PAUSED, under
from helpdesk_wellbeing.pages import held
from helpdesk_wellbeing.pages.counterfactual import Change, Threshold, nearest, thresholds
from helpdesk_wellbeing.pages.funnel import funnel_with
from helpdesk_wellbeing.pages.own_past import Mine, own_past
from helpdesk_wellbeing.pages.queue_days import backlog_of
from helpdesk_wellbeing.pages.series import Backlog, Funnel, OverTime
from helpdesk_wellbeing.pages.spread import Spread, spread_of
from helpdesk_wellbeing.pages.told import Texts, named, sentence, sight
from helpdesk_wellbeing.signals.wt2 import WARN_SHARE
from helpdesk_wellbeing.signals.wt6 import LONG_SHIFT

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.rules.model import Rule
    from helpdesk_wellbeing.signals.presets import Preset
    from helpdesk_wellbeing.store.said import Contest

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
LIMITS = frozenset(["limit_h", "required_h", "needed_min"])
Place = Literal["beyond", "at", "near", "below", "too short"]
NEAR = 0.8  # of a limit
_AGAINST = {"WT1": "active_h", "WT2": "week_h", "WT3": "average_h"}  # what the signal's `limit_h` is a limit of
_NEEDED = {"WT4": "rest_h", "WT5": "longest_rest_7d_h"}  # what `required_h` is the least of


@dataclass(frozen=True)
class Measured:
    """One number of the flag."""

    name: str  # a key of the words for values
    value: float | int | None
    bound: Bound
    is_limit: bool
    place: Place | None = None  # against the limit that holds, where there is one


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
    spread: Spread | None  # of open work in the team
    evidence_class: str | None
    missing: tuple[tuple[str, str], ...]  # (signal, why it could not be assessed) of the same subject
    instead: tuple[Change, ...]
    flagged_from: tuple[tuple[str, tuple[Threshold, ...]], ...]  # (level, any of these)
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
    known_h = _constants(flag, preset, held.contract_hours(person))
    return FlagPage(
        rule=of, signal=signal, kind=kind, subject=subject, name=named(known.names(viewer.account), kind, subject).name,
        is_own=is_own, sees_all=is_own or kind != "agent",
        said=said_of(known, viewer.account, flag), level=flag["level"], is_ending=flag["state"] == "cooling",
        since=date.fromisoformat(flag["since"]), start=_instant(flag["window"]["start"]),
        end=_instant(flag["window"]["end"]), measured=_measured(flag), band=_band(flag) if is_own else None,
        grade=flag["grade"], preset=preset.source if preset else None,
        past=_past(known, viewer.account, flag, now) if is_own else None,
        backlog=backlog_of(known, viewer.account, subject) if signal == "LD6" else None,
        funnel=funnel_with(known, viewer.account, subject, now) if signal == "ES1" else None,
        spread=_spread(flag), evidence_class=None if is_own else EVIDENCE_CLASS.get(signal),
        missing=_missing(known, viewer.account, kind, subject, now) if is_own or kind != "agent" else (),
        instead=tuple(nearest(of, values, known_h)),
        flagged_from=tuple(
            (level, lines) for level, ways in (("warn", of.warn), ("critical", of.critical))
            if (lines := thresholds(of, ways, values, known_h))
        ),
        proposals=_proposals(known, viewer.account, rule, kind, subject, now, is_own=is_own),
        contested=_contest(known, viewer.account, flag, now), reasons=reasons_for(kind),
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
    seen = sight(known, viewer, now)
    said = under(answer, seen.gate)
    is_it = (rule, kind, subject)
    flags = [*said["flags"], *said.get(PAUSED, ())]
    flag = next((f for f in flags if (f["rule"], f["subject"]["kind"], f["subject"]["id"]) == is_it), None)
    is_own = seen.is_self(kind, subject)
    if flag is None or not (is_own or seen.sees_flag(flag, of)):
        return None
    return flag, of, is_own


def said_of(known: Known, account: str, flag: Mapping[str, Any]) -> Texts:
    """What a flag says of the work, by language: a whole sentence."""
    name = named(known.names(account), flag["subject"]["kind"], flag["subject"]["id"]).name
    return sentence(known, flag["rule"], flag["signal"], flag["values"], name)


def _past(known: Known, account: str, flag: Mapping[str, Any], now: datetime) -> OverTime | None:
    signal = flag["signal"]
    mine = Mine.of(known, account, flag["subject"]["id"], now, with_hard=signal == "ES2")
    return own_past(signal, mine, flag["values"])


def _constants(flag: Mapping[str, Any], preset: Preset | None, contract_h: float) -> dict[str, float]:
    """Numbers that the rule compares beside what is shown: lines of the law, and what the evidence tells of."""
    signal, evidence = flag["signal"], flag["evidence"]
    found: dict[str, float] = {}
    if preset is not None:
        found["warn_h"] = contract_h * WARN_SHARE if signal == "WT2" else preset.warn_h
        found["health_only"] = float(preset.health_only)
    if signal == "WT6":
        long_h = LONG_SHIFT / timedelta(hours=1)
        unbroken = any(one.get("span_h", 0) > long_h and one.get("breaks_min", 99) < 15 for one in evidence)
        found["long_unbroken"] = float(unbroken)
    if signal == "WT7" and flag["values"].get("leave_days") == 0:
        found["leave_day_now"] = 0.0
    if signal == "ES2":
        found["hard_in_shift"] = float(max((one["hard"] for one in evidence if "date" in one), default=0))
    return found


def _measured(flag: Mapping[str, Any]) -> tuple[Measured, ...]:
    if flag["signal"] == IMBALANCE:  # its highest and its lowest are single people's
        spread = _spread(flag)
        ends = {} if spread is None else {"max_ratio": spread.highest, "min_ratio": spread.lowest}
        return tuple(Measured(name, value, "as counted", is_limit=False) for name, value in ends.items())
    return tuple(
        Measured(name, value, BOUNDS.get(name, "as counted"), name in LIMITS, _place(flag, name))
        for name, value in flag["values"].items()
    )


def _place(flag: Mapping[str, Any], name: str) -> Place | None:
    """Where a value stands against its limit."""
    signal, values = flag["signal"], flag["values"]
    value = values.get(name)
    if value is None:
        return None
    needed, limit = values.get("required_h"), values.get("limit_h")
    if name == _NEEDED.get(signal) and needed is not None:
        return "too short" if value < needed else None
    if name != _AGAINST.get(signal) or limit is None:
        return None
    if value >= limit:
        return "beyond" if value > limit else "at"
    return "near" if value >= limit * NEAR else "below"


def _band(flag: Mapping[str, Any]) -> tuple[float, float] | None:
    """Of the latest shift or week that the evidence tells of, by gaps of 15 and of 60 minutes."""
    for what in ("active", "week"):
        for entry in reversed(flag["evidence"]):
            low, high = entry.get(f"{what}_15_h"), entry.get(f"{what}_60_h")
            if low is not None and high is not None and flag["signal"] == ("WT1" if what == "active" else "WT3"):
                return low, high
    return None


def _spread(flag: Mapping[str, Any]) -> Spread | None:
    told = (entry["members"] for entry in flag["evidence"] if isinstance(entry.get("members"), list))
    return spread_of([one["ratio"] for one in next(told, ())])


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
