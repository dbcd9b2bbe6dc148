"""A large account as its people find it on a Thursday: a year of work, flags, proposals, surveys, and a long audit.

What the bulk activity does not hold (it has no story) is put in by hand: flags of agents, teams and queues as the
engine writes them, what was proposed from them, and who looked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from bench.river import ACCOUNT, CUT, ZONE, catalogue
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.agreement.showing import Spell, spells_of
from helpdesk_wellbeing.demo.bulk import FIRST_AGENT, FIRST_GROUP, GROUP_COUNT, bulk_directory, bulk_events
from helpdesk_wellbeing.people import Directory
from helpdesk_wellbeing.plan.proposal import Because, Move, Proposal, Subject
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.surveys import results
from helpdesk_wellbeing.surveys.links import new_wave
from helpdesk_wellbeing.surveys.model import Given, Invitation, Kind, Place, State, Theme, Venue, Wave

AGENTS, WEEKS = 1_200, 52
LEAD, LED = "900001", 10
ENTRIES = 30_000  # of the audit
SEEN_FOR = timedelta(days=3)  # so long flags have been on, so that those who lead see them
QUARTERS, BLOCK = 4, 10  # waves: each quarter one for every ten teams
RULES = {"LD1": "open_work_overload", "WT1": "long_day", "WT6": "missing_break", "ES2": "hard_ticket_dose",
         "LD4": "team_imbalance", "LD6": "backlog_growth", "ES1": "escalation_heavy_queue"}  # fmt: skip
VALUES: dict[str, dict[str, float | int | None]] = {
    "LD1": {"open_weight": 16.2, "median_weight": 8.475, "z": 5.2105, "days_of_work": 2.8421},
    "WT1": {"active_h": 10.5994, "span_h": 12.1139, "limit_h": 12.0},
    "WT6": {"missed_of_5": 5, "needed_min": 30},
    "ES2": {"hard": 18, "active_h": 74.33, "expected": 4.0013, "ratio": 4.4986, "p_adjusted": 1.15e-05},
    "LD4": {"max_ratio": 2.094, "min_ratio": 0.6838},
    "LD6": {"slope_per_day": 6.5, "p": 5.51e-07, "ratio": 1.5242, "days_to_clear": 5.5588},
    "ES1": {"x": 126, "n": 909, "rate": 0.1386, "p0": 0.0524, "wilson_low": 0.1177, "wilson_high": 0.1626,
            "shrunk": 0.1341, "ratio": 2.5599, "p_adjusted": 6.42e-22},
}  # fmt: skip


def settings_of(folder: Path) -> Settings:
    """Of an installation in a folder."""
    return Settings(folder, f"sqlite:///{folder}/wellbeing.db")


def agent(number: int) -> str:
    """The id of an agent."""
    return str(FIRST_AGENT + number)


def group(number: int) -> str:
    """The id of a group; agent n is in group n modulo their count."""
    return str(FIRST_GROUP + number % GROUP_COUNT)


def build(folder: Path, events: int, agents: int = AGENTS, weeks: int = WEEKS, entries: int = ENTRIES) -> None:
    """All of it, evaluated."""
    with open_store(settings_of(folder)) as store:
        if not store.has_account(ACCOUNT):
            store.create_account(ACCOUNT, platform="zendesk", zone=ZONE, settings={"base_url": "http://127.0.0.1:9"})
            for frame in bulk_events(events, agents, weeks, 1, account=ACCOUNT):
                store.add_events(ACCOUNT, frame.filter(pl.col("at") < CUT))
        known = people(agents)
        store.replace_people(ACCOUNT, "file", known.people)
        store.replace_groups(ACCOUNT, "file", known.groups)
        for name, roles in (("ops", Role.OPS), ("hr", Role.HR), ("admin", Role.ADMIN), ("dpo", Role.DPO)):
            member = Member(f"email:{name}@example.com", name, None, frozenset({roles}), CUT, "bench")
            store.access.put_member(ACCOUNT, member)
        log(store, agents, entries)
        ask(store, agents)
        evaluate(store)
        flag_and_propose(store, agents)


def people(agents: int) -> Directory:
    """One in twenty is planned for mornings only, so that the engine finds flags of its own; one leads ten teams."""
    known = bulk_directory(agents, zone=ZONE)
    mornings = pl.int_range(pl.len()) % 20 == 7
    everybody = known.people.with_columns(
        schedule=pl.when(mornings).then(pl.lit("Mon-Fri 09:00-13:00")).otherwise("schedule"),
        contract_hours=pl.when(mornings).then(20.0).otherwise("contract_hours"),
    )
    led = [group(n) for n in range(LED)]
    lead = pl.DataFrame(
        [{**dict.fromkeys(everybody.columns), "agent": LEAD, "name": "A lead", "groups": [], "lead_of": led}],
        schema=everybody.schema,
    )
    return replace(known, people=pl.concat([everybody, lead]))


def evaluate(store: Store) -> None:
    """As `serve` does it."""
    from helpdesk_wellbeing.engine import Engine
    from helpdesk_wellbeing.pipeline import steps

    known = catalogue()
    means = steps.Means(store, acts=True, now=lambda: CUT)
    engine = Engine(store, ACCOUNT, known)
    done = steps.evaluate(means, ACCOUNT, engine, known)
    if done != "done":
        raise SystemExit(f"the account was not evaluated: {done}")
    steps.plan(means, ACCOUNT, engine, known)


def log(store: Store, agents: int, entries: int) -> None:
    """Half a year of what people did and looked at."""
    step = timedelta(days=180) / entries
    with store.transaction():
        for n in range(entries):
            at, by = CUT - timedelta(days=180) + n * step, f"zendesk:{agent(n * 7 % agents)}"
            whom = Person(agent(n * 13 % agents))
            kind = n % 4
            if kind == 0:
                store.audit.add(ACCOUNT, at, "signed in", by=by)
            elif kind == 1:
                store.audit.add(ACCOUNT, at, "looked", by=by, page="today", listed=[f"{n:012x}"], agents=[whom])
            elif kind == 2:
                subject = {"kind": "agent", "id": whom}
                store.audit.add(ACCOUNT, at, "proposed", proposal=f"{n:012x}", action="check_in", subject=subject)
            else:
                store.audit.add(ACCOUNT, at, "declined", by=by, proposal=f"{n - 1:012x}", reason="not needed")


def ask(store: Store, agents: int) -> None:
    """Waves of ten teams each, every quarter, with results, themes and answers to all but the latest."""
    groups = [group(n) for n in range(min(GROUP_COUNT, agents))]
    for quarter in range(QUARTERS):
        at = CUT - timedelta(days=91 * (QUARTERS - quarter) - 60)
        for first in range(0, len(groups), BLOCK):
            _wave(store, agents, tuple(groups[first : first + BLOCK]), at, is_answered=quarter < QUARTERS - 1)


def _wave(store: Store, agents: int, teams: tuple[str, ...], at: datetime, *, is_answered: bool) -> None:
    places = tuple(Place((team,)) for team in teams)
    asked = tuple(
        Invitation(agent(n), Place((group(n),)), at) for n in range(agents) if group(n) in teams
    )  # fmt: skip
    given = [
        Given(one.place, tuple(1 + (n * (question + 3) + n // 5) % 5 for question in range(5)), f"comment {n}")
        for n, one in enumerate(asked) if n % 5
    ]  # fmt: skip
    wave = new_wave()
    store.surveys.add(
        ACCOUNT,
        Wave(ACCOUNT, wave, State.PLANNED, Kind.REGULAR, Venue.OWN, teams, places, len(asked), at,
             at + timedelta(days=7), None, (), "pulse-1"),
        asked,
    )  # fmt: skip
    until = (at + timedelta(days=7)).date()
    store.surveys.advance(ACCOUNT, wave, State.OPEN, at.date())
    store.surveys.settle(ACCOUNT, wave, (), results.count(given, asked, (), 5, 10))
    store.surveys.advance(ACCOUNT, wave, State.CLOSED, until)
    store.surveys.advance(ACCOUNT, wave, State.PUBLISHED, until)
    for number in range(3):
        theme = f"{wave[:12]}{number}"
        store.surveys.add_theme(ACCOUNT, Theme(theme, wave, f"Theme {number}", "Ops", until, question=number))
        if is_answered:
            store.surveys.answer_theme(ACCOUNT, theme, "What was asked for is done.", until + timedelta(days=9))
    if is_answered:
        store.surveys.advance(ACCOUNT, wave, State.ANSWERED, until + timedelta(days=9))


def flag_and_propose(store: Store, agents: int) -> None:
    """Flags beside the engine's own, that have been on for days, and what was proposed from most of them."""
    from helpdesk_wellbeing.acting import review

    answer = store.work.answer_of(ACCOUNT)
    assert answer is not None
    found = list(_flags(agents))
    there = {(flag["rule"], flag["subject"]["id"]) for flag in answer["flags"]}
    found = [flag for flag in found if (flag["rule"], flag["subject"]["id"]) not in there]
    began = CUT - SEEN_FOR
    for weeks in range(26, 0, -1):  # what was and is gone
        store.seen.note(ACCOUNT, set(_gone(agents, weeks)), CUT - timedelta(weeks=weeks))
    everything = {**answer, "flags": [*answer["flags"], *found]}
    store.seen.note(ACCOUNT, spells_of(everything), began)
    store.work.keep_answer(ACCOUNT, CUT, everything)
    review.keep(store, ACCOUNT, [_proposal(flag, agents, began) for flag in found if _is_proposed(flag)], began)


