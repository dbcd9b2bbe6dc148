"""Requests of people about their data (GDPR, articles 15 to 22): how much is held of whom, and erasing them.

Nothing here keeps who it is about: not the state of the work, not its end. What was erased is told as a list of days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
import structlog

from helpdesk_wellbeing.access.roles import MAY_ANSWER_REQUESTS, MAY_TAKE_FILES, Role
from helpdesk_wellbeing.errors import ConfigError, StoreBusy, StoreError, WellbeingError
from helpdesk_wellbeing.logs import place_of
from helpdesk_wellbeing.pages import jobs
from helpdesk_wellbeing.pages.audit import Words
from helpdesk_wellbeing.pages.told import note_look
from helpdesk_wellbeing.store.audit import Wanted
from helpdesk_wellbeing.upkeep import erase
from helpdesk_wellbeing.upkeep.purposes import Purpose

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.audit import Row
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.upkeep.beside import Beside

A_PAGE = 50
GROUNDS = ("request", "left", "unlawful", "duty")  # why somebody is erased: no free text, it would name them
ERASED, ASKED = "agent erased", "erasing asked for"  # what the audit says
WAITS, COMPACTS, BUSY, CUT, UNKNOWN = "waits", "compacts", "busy", "cut", "unknown"  # what a job says of itself
LONGEST_WAIT_S = 300.0  # for whoever works with the account: a turn of reading takes two minutes
_SHOWN = 100  # erasures, the newest

Class = Literal["directory", "work", "about", "proposals", "surveys", "signing_in", "audit"]
_PURPOSES: Mapping[Class, Purpose] = {
    "directory": Purpose.WORKING_TIME,
    "work": Purpose.WORKING_TIME,
    "about": Purpose.WORKING_TIME,
    "proposals": Purpose.WORKLOAD,
    "surveys": Purpose.SURVEY,
    "signing_in": Purpose.AUDIT,
    "audit": Purpose.AUDIT,
}
_TABLES: Mapping[str, Class] = {
    "directory": "directory", "proposals": "proposals", "writes": "proposals", "consents": "proposals",
    "policies": "proposals", "survey_invitations": "surveys", "survey_waves": "surveys", "survey_themes": "surveys",
    "members": "signing_in", "web_sessions": "signing_in", "api_tokens": "signing_in", "leavers": "signing_in",
    "break_glass": "audit", "agreements": "audit",
}  # fmt: skip


@dataclass(frozen=True)
class Somebody:
    """One person of the list. An id without a name is its own."""

    agent: str
    name: str
    is_there: bool  # in the people's settings; else only in what was kept


@dataclass(frozen=True)
class Amount:
    """How many records of a class are held. Who is to see no values of a person sees the next power of ten."""

    of: Class
    purpose: Purpose
    records: int


@dataclass(frozen=True)
class Erasing:
    """What there is to say of the latest erasure. `days`: those whose events are done, of how many."""

    state: Literal["none", "running", "unfinished", "not_begun", "failed", "done"]
    at: datetime | None = None
    step: str = ""
    days: tuple[int, int] | None = None
    files: tuple[str, ...] = ()  # of the home folder that still name somebody; not made by this program
    problem: str | None = None  # why bytes may still lie in free parts of the database's files


@dataclass(frozen=True)
class RequestsPage:
    """`people` is empty for those who only read."""

    people: tuple[Somebody, ...]
    found: int
    page: int
    pages: int
    sought: str
    may_answer: bool
    erasing: Erasing
    erased: tuple[Row, ...]  # the newest erasures, by whom in words


@dataclass(frozen=True)
class PersonPage:
    """One person who asked."""

    somebody: Somebody
    amounts: tuple[Amount, ...]
    is_rounded: bool
    is_own: bool  # whoever looks
    may_take_file: bool
    has_left: bool  # so that they cannot sign in any more
    has_dpo: bool  # somebody who could take the file
    is_last_admin: bool


def build(known: Known, viewer: Viewer, now: datetime, sought: str = "", page: int = 1) -> RequestsPage:
    """Everybody of whom something may be held, by name."""
    may_answer = viewer.has(*MAY_ANSWER_REQUESTS)
    word = " ".join(sought.split()).casefold()[:80]
    found = [one for one in everybody(known, viewer.account) if word in one.name.casefold() or word in one.agent]
    found = found if may_answer else []
    last = max(1, -(-len(found) // A_PAGE))
    at = min(max(1, page), last)
    words = Words(known, viewer)
    entries = known.store.audit.newest(viewer.account, Wanted(ERASED), None, _SHOWN)
    return RequestsPage(
        tuple(found[(at - 1) * A_PAGE : at * A_PAGE]), len(found), at, last, sought, may_answer,
        erasing_of(known.store, viewer.account, now), tuple(words.row(entry) for entry in entries),
    )  # fmt: skip


def everybody(known: Known, account: str) -> list[Somebody]:
    """Whoever is set up here, has left, or has facts; by name."""
    names, there = known.names(account), set(known.directory(account).people["agent"])
    version = (known.evaluated(account), known.store.revision(account))
    worked = known.kept(  # ever: facts are kept for longer than other pages look back
        ("worked", account), version, lambda: frozenset(known.store.read_pieces(account, "days")["agent"].unique())
    )
    kept = worked.union(known.store.access.leavers(account))
    found = [Somebody(agent, names.agent(agent), agent in there) for agent in there | kept]
    return sorted(found, key=lambda one: (one.name.casefold(), one.agent))


def meant(known: Known, account: str, agent: str) -> Somebody | None:
    """Whoever has this id; None of nobody who is known."""
    return next((one for one in everybody(known, account) if one.agent == agent), None)


def person(known: Known, viewer: Viewer, somebody: Somebody, now: datetime) -> PersonPage:
    """How much is held of one person. That somebody looked is in the audit, and so on the person's own page."""
    store, account, agent = known.store, viewer.account, somebody.agent
    note_look(known, viewer, now, "requests", agents=[agent])
    is_rounded = not viewer.has(*MAY_TAKE_FILES)
    amounts = tuple(
        Amount(of, _PURPOSES[of], _rounded(records) if is_rounded else records)
        for of, records in _records(store, account, agent).items()
    )
    return PersonPage(
        somebody, amounts, is_rounded, agent == viewer.agent, viewer.may_take_files,
        store.access.left_at(account, agent) is not None or not somebody.is_there,
        any(Role.DPO in one.roles for one in store.access.members(account)), is_last_admin(store, account, agent),
    )  # fmt: skip


