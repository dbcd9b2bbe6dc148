"""Pages of a large account: time on the server and bytes, for each page as somebody whom it is for.

`BENCH_PAGES_EVENTS` sets the size (default 18,000,000: 1,200 agents, 52 weeks, the demo's density); its making takes
longer than its measuring. `BENCH_PAGES_HOME` keeps what was made in a folder, for the next run.
"""

from __future__ import annotations

import os
import re
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from bench.measuring import Rows, alone, hand_over, load, peak_mb, row
from bench.river import ACCOUNT, CUT, ZONE, catalogue
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.demo.bulk import bulk_directory, bulk_events
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.store.access import Member

AGENTS, WEEKS = 1_200, 52
EVENTS = int(os.environ.get("BENCH_PAGES_EVENTS", "18000000"))
KEPT = os.environ.get("BENCH_PAGES_HOME")
TIMES = 40
LEAD = "900001"
ALLOWED_MS, ALLOWED_KB = 300, 200


def settings_of(folder: Path) -> Settings:
    return Settings(folder, f"sqlite:///{folder}/wellbeing.db")


def build(folder: Path) -> None:
    """A year of activity, evaluated, with a lead of ten teams and proposals that wait."""
    with open_store(settings_of(folder)) as store:
        store.create_account(ACCOUNT, platform="zendesk", zone=ZONE, settings={"base_url": "http://127.0.0.1:9"})
        known = bulk_directory(AGENTS, zone=ZONE)
        led = known.groups["group"].head(10).to_list()
        lead = known.people.head(1).with_columns(
            agent=pl.lit(LEAD), name=pl.lit("A lead"), lead_of=pl.lit([led]).first()
        )
        store.replace_people(ACCOUNT, "file", pl.concat([known.people, lead.select(known.people.columns)]))
        store.replace_groups(ACCOUNT, "file", known.groups)
        for events in bulk_events(EVENTS, AGENTS, WEEKS, 1, account=ACCOUNT):
            store.add_events(ACCOUNT, events.filter(pl.col("at") < CUT))
        evaluate(store)


def evaluate(store: Store) -> None:
    """As `serve` does it."""
    from helpdesk_wellbeing.engine import Engine
    from helpdesk_wellbeing.pipeline import steps

    known = catalogue()
    means = steps.Means(store, acts=True, now=lambda: CUT)
    engine = Engine(store, ACCOUNT, known)
    steps.evaluate(means, ACCOUNT, engine, known)
    steps.plan(means, ACCOUNT, engine, known)


def measure(folder: Path) -> Rows:
    """Every page, again and again, by one browser after the other."""
    from helpdesk_wellbeing import app as web_side
    from helpdesk_wellbeing.logs import only_trouble
    from helpdesk_wellbeing.web import cookies

    only_trouble()
    rows: Rows = []
    app = web_side.web(settings_of(folder), role="web", now=lambda: CUT)
    with open_store(settings_of(folder)) as store:
        for name, (agent, roles), path in pages_of(store):
            browser = app.test_client()
            browser.set_cookie(cookies.NAME, token_of(store, agent, roles), path=cookies.path_of(ACCOUNT))
            took, size = [], 0
            for _ in range(TIMES):
                began = time.perf_counter()
                answer = browser.get(f"/a/{ACCOUNT}/{path}")
                took.append(1000 * (time.perf_counter() - began))
                if answer.status_code != 200:
                    raise SystemExit(f"{path}: {answer.status_code}")
                size = len(re.sub(r"<svg.*?</svg>", "", answer.text, flags=re.DOTALL))
            p95 = statistics.quantiles(took, n=20)[-1]
            first, median = took[0], statistics.median(took)
            measured = f"{median:.0f} / {p95:.0f} / {first:.0f} ms, {size / 1000:.0f} kB"
            target = f"{ALLOWED_MS} ms, {ALLOWED_KB} kB"
            rows.append(row(f"page {name}: p50 / p95 / first, without charts", measured, target))
    web_side.close(app)
    rows.append(row("pages: peak memory of the web process", f"{peak_mb():.0f} MB"))
    return rows


def pages_of(store: Store) -> list[tuple[str, tuple[str | None, frozenset[Role]], str]]:
    """Each page with somebody whom it is for."""
    answer = store.work.answer_of(ACCOUNT)
    assert answer is not None
    of_agent = next(flag for flag in answer["flags"] if flag["subject"]["kind"] == "agent")
    agent = of_agent["subject"]["id"]
    waiting = store.proposals.listed(ACCOUNT, ("open",))
    lead, ops, hr, admin = (
        (LEAD, frozenset[Role]()),
        (None, frozenset({Role.OPS})),
        (None, frozenset({Role.HR})),
        (None, frozenset({Role.ADMIN})),
    )
    found = [
        ("today, lead", lead, "today"),
        ("today, ops", ops, "today"),
        ("flag, agent", (agent, frozenset[Role]()), f"flags/{of_agent['rule']}/agent/{agent}"),
        ("teams, lead", lead, "teams"),
        ("teams, hr", hr, "teams"),
        ("team, lead", lead, f"teams/{store.directory(ACCOUNT).groups['group'][0]}"),
        ("esat, ops", ops, "esat"),
        ("me, agent", (agent, frozenset[Role]()), "me"),
        ("audit, admin", admin, "audit"),
        ("settings, admin", admin, "settings"),
    ]
    if waiting:
        found.insert(2, ("proposal, ops", ops, f"proposals/{waiting[0].id}"))
    return found


def token_of(store: Store, agent: str | None, roles: frozenset[Role]) -> str:
    who = f"zendesk:{agent}" if agent else f"email:{'-'.join(roles)}@example.com"
    if roles:
        store.access.put_member(ACCOUNT, Member(who, who, agent, roles, CUT, "bench"))
    ends: datetime = CUT + timedelta(hours=11)
    return store.access.begin_session(ACCOUNT, who, who, agent, "bench", CUT, ends)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(KEPT or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "wellbeing.db").exists():
            alone(build, folder)
        hand_over([*alone(measure, folder), row("pages: the machine meanwhile", load())])


if __name__ == "__main__":
    main()
