"""A small desk that has worked for most of a year, and all that its store says of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import sqlalchemy as sa

from helpdesk_wellbeing.agreement.gate import OPEN
from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.events import SCHEMA
from helpdesk_wellbeing.feed import MEMORY, TICKETS, Page
from helpdesk_wellbeing.flags import check
from helpdesk_wellbeing.people import GROUPS, PEOPLE
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import blobs, tables
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.store.clock import micros
from helpdesk_wellbeing.store.proposals import Kept
from helpdesk_wellbeing.store.writes import Planned

CATALOGUE = Catalogue(SIGNALS, load_rules(SIGNALS))
WEEKS = 34  # more than retention keeps
FEW_WEEKS = 8
LAST = datetime(2026, 11, 20, 16, tzinfo=UTC)  # a Friday
AGENTS = {"4100281": "Noor Zwanenburg", "4100282": "Piet Oldenhof", "4100283": "Agnes Tak"}
NOOR, PIET = "4100281", "4100282"
NAME = AGENTS[NOOR]
AT = LAST + timedelta(hours=1)


def desk_events(account: str = "acme", weeks: int = FEW_WEEKS) -> pl.DataFrame:
    """Nine to five, a ticket an hour and agent; the last weeks are long for the first one, who goes on in the night."""
    rows = []
    first = (LAST - timedelta(weeks=weeks)).date()
    for day in range((LAST.date() - first).days + 1):
        on = first + timedelta(days=day)
        if on.weekday() >= 5:
            continue
        for place, agent in enumerate(AGENTS):
            is_long = place == 0 and LAST.date() - on < timedelta(days=16)
            for hour in range(9, 22 if is_long else 17):
                at = datetime(on.year, on.month, on.day, hour, 7 * place, tzinfo=UTC)
                if at > LAST:
                    break
                ticket = f"{on:%y%m%d}{hour:02}{place}"
                other = list(AGENTS)[(place + 1) % 3]
                made = {"ticket": ticket, "group": "36001", "channel": "email", "status": "open", "priority": "normal"}
                rows += [
                    {**made, "id": f"{ticket}a", "at": at, "kind": "created", "actor": "77", "actor_kind": "requester",
                     "assignee": agent},
                    {**made, "id": f"{ticket}b", "at": at + timedelta(minutes=9), "kind": "replied", "actor": agent,
                     "assignee": agent},
                ]  # fmt: skip
                if hour % 5 == 0:
                    rows.append({**made, "id": f"{ticket}c", "at": at + timedelta(minutes=12), "kind": "assigned",
                                 "actor": agent, "before": agent, "after": other, "assignee": other})  # fmt: skip
                if hour % 4:
                    rows.append({**made, "id": f"{ticket}d", "at": at + timedelta(minutes=20), "kind": "status",
                                 "before": "open", "after": "solved", "status": "solved", "actor": agent,
                                 "assignee": agent})  # fmt: skip
    given = {"account": account, "actor_kind": "agent", "grade": "A"}
    return pl.DataFrame([given | row for row in rows], schema=SCHEMA)


def people() -> pl.DataFrame:
    rows = [
        {"agent": id, "name": name, "time_zone": "Europe/Amsterdam", "groups": "36001", "contract_hours": 36.0,
         "schedule": "Mon-Fri 09:00-17:30"}
        for id, name in AGENTS.items()
    ]  # fmt: skip
    given = pl.DataFrame(rows)
    return given.select(
        (pl.col(name) if kind == pl.String() and name in given.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in PEOPLE.items()
    )


def groups() -> pl.DataFrame:
    return pl.DataFrame([{"group": "36001", "name": "Care"}]).select(
        (pl.col(name) if name in ("group", "name") else pl.lit(None)).cast(kind).alias(name)
        for name, kind in GROUPS.items()
    )


def page(number: str = "1", events: pl.DataFrame | None = None) -> Page:
    """What a connector gives: an event of each agent, a snapshot, memories and a watermark that name them."""
    listed = pl.DataFrame(
        [("9001", LAST - timedelta(days=3), LAST, "open", "36001", NOOR, "normal", "email")],
        schema=TICKETS,
        orient="row",
    )
    memory = pl.DataFrame(
        [("9001", json.dumps([3, 1, 1, "2", 1, "36001", NOOR, ["vip"]]))], schema=MEMORY, orient="row"
    )
    mark = json.dumps({"low": 0, "forward": 5, "kept": {"agents": {NOOR: ["online", 5], "4100282": ["away", 5]},
                                                        "staff": [NOOR, "4100282"]}})  # fmt: skip
    new = desk_events().head(0) if events is None else events
    return Page("ticket_events", new, new.height, mark if number == "1" else number, tickets=listed, memory=memory)


def answer(store, account: str = "acme", as_of: datetime = LAST) -> dict:
    engine = Engine(store, account, CATALOGUE)
    with store.writer(account, "test"):
        engine.update()
    return check(engine.assess(as_of), CATALOGUE, gate=OPEN)


def everything(store, account: str | None = None) -> dict[str, str]:
    """All that every table says, compressed columns unpacked, by table."""
    found = {}
    with store._database.reading() as connection:
        for table in tables.metadata.sorted_tables:
            rows = connection.execute(sa.select(table)).all()
            found[table.name] = "\n".join(" ".join(_said(value) for value in row) for row in rows)
    return found


def _said(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    try:
        return str(blobs.unpack(value, "a test").to_dicts())
    except Exception:
        return value.decode("latin-1")


def proposal(id: str, state: str = "open", subject: str = NOOR) -> Kept:
    body = {
        "action": "rebalance",
        "subject": {"kind": "agent", "id": subject},
        "because": [{"rule": "open_work_overload", "subject": {"kind": "agent", "id": subject}}],
        "texts": {"en": f"{NAME} carries more than usual; Piet Oldenhof has room."},
        "moves": [{"ticket": "9001", "group": "36001", "giver": NOOR, "receiver": PIET, "reasons": {"en": NAME}}],
        "details": {"loads": {NOOR: 12.0, PIET: 3.0}},
    }  # fmt: skip
    until = AT + timedelta(days=2)
    return Kept(id, "rebalance", "agent", subject, state, AT, until, None, AT, NAME, None, body)


def fill(store):
    """Something of the agent in every table that may hold it."""
    answer_now = answer(store)
    store.work.keep_answer("acme", AT, answer_now)
    for each in (proposal("p1"), proposal("p2", "accepted", PIET)):
        store.proposals.add("acme", each)
    store.proposals.ask("acme", "p1", [NOOR, PIET], AT)
    store.proposals.keep_policy("acme", {"not_asked": [NOOR]})
    store.writes.plan("acme", [Planned(f"w:{NOOR}", "p1", "invite", NOOR, {"assignee": NOOR}),
                               Planned("m:9001", "p2", "move", "9001", {"to": PIET, "from": NOOR})], AT)  # fmt: skip
    store.audit.add("acme", AT, "looked", by=NAME, agent=Person(PIET))
    store.audit.add("acme", AT, "looked", by="Ida", agent=Person(NOOR))
    store.installed.add_token("acme", "h", NAME, AT)
    hooks = desk_events().tail(3).with_columns(at=pl.lit(AT), id=pl.lit("webhook:") + pl.col("id"), actor=pl.lit(NOOR))
    store.add_provisional("acme", hooks)
    told = desk_events().filter(kind="assigned").tail(2).with_columns(
        at=pl.lit(AT), id=pl.lit("app:") + pl.col("id"), after=pl.lit(NOOR)
    )  # fmt: skip
    store.add_told("acme", told)
    broken = Delivery(f"d-{NOOR}", ({"id": "x", "at": "no time", "actor": NOOR, "kind": "replied"},))
    store.inbox.add_many([Receipt("acme", broken, AT)])
    at = micros(AT)
    who, flag = f"zendesk:{NOOR}", {"rule": "long_day", "kind": "agent", "subject": NOOR, "since": 20_000}
    rows = {
        "members": {"who": who, "name": NAME, "agent": NOOR, "roles": "[]", "added_at": at, "added_by": "x"},
        "web_sessions": {"hash": "s", "who": who, "name": NAME, "agent": NOOR, "way": "zendesk", "made_at": at,
                         "seen_at": at, "ends_at": at},
        "break_glass": {"id": "b", "who": "email:hr@acme.example", "name": "Hanna", "agent": NOOR,
                        "reason": f"{NAME} asked", "at": at, "until": at},
        "objections": {"agent": NOOR, "signal": "LD1", "at": at},
        "flags_seen": {**flag, "first_at": at},
        "contests": {**flag, "id": "c", "reason": "not me", "by_agent": 1, "at": at, "until": at},
        "own_words": {"agent": NOOR, "what": "read", "at": at, "body": "{}"},
        "notices": {"key": "n", "who": who, "kind": "digest", "channel": "mail", "made_at": at, "due_at": at,
                    "state": "planned", "body": NAME},
        "survey_invitations": {"wave": "v", "person": NOOR, "place": "{}", "not_before": at},
        "leavers": {"agent": NOOR, "at": at},
        "agreements": {"seq": 1, "at": at, "body": json.dumps({"by": NAME})},
    }  # fmt: skip
    with store._database.writing() as connection:
        for name, row in rows.items():
            connection.execute(tables.metadata.tables[name].insert(), {"account": 1, **row})


def traces(store, home) -> list[str]:
    """Where the id or the name still stands: tables, and bytes of all files of the home folder."""
    words = (NOOR, NAME)
    found = [name for name, text in everything(store).items() if any(word in text for word in words)]
    for file in sorted(home.rglob("*")):
        content = file.read_bytes() if file.is_file() else b""
        found += [file.name for word in words if word.encode() in content]
    return found
