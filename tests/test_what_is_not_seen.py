"""Where a helpdesk does not say who changed a ticket, or how it stood before, what is planted is found or said to be
not assessable: what is missing is never taken for good."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from helpdesk_wellbeing.agreement.gate import OPEN
from helpdesk_wellbeing.demo import judge
from helpdesk_wellbeing.engine import Catalogue, Engine
from helpdesk_wellbeing.feed import Page
from helpdesk_wellbeing.flags import check
from helpdesk_wellbeing.rules.load import load_rules
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.signals.catalogue import SIGNALS
from helpdesk_wellbeing.store import open_store

CATALOGUE = Catalogue(SIGNALS, load_rules(SIGNALS))
CHANGES = ["status", "assigned", "moved", "priority", "tagged", "untagged", "merged", "deleted"]
SPOKEN = ["created", "replied", "noted", "customer_replied", "rated"]
STATE = ("group", "assignee", "status", "priority")
PROVEN_BY_WRITING = {"WT4", "WT5", "WT7", "WT8"}


def unnamed(events: pl.DataFrame) -> pl.DataFrame:
    """As polls show it: what changed, and nobody who did it."""
    is_change = pl.col("kind").is_in(CHANGES)
    said = {"actor": None, "batch": None, "actor_kind": "unknown", "grade": "B"}
    return events.with_columns(
        pl.when(is_change)
        .then(pl.lit(value))
        .otherwise(pl.col(name).cast(pl.String))
        .cast(events.schema[name])
        .alias(name)
        for name, value in said.items()
    )


def spoken(events: pl.DataFrame) -> pl.DataFrame:
    """As a first look at the past shows it: who wrote when, and when a ticket was solved last."""
    unknown = [pl.lit(None).cast(events.schema[name]).alias(name) for name in STATE]
    solved = events.filter((pl.col("kind") == "status") & (pl.col("after") == "solved")).unique("ticket", keep="last")
    solved = unnamed(solved).with_columns(*(one for one in unknown[:2]), before=pl.lit(None, pl.String))
    return pl.concat([events.filter(pl.col("kind").is_in(SPOKEN)).with_columns(unknown), solved]).sort("at", "id")


def as_listed(events: pl.DataFrame) -> pl.DataFrame:
    """The tickets as the list shows them now."""
    words = {name: pl.col(name).cast(pl.String).last() for name in (*STATE, "channel")}
    of_tickets = events.drop_nulls("ticket").sort("at").group_by("ticket")
    found = of_tickets.agg(created_at=pl.col("at").min(), updated_at=pl.col("at").max(), **words)
    return found.select("ticket", "created_at", "updated_at", "status", "group", "assignee", "priority", "channel")


@pytest.fixture(scope="module")
def answers(world, tmp_path_factory):
    """The answer of `check` for an account that polls, one that polls and has an app that names people since six weeks
    ago, and one that was connected a moment ago."""
    home = tmp_path_factory.mktemp("unseen")
    lately = pl.col("at") >= world.as_of - timedelta(weeks=6)
    told = pl.concat([unnamed(world.events.filter(~lately)), world.events.filter(lately)])
    given = {
        "told": (told, None, None),
        "polled": (unnamed(world.events), None, None),
        "new": (spoken(world.events), as_listed(world.events), world.as_of),
    }
    found = {}
    with open_store(Settings(home, f"sqlite:///{home}/wellbeing.db")) as store:
        for account, (events, tickets, followed) in given.items():
            store.create_account(account, zone=world.zone)
            for kind in ("people", "leave", "groups", "on_call"):
                getattr(store, f"replace_{kind}")(account, "file", getattr(world.roster, kind))
            mine = events.with_columns(account=pl.lit(account))
            store.commit_page(account, Page("all", mine, 1, "there", tickets=tickets, followed=followed))
            engine = Engine(store, account, CATALOGUE)
            with store.writer(account, "test"):
                engine.update()
            found[account] = check(engine.assess(world.as_of), CATALOGUE, gate=OPEN)
    return found


@pytest.mark.parametrize("account", ["polled", "told", "new"])
def test_what_is_planted_is_found_or_said_to_be_not_assessable(answers, world, account):
    answer = answers[account]
    verdict = judge(answer["flags"], world)
    gaps = {(gap["signal"], gap["subject"]["id"]) for gap in answer["not_assessable"]}
    assert [(p.signal, p.subject) for p in verdict.missed if (p.signal, p.subject) not in gaps] == []
    assert {planted.signal for planted in verdict.found} >= PROVEN_BY_WRITING
    assert verdict.wrong == ()


def test_working_time_that_is_seen_in_part_proves_too_much_but_never_enough_rest(answers, world):
    flagged = {(flag["signal"], flag["subject"]["id"]) for flag in answers["polled"]["flags"]}
    gaps = {(gap["signal"], gap["subject"]["id"]): gap["reason"] for gap in answers["polled"]["not_assessable"]}
    assert not flagged & {who for who, reason in gaps.items() if reason == "no input on this platform"}
    people = world.roster.users_who_are("person")
    assert [who for who in people if ("WT4", who) not in flagged | gaps.keys()] == []


@pytest.mark.parametrize("signal", ["LD1", "LD3"])
def test_who_seems_to_do_more_because_more_is_seen_is_not_flagged_for_it(answers, signal):
    flagged, waiting = (
        {
            account: {
                row["subject"]["id"] for row in answer[part] if (row["signal"], row.get("reason", why)) == (signal, why)
            }
            for account, answer in answers.items()
        }
        for part, why in (("flags", None), ("not_assessable", "no baseline"))
    )
    assert flagged["told"] == flagged["polled"]
    assert waiting["told"] > waiting["polled"]  # a new baseline takes its days


def test_a_backlog_that_was_polled_is_seen_and_one_from_before_the_first_poll_is_not(answers):
    assert "LD6" in {flag["signal"] for flag in answers["polled"]["flags"]}
    assert "LD6" not in {flag["signal"] for flag in answers["new"]["flags"]}
