"""What a connector must know again of a ticket is kept with the page that told it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.events import empty
from helpdesk_wellbeing.feed import MEMORY, Page
from helpdesk_wellbeing.store.clock import BEGINNING


def page(*memories):
    return Page("tickets", empty(), 1, "there", memory=pl.DataFrame(memories, schema=MEMORY, orient="row"))


def test_the_last_said_of_a_ticket_is_remembered(store):
    store.commit_page("acme", page(("1", "first"), ("2", "other")))
    store.commit_page("acme", page(("1", "second"), ("1", "third")))
    assert store.remembered("acme", ["1", "2", "3"]) == {"1": "third", "2": "other"}


def test_a_memory_that_says_nothing_is_refused_with_its_whole_page(store):
    with pytest.raises(BadPayload, match="remembered"):
        store.commit_page("acme", page(("1", None), ("2", "other")))
    assert store.remembered("acme", ["1", "2"]) == {}
    assert store.watermarks("acme") == {}


def test_the_earliest_instant_from_which_tickets_are_followed_holds_and_makes_facts_anew(store):
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for followed in (at, at + timedelta(days=1), None):
        store.commit_page("acme", replace(page(("1", "first")), followed=followed))
    assert store.followed_since("acme") == at
    store.set_clean("acme")
    store.commit_page("acme", replace(page(("1", "first")), followed=at - timedelta(days=1)))
    assert (store.followed_since("acme"), store.dirty_since("acme")) == (at - timedelta(days=1), BEGINNING)
