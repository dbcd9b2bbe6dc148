"""The same on PostgreSQL, shortly: cutting, erasing, disconnecting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import cutting, open_store
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.upkeep import disconnect, erase
from tests.upkeep_desk import LAST, NOOR, desk_events, everything, page, people


@pytest.fixture
def store(new_database, tmp_path):
    with open_store(Settings(tmp_path, new_database())) as opened:
        opened.create_account("acme", platform="zendesk", settings={"base_url": "http://127.0.0.1:1"})
        opened.add_events("acme", desk_events(weeks=2))
        opened.replace_people("acme", "platform", people())
        opened.commit_page("acme", page())
        opened.audit.add("acme", LAST - timedelta(days=900), "looked", by="Noor Zwanenburg", agent=Person(NOOR))
        opened.audit.add("acme", LAST, "looked", by="Ida", agent=Person(NOOR))
        yield opened


def test_cutting_erasing_and_disconnecting_work_there_too(store):
    floor = LAST - timedelta(days=5)
    store.upkeep.raise_floor("acme", floor, LAST - timedelta(weeks=2))
    while store.upkeep.cut_events("acme", floor, 3):
        pass
    assert store.event_span("acme")[0] >= floor.replace(hour=0)
    assert [store.upkeep.cut("acme", kind, LAST) for kind in cutting.ROWS] == [0] * len(cutting.ROWS)
    assert store.audit.cut("acme", LAST - timedelta(days=730), LAST) == 1

    with store.writer("acme", "test"):
        erase.erase(store, "acme", NOOR, "Ida", LAST)
        assert erase.compact(store, "acme") is None

    assert [name for name, text in everything(store).items() if NOOR in text or "Zwanenburg" in text] == []
    assert store.audit.verify("acme").problem is None
    with store.writer("acme", "test"):
        disconnect.disconnect(store, "acme", LAST)
    assert store.accounts() == []
