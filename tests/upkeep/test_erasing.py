"""Erasing one agent: nothing of them is left in any table or file, and they don't come back."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import polars as pl
import pytest
import sqlalchemy as sa

from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.engine import Engine
from helpdesk_wellbeing.store import tables
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.store.clock import micros
from helpdesk_wellbeing.store.proposals import Kept
from helpdesk_wellbeing.store.upkeep import Upkeep
from helpdesk_wellbeing.store.writes import Planned
from helpdesk_wellbeing.upkeep import erase, retention
from helpdesk_wellbeing.upkeep.held import as_zip, held
from tests.dying import Killed
from tests.upkeep_desk import AGENTS, CATALOGUE, LAST, NOOR, answer, desk_events, everything, page, people

NAME = AGENTS[NOOR]
PIET = "4100282"
AT = LAST + timedelta(hours=1)


HELD = """answers api_tokens agreements break_glass checkpoints consents contests directory event_chunks flags_seen
    inbox members notices objections own_words pieces policies proposals provisional pseudonyms survey_invitations
    ticket_memory tickets told watermarks web_sessions writes"""


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
        "agreements": {"seq": 1, "at": at, "body": json.dumps({"by": NAME})},
    }  # fmt: skip
    with store._database.writing() as connection:
        for name, row in rows.items():
            connection.execute(tables.metadata.tables[name].insert(), {"account": 1, **row})


def erased(store):
    with store.writer("acme", "test"):
        erase.erase(store, "acme", NOOR, "Ida", AT)
        return erase.compact(store, "acme")


def traces(store, home) -> list[str]:
    """Where the id or the name still stands: tables, and bytes of all files of the home folder."""
    words = (NOOR, NAME)
    found = [name for name, text in everything(store).items() if any(word in text for word in words)]
    for file in sorted(home.rglob("*")):
        content = file.read_bytes() if file.is_file() else b""
        found += [file.name for word in words if word.encode() in content]
    return found


def test_nothing_is_left_in_any_table_or_file_and_the_others_keep_theirs(store, home):
    fill(store)
    said = everything(store)
    empty = [name for name in HELD.split() if NOOR not in said[name] and NAME not in said[name]]
    assert empty == []
    events = store.event_span("acme")[2]
    piet = store.read_events("acme", agent=PIET).height

    assert erased(store) is None

    assert traces(store, home) == []
    assert store.event_span("acme")[2] == events
    assert store.read_events("acme", agent=PIET).height == piet
    nobody = store.read_events("acme", agent="erased")
    assert nobody["actor_kind"].unique().to_list() == ["unknown"]
    assert store.proposals.get("acme", "p1").state == "withdrawn"
    assert store.proposals.get("acme", "p2").body["moves"][0]["receiver"] == PIET
    assert store.audit.verify("acme").problem is None
    assert store.audit.entries("acme")[-1].what == "agent erased"

    flags = answer(store)
    assert {f["subject"]["id"] for f in flags["flags"]} <= {PIET, "4100283", "36001"}
    assert "erased" not in json.dumps(flags)
    assert traces(store, home) == []


def test_an_erased_agent_does_not_come_back(store, home):
    erased(store)
    hers = pl.lit(NOOR)
    later = desk_events().tail(9).with_columns(id=pl.lit("new") + pl.col("id"), actor=hers, assignee=hers)
    presence = later.head(1).with_columns(
        id=pl.lit(f"a{NOOR}.5"), kind=pl.lit("availability").cast(later.schema["kind"])
    )

    added = store.commit_page("acme", page("1", pl.concat([later, presence])))
    again = store.add_events("acme", desk_events())
    store.replace_people("acme", "platform", people())
    store.replace_people("acme", "file", people())

    assert (added.new, again.new) == (9, 0)
    assert store.directory("acme").people["agent"].to_list() == [PIET, "4100283"]
    assert store.tickets("acme")["assignee"].to_list() == ["erased"]
    assert traces(store, home) == []


def test_who_was_erased_after_a_cut_is_gone_from_what_cannot_be_computed_again(store, home, short_windows):
    with store.writer("acme", "test"):
        retention.carry_out(store, "acme", Engine(store, "acme", CATALOGUE), AT)
    before = answer(store)

    erased(store)

    assert traces(store, home) == []
    others = [f for f in before["flags"] if f["subject"]["id"] != NOOR and f["subject"]["kind"] == "agent"]
    assert [f for f in answer(store)["flags"] if f["subject"]["kind"] == "agent"] == others


@pytest.mark.parametrize("dies_in", ["begin_erasing", "hide_in_events", "hide_elsewhere", "compact"])
def test_an_erasure_that_is_cut_off_anywhere_is_finished_by_the_next_call(store, home, monkeypatch, dies_in):
    whole = getattr(Upkeep, dies_in)

    def dies(self, *arguments):
        whole(self, *arguments)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Upkeep, dies_in, dies)
        with pytest.raises(Killed):
            erased(store)
    is_begun = dies_in != "compact" and dies_in != "hide_elsewhere"
    assert (NOOR in store.upkeep.erasing("acme")) == (is_begun or dies_in == "hide_elsewhere")

    assert erased(store) is None

    assert traces(store, home) == []
    assert store.upkeep.erasing("acme") == {}


def test_an_export_holds_what_is_held_and_nothing_about_others(store):
    fill(store)
    engine = Engine(store, "acme", CATALOGUE)

    found = held(store, "acme", NOOR, engine, AT)

    records = found["records"]
    kinds = "directory events days shifts levels flags proposals consents audit objections own_words contests notices"
    assert set(records) >= {*kinds.split(), "break_glass", "survey_invitations"}
    assert all(row["purpose"] for rows in records.values() for row in rows)
    text = json.dumps(found)
    assert "Oldenhof" not in text
    assert PIET not in text
    assert any(row["what"] == "looked" and row["by"] == "Ida" for row in records["audit"])
    assert records["flags"][0]["evidence"]
    with zipfile.ZipFile(io.BytesIO(as_zip(found))) as archive:
        assert set(archive.namelist()) == {"held.json", *(f"{kind}.csv" for kind in records)}


def test_nothing_is_known_of_somebody_else(store):
    from helpdesk_wellbeing.errors import ConfigError

    with store.writer("acme", "test"), pytest.raises(ConfigError):
        erase.erase(store, "acme", "9999999", "Ida", AT)


def test_a_disconnected_account_leaves_nothing_and_its_number_to_nobody(store, home):
    from helpdesk_wellbeing.upkeep import disconnect

    fill(store)
    store.create_account("globex")
    store.add_events("globex", desk_events("globex").tail(3))
    store.put_secret("acme", "client_secret", "hush")
    before = store.event_span("globex")

    assert disconnect.plan(store, "acme").rows["proposals"] == 2
    with store.writer("acme", "test"):
        disconnect.disconnect(store, "acme", AT)

    assert [account.name for account in store.accounts()] == ["globex"]
    assert store.event_span("globex") == before
    with store._database.reading() as connection:
        for table in tables.metadata.sorted_tables:
            if "account" in table.c:
                assert connection.execute(sa.select(sa.func.count()).where(table.c.account == 1)).scalar() == 0
    store.create_account("acme")
    with store._database.reading() as connection:
        assert connection.execute(
            sa.select(tables.accounts.c.number).order_by(tables.accounts.c.name)
        ).scalars().all() == [3, 2]
