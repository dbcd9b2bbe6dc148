"""Pages of a large account: time on the server and bytes, for each page as somebody whom it is for, and when a browser
has painted the largest part of it.

`BENCH_PAGES_EVENTS` sets the size (default 18,000,000: 1,200 agents, 52 weeks, the demo's density); its making takes
longer than its measuring. `BENCH_PAGES_HOME` keeps what was made in a folder, for the next run.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from bench.measuring import Rows, alone, hand_over, load, peak_mb, row
from bench.pages_world import LEAD, build, settings_of
from bench.river import ACCOUNT, CUT
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.store.access import Member

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from playwright.sync_api import Browser

EVENTS = int(os.environ.get("BENCH_PAGES_EVENTS", "18000000"))
KEPT = os.environ.get("BENCH_PAGES_HOME")
TIMES = 40
EVALUATIONS = 5
PAINTS = 5
ALLOWED_MS, ALLOWED_KB, ALLOWED_LCP_MS, ALLOWED_MB = 300, 200, 1500, 400
_TOKENS: dict[Reader, str] = {}
SOURCES = ("shifts", "days", "queues", "touches", "handled", "hard", "loads")
PAINTED = """() => new Promise(done => {
  let last = -1, since = performance.now();
  const note = list => { for (const one of list.getEntries()) { last = one.startTime; since = performance.now(); } };
  new PerformanceObserver(note).observe({type: 'largest-contentful-paint', buffered: true});
  const began = performance.now();
  const look = () => {
    const now = performance.now();
    if ((last >= 0 && now - since > 200) || now - began > 5000) done(last); else setTimeout(look, 50);
  };
  look();
})"""


@dataclass(frozen=True)
class Reader:
    """Somebody who opens pages."""

    agent: str | None = None
    role: Role | None = None


@dataclass(frozen=True)
class Page:
    """One page and whom it is for; None: nobody has signed in."""

    name: str
    reader: Reader | None
    path: str


def pages_of(app: Flask, store: Store) -> list[Page]:
    """Each page with somebody whom it is for."""
    answer = store.work.answer_of(ACCOUNT)
    assert answer is not None
    lead, ops, hr, admin, dpo = (
        Reader(LEAD), Reader(role=Role.OPS), Reader(role=Role.HR), Reader(role=Role.ADMIN), Reader(role=Role.DPO),
    )  # fmt: skip
    me = Reader(_flag(answer, "agent", "WT1")["subject"]["id"])
    led = next(one.lead_of for one in [_person(store)])
    of_led = next(f for f in answer["flags"] if f["signal"] == "LD1" and _group(store, f["subject"]["id"]) in led)
    waiting = store.proposals.listed(ACCOUNT, ("open",))
    moving = next(one.id for one in waiting if one.action == "rebalance")
    check_in = next(one.id for one in waiting if one.subject == of_led["subject"]["id"])
    wave, word = store.surveys.waves(ACCOUNT)[-1].wave, store.audit.word_of(ACCOUNT, me.agent or "")
    return [
        Page("sign in", None, "sign-in"),
        Page("today, lead", lead, "today"),
        Page("today, ops", ops, "today"),
        Page("proposal of moves, ops", ops, f"proposals/{moving}"),
        Page("proposal about an agent, lead", lead, f"proposals/{check_in}"),
        Page("flag, own", me, _path(_flag(answer, "agent", "WT1"))),
        Page("flag of hard tickets, own", Reader(_flag(answer, "agent", "ES2")["subject"]["id"]),
             _path(_flag(answer, "agent", "ES2"))),
        Page("flag of an agent, lead", lead, _path(of_led)),
        Page("flag of a team, ops", ops, _path(_flag(answer, "team", "LD4"))),
        Page("flag of a queue's backlog, ops", ops, _path(_flag(answer, "queue", "LD6"))),
        Page("flag of a queue's hard tickets, ops", ops, _path(_flag(answer, "queue", "ES1"))),
        Page("teams, lead", lead, "teams"),
        Page("teams, hr", hr, "teams"),
        Page("team, lead", lead, f"teams/{led[2]}"),
        Page("esat, ops", ops, "esat"),
        Page("esat, lead", lead, "esat"),
        Page("wave, ops", ops, f"esat/{wave}"),
        Page("wave, hr", hr, f"esat/{wave}"),
        Page("me, a flagged agent", me, "me"),
        Page("who opened a page for a reason, dpo", dpo, "break-glass"),
        Page("sessions, a flagged agent", me, "sessions"),
        Page("audit, admin", admin, "audit"),
        Page("audit of one kind, admin", admin, "audit?what=wave+opened"),
        Page("audit of one person, dpo", dpo, f"audit?word={word}"),
        Page("letter, a flagged agent", me, "letter"),
        *(Page(f"{path}, admin", admin, path) for path in _settings(app)),
    ]  # fmt: skip


def _settings(app: Flask) -> list[str]:
    """The pages of settings that are opened without anything else."""
    below = "/a/<account>/"
    found = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("pages.settings")]
    return sorted(one.rule.removeprefix(below) for one in found if one.arguments == {"account"})


def _flag(answer: dict[str, Any], kind: str, signal: str) -> dict[str, Any]:
    return next(f for f in answer["flags"] if f["subject"]["kind"] == kind and f["signal"] == signal)


def _path(flag: dict[str, Any]) -> str:
    return f"flags/{flag['rule']}/{flag['subject']['kind']}/{flag['subject']['id']}"


@dataclass(frozen=True)
class _Lead:
    lead_of: list[str]


def _person(store: Store) -> _Lead:
    people = store.directory(ACCOUNT).people
    return _Lead(people.filter(pl.col("agent") == LEAD)["lead_of"][0].to_list())


def _group(store: Store, agent: str) -> str:
    people = store.directory(ACCOUNT).people
    return str(people.filter(pl.col("agent") == agent)["groups"][0][0])


def token_of(store: Store, reader: Reader) -> str:
    """A session; one for a reader."""
    if reader in _TOKENS:
        return _TOKENS[reader]
    roles = frozenset[Role]() if reader.role is None else frozenset({reader.role})
    who = f"zendesk:{reader.agent}" if reader.agent else f"email:{reader.role}@example.com"
    if roles:
        store.access.put_member(ACCOUNT, Member(who, who, reader.agent, roles, CUT, "bench"))
    token = store.access.begin_session(ACCOUNT, who, who, reader.agent, "bench", CUT, CUT + timedelta(hours=11))
    return _TOKENS.setdefault(reader, token)


@contextmanager
def site(folder: Path) -> Iterator[tuple[Flask, Store, list[Page]]]:
    """The application, the store beside it, and the pages that there are."""
    from helpdesk_wellbeing import app as web_side
    from helpdesk_wellbeing.logs import only_trouble

    only_trouble()
    app = web_side.web(settings_of(folder), role="web", now=lambda: CUT)
    try:
        with open_store(settings_of(folder)) as store:
            yield app, store, pages_of(app, store)
    finally:
        web_side.close(app)


@dataclass(frozen=True)
class Took:
    """Of one call, in milliseconds; `cpu` of the whole process."""

    wall: float
    cpu: float
    size: int


def get(browser: FlaskClient, page: Page) -> Took:
    """One call. Bytes are those of the page without its charts."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = browser.get(f"/a/{ACCOUNT}/{page.path}")
    took = 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)
    if answer.status_code != 200:
        raise SystemExit(f"{page.path}: {answer.status_code}")
    return Took(*took, len(re.sub(r"<svg.*?</svg>", "", answer.text, flags=re.DOTALL).encode()))


