"""Erasing one agent: nothing of them is left in any table or file, and they don't come back."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
import sqlalchemy as sa

from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.agreement import saying
from helpdesk_wellbeing.arrivals import take_in
from helpdesk_wellbeing.deliveries import Delivery, Receipt
from helpdesk_wellbeing.engine import Engine
from helpdesk_wellbeing.store import tables
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.store.upkeep import Upkeep
from helpdesk_wellbeing.upkeep import erase, retention
from helpdesk_wellbeing.upkeep.held import as_zip, held
from tests.dying import Killed
from tests.upkeep_desk import (
    AT,
    CATALOGUE,
    NAME,
    NOOR,
    PIET,
    answer,
    desk_events,
    everything,
    fill,
    page,
    people,
    traces,
)

HELD = """answers api_tokens agreements break_glass checkpoints consents contests directory event_chunks flags_seen
    inbox leavers members notices objections own_words pieces policies proposals provisional pseudonyms
    survey_invitations ticket_memory tickets told watermarks web_sessions writes"""


def erased(store):
    with store.writer("acme", "test"):
        erase.erase(store, "acme", NOOR, "Ida", AT)
        return erase.compact(store, "acme")


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


def test_nothing_is_left_of_who_signed_in_said_what_they_wanted_and_took_their_file(store, home):
    member = Member("oidc:noor-z", NAME, NOOR, frozenset(), AT, "x")
    store.access.put_member("acme", member)
    store.access.put_member("acme", replace(member, who="email:noor@acme.example"))
    for who in ("oidc:noor-z", f"zendesk:{NOOR}", "oidc:let-in-no-more"):
        store.audit.add("acme", AT, "signed in", by=Person(NOOR), way="test")
        store.access.begin_session("acme", who, NAME, NOOR, "test", AT, AT + timedelta(hours=1))
        store.audit.add("acme", AT, "exported", by=who, agent=Person(NOOR))
    store.audit.add("acme", AT, "looked", by="email:noor@acme.example", page="me")
    store.audit.add("acme", AT, "accepted", by=f"standing approval of zendesk:{NOOR}")
    policy.change(store, "acme", f"agent:{NOOR}", AT, not_asked=[NOOR])
    flag = {"rule": "long_day", "subject": {"kind": "agent", "id": NOOR}, "since": "2026-11-16"}
    saying.contest(store, "acme", flag, "not me", AT, by=f"zendesk:{NOOR}", agent=NOOR)
    saying.object_to(store, "acme", NOOR, "LD1", AT)
    saying.set_own_hours(store, "acme", NOOR, "Mon-Fri 09:00-17:00", AT)

    assert erased(store) is None

    assert traces(store, home) == []
    left = everything(store)
    assert [name for name, text in left.items() if any(one in text for one in ("oidc:", "noor@acme"))] == []
    assert left["pseudonyms"].count("person-") == 1  # of who erased
    assert store.audit.verify("acme").problem is None


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


def test_an_export_has_no_ids_of_colleagues_whom_the_directory_does_not_name(store):
    fill(store)
    store.replace_people("acme", "file", people().head(0))
    store.replace_people("acme", "platform", people().head(0))
    store.access.keep_leavers("acme", [], [PIET], AT)

    text = json.dumps(held(store, "acme", NOOR, Engine(store, "acme", CATALOGUE), AT))

    assert PIET not in text
    assert "4100283" not in text
    assert NOOR in text


def told_by_a_webhook_only(store):
    """An account, `hooks`, that knows one reply of Noor and nothing else."""
    store.create_account("hooks", platform="zendesk")
    event = {"id": "webhook:1", "at": AT.isoformat(), "ticket": "5", "actor": NOOR, "actor_kind": "agent",
             "kind": "replied", "channel": "email"}  # fmt: skip
    store.inbox.add_many([Receipt("hooks", Delivery("1", (event,)), AT)])
    with store.writer("hooks", "test"):
        take_in(store, "hooks")


def test_an_export_holds_what_only_webhooks_told(store):
    told_by_a_webhook_only(store)

    found = held(store, "hooks", NOOR, Engine(store, "hooks", CATALOGUE), AT)

    assert [row["ticket"] for row in found["records"]["events"]] == ["5"]


def test_nothing_is_known_of_somebody_else(store):
    from helpdesk_wellbeing.errors import ConfigError

    with store.writer("acme", "test"), pytest.raises(ConfigError):
        erase.erase(store, "acme", "9999999", "Ida", AT)


def test_who_stands_in_the_audit_alone_can_be_erased(store):
    store.audit.add("acme", AT, "looked", by="Ida", agents=[Person("4100299")])
    with store.writer("acme", "test"):
        erase.erase(store, "acme", "4100299", "Ida", AT)

    assert store.audit.word_of("acme", "4100299") is None


def test_who_left_and_is_met_only_in_what_webhooks_told_can_be_erased(store):
    told_by_a_webhook_only(store)
    with store.writer("hooks", "test"):
        erase.plan(store, "hooks", NOOR).require_known("hooks")
        erase.erase(store, "hooks", NOOR, "Ida", AT)

    assert NOOR not in everything(store)["provisional"]


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
