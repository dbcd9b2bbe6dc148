"""Others work on the same tickets, credentials end, the database goes: what is written stays true."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from connectors.session import Limits
from helpdesk_wellbeing.acting import policy, review, views
from helpdesk_wellbeing.cli.outbound import write
from helpdesk_wellbeing.store.writes import Planned
from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.surveys.model import Invitation, Kind, Place, Plan
from tests.always_on.moving import ACCOUNT, EVERYTHING, GROUPS, LIMITS, PATIENCE, hostile, moving
from webhooks.outbound import Patience

# On PostgreSQL the full counts are proved; here SQLite stands for both.
on_platforms = pytest.mark.parametrize("platform", ["zendesk", "freshdesk"])
# What hangs on the platform only little; here Zendesk stands for all.
on_each_platform = pytest.mark.parametrize(
    "platform", ["zendesk", pytest.param("freshdesk", marks=pytest.mark.prove)]
)  # fmt: skip
on_both = pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.prove)], indirect=True)

PATIENT = Patience(**{name: timedelta(seconds=seconds) for name, seconds in PATIENCE.items()})


def a_round(one, patience=PATIENT):
    """One round, as a worker makes it."""
    return write(
        one.store, ACCOUNT, tell=lambda line: None, limits=Limits(**LIMITS), patience=patience, now=one.now
    )  # fmt: skip


def rounds(one, seconds=40):
    """Round after round until nothing is left to write; what is waited for is there in the next one."""
    deadline = time.monotonic() + seconds
    while one.open_writes():
        assert time.monotonic() < deadline, f"{one.open_writes()} left"
        a_round(one)
        one.ahead += timedelta(seconds=1)


def numbers(low, high):
    return [str(number) for number in range(low, high)]


def at_save(one, count, act):
    """Let something happen right after so many of our saves."""

    def happen(save):
        if one.platform.is_ours(save) and len(one.ours) == count:
            act()

    one.desk.on_write.append(happen)


def reasons(one, proposal, kind="move"):
    return {
        w.target: w.receipt.get("reason") for w in one.store.writes.of_proposal(ACCOUNT, proposal) if w.kind == kind
    }


@on_platforms
def test_what_others_did_meanwhile_is_left_alone_with_a_reason(tmp_path, url, platform):
    with moving(tmp_path, url, 12, EVERYTHING, platform) as one:
        proposal, others, by = one.accepted(numbers(1, 11)), one.desk.others, GROUPS["11"][0]
        one.edit("1", assignee=GROUPS["12"][4])
        one.merge("2", "12")
        others.close("3", by)
        others.delete("4", by)
        one.edit("5", status="solved")
        one.edit("6", group="12", assignee=None)
        at_save(one, 1, lambda: one.merge("9", "12"))
        rounds(one)

        left = {"1": "moved by somebody else", "2": "merged", "3": "closed", "4": "gone", "5": "solved",
                "6": "moved by somebody else", "9": "merged"}  # fmt: skip
        if not one.platform.tells_merges:  # and what is closed can be written to there
            left |= dict.fromkeys(("2", "3", "9"), "solved")
        assert reasons(one, proposal) == left | dict.fromkeys(("7", "8", "10"))
        assert sorted(save.ticket for save in one.ours) == ["10", "7", "8"]
        assert views.shown(one.store, ACCOUNT, proposal)["state"] == "done"


@on_both
@on_platforms
def test_undo_leaves_what_others_took_over_and_says_so(tmp_path, url, platform):
    with moving(tmp_path, url, 9, EVERYTHING, platform) as one:
        before = {ticket: one.row(ticket) for ticket in numbers(1, 9)}
        proposal = one.accepted(numbers(1, 9))
        rounds(one)
        third = GROUPS["12"][4]
        one.edit("1", assignee=third)
        one.merge("2", "9")
        one.edit("3", tags=[*one.row("3")["tags"], "urgent"])
        gone = before["4"]["assignee"]
        one.desk.others.leaves(gone)
        review.undo(one.store, ACCOUNT, proposal, "a lead", datetime.now(UTC))
        rounds(one)

        undone = {w.target: w.receipt for w in one.store.writes.of_proposal(ACCOUNT, proposal) if w.kind == "undo"}
        lost = {t: r["not_restored"] for t, r in undone.items() if r.get("not_restored")}
        if one.platform.tells_merges:
            assert undone["2"]["reason"] == "merged"
        else:
            assert one.row("2") == before["2"] | {"status": "closed"}
        assert lost == {"1": ["assignee"], "4": ["assignee"]}
        assert one.row("1") == before["1"] | {"assignee": third}
        assert one.row("3") == before["3"] | {"tags": sorted([*before["3"]["tags"], "urgent"])}
        assert one.row("4") == before["4"] | {"assignee": one.receiver("4")}
        for ticket in ("5", "6", "7", "8"):
            assert one.row(ticket) == before[ticket]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@on_platforms
def test_an_agent_who_left_and_a_group_without_members_take_nothing(tmp_path, url, platform):
    with moving(tmp_path, url, 12, platform=platform) as one:
        proposal = one.accepted(numbers(1, 12))
        left = one.receiver("2")
        one.desk.others.leaves(left)
        one.desk.others.empties("12")
        rounds(one)

        expected = {
            ticket: "group empty" if int(ticket) % 2 else "agent left" if one.receiver(ticket) == left else None
            for ticket in numbers(1, 12)
        }
        assert reasons(one, proposal) == expected
        assert sorted(save.ticket for save in one.ours) == sorted(t for t, reason in expected.items() if not reason)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_group_that_may_not_be_written_to_is_left_and_the_others_go_on(tmp_path, url):
    with moving(tmp_path, url, 8, unwritable_groups=frozenset({12})) as one:
        proposal = one.accepted(numbers(1, 9))
        rounds(one)

        assert reasons(one, proposal) == {t: "forbidden" if int(t) % 2 else None for t in numbers(1, 9)}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@on_platforms
def test_without_our_field_which_an_admin_deleted_tickets_move_and_come_back(tmp_path, url, platform):
    with moving(tmp_path, url, 8, {"lost": 0.2}, platform) as one:
        before = {ticket: one.row(ticket) for ticket in numbers(1, 9)}
        proposal = one.accepted(numbers(1, 9))
        at_save(one, 4, lambda: one.platform.drop_field(one.desk))
        rounds(one)
        assert one.states(proposal) == {"written": 8}
        review.undo(one.store, ACCOUNT, proposal, "a lead", datetime.now(UTC))
        rounds(one)

        assert one.states(proposal, "undo") == {"written": 8}
        assert {ticket: one.row(ticket) for ticket in before} == before


@on_both
@on_platforms
def test_a_token_revoked_in_the_middle_stops_the_writes_until_connect(tmp_path, url, platform):
    with moving(tmp_path, url, 20, platform=platform) as one:
        proposal = one.accepted(numbers(1, 21))
        one.desk.faults.writes_until_revoked = 8 * one.platform.writes_a_move
        assert "401" in a_round(one).stopped
        asked = sum(one.desk.requests.values())
        assert a_round(one).stopped is None, "nothing is due for a while"
        assert sum(one.desk.requests.values()) == asked
        assert len(one.ours) == 8
        assert one.open_writes() == 12

        one.connect()
        rounds(one)
        assert one.states(proposal) == {"written": 20}
        assert len(one.ours) == 20
        assert one.store.audit.verify(ACCOUNT).problem is None


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@on_each_platform
def test_a_long_wait_that_the_helpdesk_asks_for_is_kept_for_all_writes(tmp_path, url, platform):
    with moving(tmp_path, url, 6, platform=platform) as one:
        proposal = one.accepted(numbers(1, 7))
        faults = hostile({"throttle": 1.0}, one.desk)
        faults.most, faults.retry_after = 1, 4
        began = one.now()
        assert a_round(one).stopped == "the helpdesk asks to wait 4 s"
        asked = sum(one.desk.requests.values())
        while one.now() < began + timedelta(seconds=2.5):  # a round that begins then ends before the wait is over
            a_round(one)
            one.ahead += timedelta(milliseconds=200)
        assert sum(one.desk.requests.values()) == asked
        rounds(one)
        assert one.states(proposal) == {"written": 6}


@on_both
@on_each_platform
def test_the_switch_holds_in_the_middle_of_a_round(tmp_path, url, platform):
    with moving(tmp_path, url, 10, platform=platform) as one:
        proposal = one.accepted(numbers(1, 11))
        with one.fleet(2) as fleet:
            one.wait_for_saves(fleet, 4)
            policy.change(one.store, ACCOUNT, "an admin", datetime.now(UTC), stopped=True)
            at_the_switch = len(one.ours)
            time.sleep(1.5)
            assert len(one.ours) <= at_the_switch + 2, "what was being sent, by each of the two"
            policy.change(one.store, ACCOUNT, "an admin", datetime.now(UTC), stopped=False)
            one.wait_until_written(fleet, 30)
        assert one.states(proposal) == {"written": 10}
        assert len(one.ours) == 10


def the_database_is_away(tmp_path, server, moves, seconds, share, platform):
    server.execute("CREATE DATABASE {}", "moves")
    with moving(tmp_path, server.url("moves"), moves, share, platform) as one:
        proposal = one.accepted(numbers(1, moves + 1))
        with one.fleet(2) as fleet:
            one.wait_for_saves(fleet, moves // 3)
            server.stop()
            time.sleep(seconds)
            server.start()
            one.wait_until_written(fleet, 90)
        assert one.states(proposal) == {"written": moves}
        assert sorted(save.ticket for save in one.ours) == sorted(numbers(1, moves + 1))
        for ticket in numbers(1, moves + 1):
            assert [mark.public for mark in one.marks(proposal, ticket, "move")] == [(False,)]
        assert one.store.audit.verify(ACCOUNT).problem is None


@pytest.mark.prove
@on_platforms
def test_a_database_that_is_away_for_two_seconds_in_the_middle_doubles_nothing(tmp_path, on_own_server, platform):
    the_database_is_away(tmp_path, on_own_server[1], 12, 2, {}, platform)


@pytest.mark.prove
@on_platforms
def test_a_database_that_is_away_for_ten_seconds_in_the_middle_doubles_nothing(tmp_path, on_own_server, platform):
    the_database_is_away(tmp_path, on_own_server[1], 200, 10, EVERYTHING, platform)


def a_wave(one):
    """A wave that asks the ten agents, its invitations planned as an accepted proposal's are."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    persons = [agent for agents in GROUPS.values() for agent in agents]
    asked = tuple(Invitation(person, Place(("11",)), at) for person in persons)
    wave = waves.add(
        one.store, ACCOUNT, Plan(Kind.REGULAR, ("11",), asked, at, at + timedelta(days=7), at + timedelta(days=4))
    )
    waves.open_wave(one.store, ACCOUNT, wave.wave, at.date())
    planned = [Planned(f"{wave.wave}:{p}", "p1", "invite", p, {"wave": wave.wave}) for p in persons]
    one.store.writes.plan(ACCOUNT, planned, at)
    policy.change(one.store, ACCOUNT, "an admin", at, public_url="https://help.example")
    return persons