def is_last_admin(store: Store, account: str, agent: str) -> bool:
    """Whether nobody could change the account's settings without them."""
    admins = {one.agent for one in store.access.members(account) if Role.ADMIN in one.roles}
    return admins == {agent}


def is_named(somebody: Somebody, typed: str) -> bool:
    """Whether what was typed is their whole name or their id."""
    said = " ".join(typed.split())
    return bool(said) and (said == somebody.agent or said.casefold() == " ".join(somebody.name.split()).casefold())


def _records(store: Store, account: str, agent: str) -> dict[Class, int]:
    found: dict[Class, int] = dict.fromkeys(_PURPOSES, 0)
    with store.view():
        for table, rows in store.upkeep.counts_of(account, store.upkeep.hidden(account, agent)).items():
            found[_TABLES.get(table, "about")] += rows
        days, shifts = (store.read_pieces(account, kind) for kind in ("days", "shifts"))
        theirs = days.filter(agent=agent)
        first = store.event_span(account)[0]
        if theirs.is_empty():  # nothing was evaluated yet
            found["work"] = store.read_events(account, columns=["id"], agent=agent).height
        elif first is not None:  # facts are kept for longer than the events that they are made of
            kept = theirs.filter(pl.col("last") >= datetime.combine(first.date(), time(), UTC))
            found["work"] = int(kept["work_events"].sum())
        found["about"] += theirs.height + shifts.filter(agent=agent).height
        found["audit"] += len(store.audit.about(account, agent, 100_000))
    return found


def _rounded(records: int) -> int:
    """The next power of ten: how much somebody did is a value, too."""
    return 0 if records == 0 else 10 ** len(str(max(records - 1, 1)))