def measure(folder: Path) -> Rows:
    """Every page, again and again, by one browser after the other; then once after each of several evaluations."""
    rows: Rows = []
    with site(folder) as (app, store, pages):
        browsers = {page: _browser(app, store, page) for page in pages}
        took = {page: [get(browser, page) for _ in range(TIMES)] for page, browser in browsers.items()}
        after: dict[Page, list[Took]] = {page: [] for page in pages}
        with evaluations(folder) as evaluated:
            for page, browser in browsers.items():
                for _ in range(EVALUATIONS):
                    evaluated()
                    after[page].append(get(browser, page))
        for page in pages:
            rows.append(
                row(f"page {page.name}", _figures(took[page], after[page]), f"{ALLOWED_MS} ms, {ALLOWED_KB} kB")
            )
    rows.insert(
        0, row("pages: p50 / p95 / first / slowest of the first after an evaluation (of it CPU), no charts", "")
    )
    rows.append(row("pages: peak memory of the web process", f"{peak_mb():.0f} MB", f"{ALLOWED_MB} MB"))
    return rows


def _figures(took: list[Took], after: list[Took]) -> str:
    walls, cpus = [one.wall for one in took], [one.cpu for one in took]
    slowest = max(after, key=lambda one: one.wall)
    times = [
        (statistics.median(walls), statistics.median(cpus)),
        (statistics.quantiles(walls, n=20)[-1], statistics.quantiles(cpus, n=20)[-1]),
        (walls[0], cpus[0]),
        (slowest.wall, slowest.cpu),
    ]
    return " / ".join(f"{wall:.0f} ({cpu:.0f})" for wall, cpu in times) + f" ms, {took[-1].size / 1000:.0f} kB"