def _gone(agents: int, weeks: int) -> Iterator[Spell]:
    for n in range(weeks % 10, agents, 10):
        yield "long_day", "agent", agent(n), (CUT - timedelta(weeks=weeks)).date()


def _flags(agents: int) -> Iterator[dict[str, Any]]:
    """A quarter of the agents, a fifth of the teams and queues."""
    for n in range(agents):
        if n % 4 == 1:
            yield _flag(("LD1", "WT1", "WT6", "ES2")[n // 4 % 4], "agent", agent(n))
    for n in range(GROUP_COUNT):
        if n % 5 == 2:
            yield _flag("LD4", "team", group(n))
            yield _flag(("LD6", "ES1")[n // 5 % 2], "queue", group(n))


def _flag(signal: str, kind: str, id: str) -> dict[str, Any]:
    days = [(CUT - timedelta(days=n)).date().isoformat() for n in range(20, 0, -1)]
    by_signal: dict[str, list[dict[str, Any]]] = {
        "LD1": [{"what": "open work at the start of the last days",
                 "days": [{"date": day, "open_weight": 8.6} for day in days]}],
        "WT1": [{"date": days[-1], "active_h": 10.599, "active_15_h": 1.899, "active_60_h": 12.114, "work_events": 38}],
        "WT6": [{"date": day, "span_h": 7.837, "longest_gap_min": 11.5, "breaks_min": 0.0, "needed_min": 30,
                 "missed": True} for day in days[-5:]],
        "LD4": [{"what": "team without names",
                 "members": [{"member": str(n), "ratio": 0.68 + n / 17} for n in range(24)]}],
    }  # fmt: skip
    evidence = by_signal.get(signal, [{"what": "measured", **VALUES[signal]}])
    return {
        "signal": signal, "rule": RULES[signal], "subject": {"kind": kind, "id": id}, "level": "critical",
        "state": "active", "since": days[-9], "window": {"start": f"{days[-14]}T00:00:00Z",
        "end": "2026-11-19T00:00:00Z"},
        "values": VALUES[signal], "evidence": evidence, "grade": "A",
    }  # fmt: skip


def _is_proposed(flag: dict[str, Any]) -> bool:
    return flag["signal"] not in ("ES2", "ES1")


def _proposal(flag: dict[str, Any], agents: int, at: datetime) -> Proposal:
    subject = Subject(flag["subject"]["kind"], flag["subject"]["id"])
    because = Because(flag["rule"], "1", flag["signal"], subject, flag["level"], flag["since"], "A", flag["values"])
    texts = {"en": "Something to do, said in a sentence of some length.", "nl": "Iets om te doen, in een hele zin."}
    ends = CUT + timedelta(days=1, minutes=int(subject.id) % 600)
    if subject.kind == "agent":
        action = "protect_break" if flag["signal"] == "WT6" else "check_in"
        lead_from = at + timedelta(hours=24)
        return Proposal(action, subject, (because,), at, ends, lead_from, texts)  # type: ignore[arg-type]
    if flag["signal"] == "LD6":
        return Proposal("staffing_note", subject, (because,), at, ends, at, texts)
    members = [agent(n) for n in range(agents) if group(n) == subject.id]
    moves = tuple(
        Move(f"{int(subject.id) * 1000 + n}", subject.id, members[0], members[1 + n % 5 % max(len(members) - 1, 1)],
             {"en": "There is room for this one, and it waits the longest.", "nl": "Hier is ruimte voor."})
        for n in range(12)
    ) if len(members) > 1 else ()  # fmt: skip
    loads = [
        {"agent": one if n < 6 else None, "effort_before": 12.0 + n, "effort_after": 13.0, "share_before": 0.8 + n / 20,
         "share_after": 1.0}
        for n, one in enumerate(members)
    ]  # fmt: skip
    return Proposal("rebalance", subject, (because,), at, ends, at, texts, moves, {"loads": loads})