def is_one_ticket_each(one, persons):
    made = [save for save in one.ours if save.steps[0][0] == "created"]
    assert sorted(one.platform.asked(one.desk, save.ticket) for save in made) == sorted(persons)
    assert one.platform.strangers(one.desk) == []
    assert set(one.store.writes.made_tickets(ACCOUNT)) == {save.ticket for save in made}
    assert one.store.writes.counts(ACCOUNT) == {"written": len(persons)}
    assert one.store.audit.verify(ACCOUNT).problem is None


@on_both
@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.prove)])
@on_platforms
def test_each_person_is_asked_by_one_ticket_although_the_process_is_killed(tmp_path, url, platform, kills):
    with moving(tmp_path, url, 2, EVERYTHING | {"lost": 0.3}, platform) as one:
        persons = a_wave(one)
        with one.fleet(2) as fleet:
            one.kill(fleet, kills, len(persons))
            one.wait_until_written(fleet, 90)
        is_one_ticket_each(one, persons)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@on_platforms
def test_each_person_is_asked_once_also_when_the_helpdesk_has_forgotten_the_first_try(tmp_path, url, platform):
    with moving(tmp_path, url, 2, {"lost": 1.0}, platform) as one:
        persons = a_wave(one)
        one.desk.faults.in_a_row = len(persons)
        a_round(one, Patience())
        assert len(one.ours) == len(persons), "all arrived"
        assert one.store.writes.counts(ACCOUNT) == {"sent": len(persons)}, "and nobody knows"
        one.ahead = timedelta(hours=3)
        hostile({}, one.desk)
        rounds(one)
        is_one_ticket_each(one, persons)