# ---- erasing --------------------------------------------------------------------------------------------------------


def ask_to_erase(
    store: Store, account: str, agent: str, ground: str, by: str, now: Callable[[], datetime], beside: Beside | None
) -> bool:
    """Begin to erase somebody in the background; False while another erasure goes on."""
    began = jobs.begin(store, account, jobs.ERASING,
                       lambda tell: _erase(store, account, agent, by, now(), tell, beside), now)  # fmt: skip
    if began:
        store.audit.add(account, now(), ASKED, by=by, ground=ground)
    return began


def go_on(store: Store, account: str, now: Callable[[], datetime], beside: Beside | None) -> bool:
    """Begin to do what is left of erasures that were cut off; False while one goes on."""
    return jobs.begin(store, account, jobs.ERASING,
                      lambda tell: _erase(store, account, None, "", now(), tell, beside), now)  # fmt: skip


def erasing_of(store: Store, account: str, now: datetime) -> Erasing:
    """How it stands, whoever does it: a job of a page, `serve`, or the command line."""
    job = jobs.job_of(store, account, jobs.ERASING)
    is_begun = bool(store.upkeep.erasing(account)) or store.upkeep.is_compact_due(account)
    if job is not None and job.is_running(now):
        return Erasing("running", job.began_at, job.step, _days(job.step))
    result = dict(job.result or {}) if job is not None else {}
    files = tuple(result.get("files", ()))
    if is_begun:
        return Erasing("unfinished", job.began_at if job else None, files=files, problem=result.get("problem"))
    if job is None:
        return Erasing("none")
    if job.state == "failed":
        return Erasing("failed", job.said_at, job.step)
    if job.state == "running" and job.step in ("", WAITS) and not _ended_since(store, account, job.began_at):
        return Erasing("not_begun", job.began_at)
    return Erasing("done", job.said_at, files=files)


def _ended_since(store: Store, account: str, since: datetime) -> bool:
    return bool(store.audit.newest(account, Wanted(ERASED, since=since), None, 1))


def _days(step: str) -> tuple[int, int] | None:
    done, _, of = step.partition("/")
    return (int(done), int(of)) if done.isdecimal() and of.isdecimal() else None


def _unnamed(file: str, words: tuple[str, ...]) -> str:
    """A file's name without that of the person."""
    parts = {part for word in words for part in (word, *word.split()) if len(part) > 2}
    return re.sub("|".join(map(re.escape, sorted(parts, key=len, reverse=True))), "…", file, flags=re.IGNORECASE)


def _erase(
    store: Store, account: str, agent: str | None, by: str, at: datetime, tell: Callable[[str], None],
    beside: Beside | None,
) -> dict[str, Any]:  # fmt: skip
    """Erase one person, or (None) whoever is half erased. Whatever goes wrong, no word of it says who it was."""

    def told(done: int, of: int) -> None:
        tell(f"{done}/{of}")

    try:
        tell(WAITS)
        with store.writer(account, "erasing a person", wait_s=LONGEST_WAIT_S, on_wait=lambda line: None, alone=True):
            whom = list(store.upkeep.erasing(account)) if agent is None else [agent]
            words = tuple(word for one in whom for word in store.upkeep.hidden(account, one).all)
            for one in whom:
                if agent is None:
                    erase.go_on(store, account, one, at, told)
                else:
                    erase.erase(store, account, one, by, at, told)
            tell(COMPACTS)
            problem = erase.compact(store, account)
        if beside is None:
            return {"problem": problem, "files": []}
        beside.forget_runs(account, done_only=True)
        found = [str(file.relative_to(beside.home)) for file in beside.files_that_name(words, store.file)]
        return {"problem": problem, "files": [_unnamed(file, words) for file in found]}
    except StoreBusy:
        raise StoreError(BUSY) from None
    except ConfigError:
        raise ConfigError(UNKNOWN) from None
    except Exception as trouble:
        log = structlog.get_logger(__name__)
        log.error("an erasure was cut off", account=account, error=type(trouble).__name__, place=place_of(trouble))
        raise WellbeingError(CUT) from None
