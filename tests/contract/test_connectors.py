"""What every connector promises, over real HTTP and against the truth of a simulated account."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta

import polars as pl
import pytest

from connectors import CONNECTORS
from connectors.simulating.faults import SPOILERS
from helpdesk_wellbeing.errors import BadPayload, Refused
from helpdesk_wellbeing.events import SCHEMA, STATUSES, conform
from helpdesk_wellbeing.feed import TICKETS
from tests.contract.platforms import PLATFORMS
from tests.kept import Kept

SPOKEN = ("replied", "noted", "customer_replied", "rated")
# What a log-in page, half an answer or another host in place of an answer is: ended with an error, begun again.
FAULTS = [kind for kind in SPOILERS if kind != "slow"]


def told(events) -> Counter:
    """Who did what to which ticket, when."""
    names = ("kind", "ticket", "at", "actor", "actor_kind", "after")
    return Counter(tuple(str(row[name]) for name in names) for row in events)


def test_every_connector_is_held_to_this_contract():
    assert {platform.name for platform in PLATFORMS} == set(CONNECTORS)


# ---- getting in


def test_ping_says_on_which_platform_and_as_whom(team, platform):
    ping = team().connector().ping()

    assert ping.who.startswith(f"{platform.name} acme")
    assert platform.own in ping.who
    assert ping.missing == ()


def test_ping_says_what_is_lacking(platform, the_team, clock_at_the_end):
    account, settings, missing = platform.lacking(the_team, clock_at_the_end)
    with account as front:
        ping = platform.connector(front, lambda line: None, **settings).ping()

    assert any(missing in line for line in ping.missing)


@pytest.mark.parametrize("ask", ["ping", "roster", "pull"])
def test_a_wrong_key_is_refused_with_the_next_step_and_not_repeated(team, ask):
    connector = team().connector(secret="Wr0ng-k3y-of-ours")

    with pytest.raises(Refused, match=r"401.*(connect|copy|check)") as caught:
        Kept().take(connector) if ask == "pull" else getattr(connector, ask)()

    assert "Wr0ng" not in str(caught.value) + repr(caught.value)
    assert "\n" not in str(caught.value)


# ---- what comes


def test_events_fit_the_schema_and_every_id_is_there_once(team):
    connector, pages = team().connector(), []
    pages = list(connector.pull({}, None, lambda tickets: {}))

    events = pl.concat([page.events for page in pages])
    assert events.schema == SCHEMA
    assert events["id"].n_unique() == events.height > 200
    as_text = events.drop("account").with_columns(pl.exclude(pl.List).cast(pl.String))
    assert conform(events.drop("account"), "acme")[1].is_empty(), as_text
    assert all(page.tickets is None or page.tickets.schema == TICKETS for page in pages)


def test_replies_notes_customers_and_ratings_are_those_of_the_account(team):
    account = team()

    events = account.pulled().events.values()

    pulled = told(row for row in events if row["kind"] in SPOKEN)
    assert pulled == told(account.truth(*SPOKEN).iter_rows(named=True))


def test_every_ticket_is_known_by_its_beginning_and_by_how_it_stands(team, platform, the_team):
    kept = team().pulled()

    begun = {row["ticket"]: row["at"] for row in kept.of("created")}
    truth = the_team.events.filter(pl.col("kind") == "created")
    assert begun == dict(zip(truth["ticket"], truth["at"], strict=True))
    stands = {ticket: values[list(TICKETS).index("status")] for ticket, values in kept.tickets.items()}
    assert stands == {ticket: "closed" if int(ticket) % 4 else "hold" for ticket in begun}
    owners = {ticket: values[list(TICKETS).index("assignee")] for ticket, values in kept.tickets.items()}
    assert owners == {ticket: ["1001", "1002", "1003"][int(ticket) % 3] for ticket in begun}


def test_what_counts_as_an_agents_work_was_that_agents(team):
    account = team()

    events = account.pulled().events.values()

    work = told(row for row in events if row["actor_kind"] == "agent")
    truth = account.front.site.events.filter(pl.col("actor_kind") == "agent")
    assert work <= told(truth.iter_rows(named=True))
    assert {row["actor"] for row in events if row["actor_kind"] == "agent"} == {"1001", "1002", "1003"}


def test_what_our_own_user_does_is_an_integrations(team, platform):
    kept = team().pulled()

    ours = [row["actor_kind"] for row in kept.events.values() if row["actor"] == platform.own]
    assert set(ours) == {"integration"}
    assert len(ours) >= 30
    assert len(told(row for row in kept.of("noted") if row["actor"] == platform.own)) == 30


def test_nobody_named_is_nobody_at_work(team):
    events = team().pulled().events.values()

    assert {row["actor_kind"] for row in events if row["actor"] is None} <= {"unknown", "system"}
    assert all(row["actor"] is None or not row["actor"].startswith("diff") for row in events)


def test_who_left_stays_a_person(team):
    account = team()
    connector = account.connector()
    first = connector.roster({})
    kept = Kept()
    kept.take(connector)
    later = account.connector().roster({name: mark for name, mark in kept.watermarks.items() if name != "roster"})

    known = {*first.people["agent"], *kept.people, *(later.people["agent"] if later is not None else ())}
    assert {"1001", "1002", "1003", "1004"} <= known
    assert {row["actor_kind"] for row in kept.events.values() if row["actor"] == "1003"} == {"agent"}


def test_the_plugins_own_user_is_known_as_automation(team, platform):
    roster = team().connector().roster({})

    assert platform.own in roster.automation
    assert {"11", "12"} <= set(roster.groups["group"])


def test_statuses_of_the_accounts_own_count_as_the_settings_say(team, platform):
    account = team()

    usual, mapped = account.pulled(), account.pulled(statuses={platform.own_status: "pending"})

    place = list(TICKETS).index("status")
    assert {values[place] for values in usual.tickets.values()} == {"closed", "hold"} < set(STATUSES)
    assert {values[place] for values in mapped.tickets.values()} == {"closed", "pending"}


def test_since_says_how_far_back_a_pull_goes(team):
    account = team()
    since = account.clock.at - timedelta(days=10)

    kept = account.pulled(since=since)

    assert min(row["at"] for row in kept.events.values()) >= since
    recent = account.truth(*SPOKEN).filter(pl.col("at") >= since)
    assert told(row for row in kept.events.values() if row["kind"] in SPOKEN) == told(recent.iter_rows(named=True))


# ---- once


def test_the_same_pull_again_adds_nothing(team):
    account = team()
    kept = account.pulled()
    before = dict(kept.events), dict(kept.tickets)

    kept.take(account.connector())

    assert (kept.events, kept.tickets) == before


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.prove)])
def test_cut_off_after_any_page_and_gone_on_from_what_is_stored_is_the_undisturbed_pull(team, every):
    account = team()
    undisturbed = Kept()
    pages = len(undisturbed.take(account.connector()))

    for cut in range(1, pages, every):
        kept = Kept()
        kept.take(account.connector(), pages=cut)
        kept.take(account.connector())
        assert kept.events == undisturbed.events, cut
        assert kept.tickets == undisturbed.tickets, cut


def test_cut_off_again_and_again_is_the_undisturbed_pull(team):
    account = team()
    undisturbed, kept = account.pulled(), Kept()

    for pages in range(3, 15):
        kept.take(account.connector(), pages=pages)

    kept.take(account.connector())
    assert (kept.events, kept.tickets) == (undisturbed.events, undisturbed.tickets)


# ---- what goes wrong


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_comes_in_place_of_answers_ends_in_our_errors_and_loses_nothing(team, platform, fault):
    account = team(platform.faults({fault: 0.05}, seed=7))

    kept = account.pulled(tries=200)

    pulled = told(row for row in kept.events.values() if row["kind"] in SPOKEN)
    assert pulled == told(account.truth(*SPOKEN).iter_rows(named=True))
    assert len(kept.tickets) == 30
    assert account.front.strayed == 0
    assert all("\n" not in line for line in account.lines)


@pytest.mark.parametrize("seed", [1, 2])
def test_everything_at_once_that_can_be_overcome_changes_nothing(team, platform, seed):
    account = team(type(platform.faults({})).hostile(seed, slow=0.0))

    kept = account.pulled(tries=20)

    pulled = told(row for row in kept.events.values() if row["kind"] in SPOKEN)
    assert pulled == told(account.truth(*SPOKEN).iter_rows(named=True))


def test_addresses_on_other_hosts_are_not_followed(team, platform):
    account = team(platform.faults({"elsewhere": 1.0, "redirect": 0.05}, seed=3))

    account.pulled(tries=60)

    assert account.front.strayed == 0


def test_what_was_stored_before_an_error_stays_good(team, platform):
    account = team(platform.faults({"html": 0.05}, seed=5))
    kept, ends = Kept(), 0
    for _ in range(200):
        before = dict(kept.events)
        try:
            kept.take(account.connector())
            break
        except BadPayload:
            ends += 1
        assert before.items() <= kept.events.items()

    assert ends
    assert kept.events == team().pulled().events


# ---- what stays private


def test_no_text_customer_or_secret_is_in_anything_that_we_keep_or_say(team, platform, caplog):
    account = team(platform.faults({"html": 0.03, "error": 0.1, "throttle": 0.1, "cut_json": 0.03}, seed=4))
    with caplog.at_level(logging.DEBUG):
        connector = account.connector()
        for _ in range(40):
            try:
                people = [str(connector.ping()), repr(connector.roster({}))]
                break
            except Exception as error:
                account.lines.append(str(error))
        kept = account.pulled(tries=200)

    everything = repr((kept, people, account.lines, connector.notes, connector)) + caplog.text
    for word in ("CANARY", "-customer-", "@example.com", *platform.secrets(account.front)):
        assert word not in everything, word


# ---- what is told on the way


def test_progress_tells_where_the_pull_is(team):
    connector = team().connector()

    lines = [connector.progress_line() for page in connector.pull({}, None, lambda tickets: {}) if page.rows]

    assert all(": " in line and any(letter.isdigit() for letter in line) for line in lines)
    assert len(set(lines)) > 3