def _browser(app: Flask, store: Store, page: Page) -> FlaskClient:
    from helpdesk_wellbeing.web import cookies

    browser = app.test_client()
    if page.reader is not None:
        browser.set_cookie(cookies.NAME, token_of(store, page.reader), path=cookies.path_of(ACCOUNT))
    return browser


@contextmanager
def evaluations(folder: Path) -> Iterator[Callable[[], None]]:
    """Does what an hourly evaluation leaves behind, each time it is called: a small piece more, and an answer. Another
    process does it, as a worker would."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as worker:
        until = worker.submit(_evaluated_until, folder).result()
        count = 0

        def one() -> None:
            nonlocal count
            count += 1
            worker.submit(_evaluate, folder, CUT + timedelta(minutes=count)).result()

        try:
            yield one
        finally:
            worker.submit(_take_back, folder, until).result()


def _evaluated_until(folder: Path) -> datetime:
    with open_store(settings_of(folder)) as store:
        until = store.work.run_of(ACCOUNT).evaluated_until
    assert until is not None
    return until


def _evaluate(folder: Path, at: datetime) -> None:
    with open_store(settings_of(folder)) as store:
        answer, day = store.work.answer_of(ACCOUNT), (CUT - timedelta(days=1)).date()
        assert answer is not None
        newest = {kind: store.read_pieces(ACCOUNT, kind, day).tail(500) for kind in SOURCES}
        store.write_pieces(ACCOUNT, at, newest)
        store.work.keep_answer(ACCOUNT, CUT, answer)
        store.work.note_run(ACCOUNT, evaluated_until=at)


def _take_back(folder: Path, until: datetime) -> None:
    with open_store(settings_of(folder)) as store:
        store.drop_pieces_from(ACCOUNT, CUT + timedelta(minutes=1))
        store.work.note_run(ACCOUNT, evaluated_until=until)


def paint(folder: Path) -> Rows:
    """When the largest part of each page was painted, in windows that have never been there; after one call."""
    from helpdesk_wellbeing.cli.demo_platforms import served

    program = os.environ.get("WELLBEING_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        return [row("pages: no Chromium here, so nothing was painted", "")]
    rows: Rows = []
    with site(folder) as (app, store, pages), served(app) as address, browser_of(program) as browser:
        for page in pages:
            lcp = [_painted(browser, store, page, address) for _ in range(PAINTS)]
            measured = f"{statistics.median(lcp[1:]):.0f} / {max(lcp):.0f} ms"
            rows.append(row(f"LCP {page.name}: median / longest", measured, f"{ALLOWED_LCP_MS} ms"))
    return rows


@contextmanager
def browser_of(program: str) -> Iterator[Browser]:
    """A browser that calls nobody by itself."""
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=quiet)
        try:
            yield browser
        finally:
            browser.close()


def _painted(browser: Browser, store: Store, page: Page, address: str) -> float:
    from helpdesk_wellbeing.web import cookies

    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en")
    url = f"{address}/a/{ACCOUNT}/{page.path}"
    if page.reader is not None:
        context.add_cookies([{"name": cookies.NAME, "value": token_of(store, page.reader), "url": url}])
    window = context.new_page()
    window.goto(url, wait_until="load")
    found = float(window.evaluate(PAINTED))
    context.close()
    if found < 0:
        raise SystemExit(f"{page.path}: nothing was painted")
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(KEPT or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "built").exists():
            alone(build, folder, EVENTS)
            (folder / "built").touch()
        rows = alone(measure, folder) + alone(paint, folder)
        hand_over([*rows, row("pages: the machine meanwhile", load())])


if __name__ == "__main__":
    main()
