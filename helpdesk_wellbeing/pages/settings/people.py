"""The people of an account as the admin sees them: how they are set, and what is missing. Never what they did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.acting import asking
from helpdesk_wellbeing.acting.obeying import ask_for_evaluation
from helpdesk_wellbeing.people import NO_PERSON, PEOPLE, holding
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.store.said import NO_FIXED_HOURS

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.people import Kind

Gap = Literal["schedule", "time_zone", "name", "lead"]
GAPS: tuple[Gap, ...] = ("schedule", "time_zone", "lead")
FIELDS = ("name", "time_zone", "preset", "contract_hours", "schedule", "lead_of", "excluded", "identity")
A_PAGE = 50


@dataclass(frozen=True)
class Row:
    """One person as they are set now."""

    agent: str
    name: str
    time_zone: str | None
    preset: str | None
    contract_hours: float | None
    schedule: str | None
    groups: tuple[str, ...]  # names
    lead_of: tuple[str, ...]
    is_excluded: bool
    identity: str | None
    gaps: tuple[Gap, ...]
    has_no_fixed_hours: bool  # said by an admin: the schedule is no gap, and what needs one is not assessable


@dataclass(frozen=True)
class PeoplePage:
    """`rows` is empty for those who may not change people: for them the counts are enough."""

    rows: tuple[Row, ...]
    total: int  # people of whom something may be said
    left_out: int  # excluded, shared, machines
    gaps: Mapping[str, int]
    groups_without_lead: tuple[str, ...]
    page: int
    pages: int
    sought: str
    gap: str
    files: Mapping[str, int]  # rows that came from files or by hand, by kind
    may_change: bool
    without_fixed_hours: int


@dataclass(frozen=True)
class PersonPage:
    """One person, to be changed. `own`: what was set here; the rest comes from the helpdesk."""

    agent: str
    name: str
    now: Mapping[str, Any]
    own: Mapping[str, Any]
    groups: tuple[tuple[str, str], ...]  # all groups: id, name


def build(known: Known, viewer: Viewer, now: datetime, sought: str = "", page: int = 1, gap: str = "") -> PeoplePage:
    """Everybody who is known, by name."""
    store, account = known.store, viewer.account
    directory, names = known.directory(account), known.names(account)
    held = holding(directory.people, now.date())
    led = {group for groups in held["lead_of"].drop_nulls() for group in groups}
    free = {one.agent for one in store.said.words(account) if one.what == NO_FIXED_HOURS}
    every = [_row(row, led, names.group, free) for row in held.iter_rows(named=True)]
    meant = [row for row in every if not row.is_excluded and row.identity not in NO_PERSON]
    found = sorted(every, key=lambda row: (row.name.casefold(), row.agent))
    word = sought.strip().casefold()[:80]
    found = [row for row in found if word in row.name.casefold() or word in row.agent]
    if gap in GAPS:
        found = [row for row in found if row in meant and gap in row.gaps]
    last = max(1, -(-len(found) // A_PAGE))
    at = min(max(1, page), last)
    may_change = viewer.has(Role.ADMIN)
    files: dict[str, int] = {kind: store.told_by(account, kind, "file").height for kind in KINDS}
    groups = sorted(names.group(group) for group in {one for row in held["groups"].drop_nulls() for one in row} - led)
    return PeoplePage(
        tuple(found[(at - 1) * A_PAGE : at * A_PAGE]) if may_change else (), len(meant), len(every) - len(meant),
        Counter(gap for row in meant for gap in row.gaps), tuple(groups), at, last, sought,
        gap if gap in GAPS else "", files, may_change, sum(row.has_no_fixed_hours for row in meant),
    )  # fmt: skip


KINDS: tuple[Kind, ...] = ("people", "leave", "groups", "on_call")


def _row(row: Mapping[str, Any], led: set[str], group_name: Any, free: Collection[str]) -> Row:
    groups = tuple(row["groups"] or ())
    is_free = not row["schedule"] and row["agent"] in free
    gaps: list[Gap] = [gap for gap in ("schedule", "time_zone") if not row[gap] and not (gap == "schedule" and is_free)]
    if groups and not led.intersection(groups):
        gaps.append("lead")
    return Row(
        row["agent"], row["name"] or row["agent"], row["time_zone"], row["preset"], row["contract_hours"],
        row["schedule"], tuple(group_name(one) for one in groups), tuple(group_name(g) for g in row["lead_of"] or ()),
        bool(row["excluded"]), row["identity"], tuple(gaps), is_free,
    )  # fmt: skip


def person(known: Known, viewer: Viewer, agent: str, now: datetime) -> PersonPage | None:
    """One person; None of nobody who is known."""
    directory, names = known.directory(viewer.account), known.names(viewer.account)
    held = holding(directory.people, now.date()).filter(agent=agent)
    if held.is_empty():
        return None
    own = holding(known.store.told_by(viewer.account, "people", "file"), now.date()).filter(agent=agent)
    row = held.row(0, named=True)
    groups = {group: names.group(group) for group in directory.groups["group"]}
    groups |= {group: names.group(group) for group in row["lead_of"] or () if group not in groups}
    own_row = own.row(0, named=True) if own.height else dict.fromkeys(PEOPLE)
    named = tuple(sorted(groups.items(), key=lambda one: one[1].casefold()))
    return PersonPage(agent, row["name"] or agent, row, own_row, named)


def set_person(
    store: Store, viewer: Viewer, agent: str, row: Mapping[str, Any], since: date | None, by: Any, at: datetime
) -> bool:  # fmt: skip
    """Keep what was said of one person by hand; `since`: it holds from that day on, what was before stays. Whether
    anything is different."""
    account = viewer.account
    with store.transaction():
        file = store.told_by(account, "people", "file")
        mine = file.filter(agent=agent)
        before = holding(mine, since or at.date())
        old = before.row(0, named=True) if before.height else dict.fromkeys(PEOPLE)
        begins = since if since is not None else old["valid_from"]
        new = {**old, **{name: row[name] for name in FIELDS}, "agent": agent, "valid_from": begins}
        kept = file.filter((pl.col("agent") != agent) | ~pl.col("valid_from").eq_missing(pl.lit(begins, pl.Date)))
        frame = pl.concat([kept, pl.DataFrame([new], schema=PEOPLE)])
        changed = store.replace_people(account, "file", frame)
        if changed:
            differs = [name for name in FIELDS if new[name] != old[name]]
            store.audit.add(account, at, "people changed", by=by, agent=Person(agent), changed=differs)
            ask_for_evaluation(store, account, at)
    return changed


def note_no_fixed_hours(store: Store, account: str, by: Any, at: datetime) -> int:
    """Those who have no schedule now have no fixed hours, says the admin: nothing is missing, and what goes by a
    schedule stays not assessable for them unless they give hours of their own. How many are new."""
    with store.transaction():
        known = {one.agent for one in store.said.words(account) if one.what == NO_FIXED_HOURS}
        people = asking.everybody(store.directory(account), at.date())
        new = [agent for agent, member in people.items() if not member.schedule and agent not in known]
        for agent in new:
            store.said.say(account, agent, NO_FIXED_HOURS, {}, at)
        if new:
            store.audit.add(account, at, "no fixed hours", by=by, agents=[Person(agent) for agent in new])
    return len(new)


def forget_no_fixed_hours(store: Store, account: str, by: Any, at: datetime) -> int:
    """Their schedules are missing again; of how many."""
    with store.transaction():
        agents = [one.agent for one in store.said.words(account) if one.what == NO_FIXED_HOURS]
        for agent in agents:
            store.said.unsay(account, agent, NO_FIXED_HOURS)
        if agents:
            store.audit.add(
                account, at, "no fixed hours", by=by, agents=[Person(agent) for agent in agents], removed=True
            )  # fmt: skip
    return len(agents)


def replace(store: Store, account: str, frames: Mapping[Kind, pl.DataFrame], by: Any, at: datetime) -> None:
    """Take files as they are, each in the place of all that was there of its kind; all or none."""
    with store.transaction():
        before = _leads(store, account)
        for kind, frame in frames.items():
            getattr(store, f"replace_{kind}")(account, "file", frame)
        ask_for_evaluation(store, account, at)
        rows = {kind: frame.height for kind, frame in frames.items()}
        after = _leads(store, account)
        leads = [Person(agent) for agent in sorted(after) if after[agent] != before.get(agent)]
        led_no_more = [Person(agent) for agent in sorted(before) if agent not in after]
        store.audit.add(account, at, "files taken", by=by, rows=rows, leads=leads, lead_no_more=led_no_more)


def _leads(store: Store, account: str) -> dict[str, set[str]]:
    """What each lead leads, whenever: who leads sees others, so the audit says when that changes."""
    rows = store.directory(account).people.select("agent", "lead_of").drop_nulls().explode("lead_of").drop_nulls()
    found: dict[str, set[str]] = {}
    for agent, group in rows.iter_rows():
        found.setdefault(agent, set()).add(group)
    return found
