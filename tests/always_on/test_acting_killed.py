"""Accepted moves are written once each, whoever dies; what became of them is the helpdesk's word."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from helpdesk_wellbeing.acting import review
from helpdesk_wellbeing.acting.helpdesk import MOVED, MOVED_TAG
from tests.always_on.desks import Mark
from tests.always_on.moving import ACCOUNT, EVERYTHING, moving

# On PostgreSQL the full counts are proved; here SQLite stands for both.
on_platforms = pytest.mark.parametrize("platform", ["zendesk", "freshdesk"])
on_both = pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.prove)], indirect=True)


def is_moved_once(one, proposal, tickets):
    """Each ticket was reassigned once and has one note, and our receipts say what the helpdesk says."""
    writes = {w.target: w for w in one.store.writes.of_proposal(ACCOUNT, proposal) if w.kind == "move"}
    assert Counter(w.state for w in writes.values()) == {"written": len(tickets)}
    for ticket in tickets:
        receipt = writes[ticket].receipt
        assert one.marks(proposal, ticket, "move") == [Mark(receipt["platform"], (one.receiver(ticket),), (False,))]
        assert one.assignments(ticket) == [one.receiver(ticket)]
        now = one.row(ticket)
        assert now == {
            "assignee": one.receiver(ticket), "group": receipt["before"]["group"], "status": "open",
            "tags": [*receipt["before"]["tags"], MOVED_TAG], "label": MOVED,
        }  # fmt: skip
        assert {name: now[name] for name in receipt["after"]} == receipt["after"]
    is_told_once(one, "move", tickets)


def is_told_once(one, kind, tickets):
    told, after = Counter(), 0
    while log := one.store.audit.entries(ACCOUNT, after):
        told.update(e.body["ticket"] for e in log if e.what == "written" and e.body["kind"] == kind)
        after = log[-1].seq
    assert told == dict.fromkeys(tickets, 1)
    assert one.store.audit.verify(ACCOUNT).problem is None


def is_undone(one, proposal, before):
    writes = {w.target: w for w in one.store.writes.of_proposal(ACCOUNT, proposal) if w.kind == "undo"}
    assert {w.state for w in writes.values()} == {"written"}
    for ticket, state in before.items():
        receipt = writes[ticket].receipt
        assert one.marks(proposal, ticket, "undo") == [Mark(receipt["platform"], (state["assignee"],), (False,))]
        assert one.assignments(ticket) == [one.receiver(ticket), state["assignee"]]
        assert one.row(ticket) == state
        assert receipt.get("not_restored", []) == []


def moved_and_undone(one, moves, kills, processes=1, *, as_installed=False, seconds=600):
    """Moves under kills, then everything back under kills; told as a line."""
    tickets = [str(number) for number in range(1, moves + 1)]
    before = {ticket: one.row(ticket) for ticket in tickets}
    began = time.monotonic()
    with one.fleet(processes, as_installed=as_installed) as fleet:
        proposal = one.accepted(tickets)
        one.kill(fleet, kills, moves)
        one.wait_until_written(fleet, seconds)
        is_moved_once(one, proposal, tickets)
        took = time.monotonic() - began
        review.undo(one.store, ACCOUNT, proposal, "a lead", one.desk.now())
        one.kill(fleet, kills, moves, seed=8)
        one.wait_until_written(fleet, seconds)
    assert fleet.kills == 2 * kills
    is_undone(one, proposal, before)
    is_told_once(one, "move", tickets)
    is_told_once(one, "undo", tickets)
    faults = ", ".join(f"{n} {kind}" for kind, n in sorted(one.desk.faults.happened.items()))
    return (f"{moves} moves, {kills} kills, {processes} process(es): {took:.0f} s; undone with {kills} kills: "
            f"{time.monotonic() - began - took:.0f} s; {faults}")  # fmt: skip


@on_both
@on_platforms
def test_each_ticket_moves_once_although_the_process_is_killed(tmp_path, url, platform):
    tickets = [str(number) for number in range(1, 16)]
    with moving(tmp_path, url, len(tickets), EVERYTHING, platform) as one, one.fleet(2) as fleet:
        proposal = one.accepted(tickets)
        one.kill(fleet, 3, len(tickets))
        one.wait_until_written(fleet, 60)
        is_moved_once(one, proposal, tickets)


@pytest.mark.prove
@pytest.mark.parametrize("processes", [1, 2])
@on_platforms
def test_two_hundred_moves_and_thirty_kills_under_a_hostile_helpdesk(tmp_path, url, platform, processes, capsys):
    with moving(tmp_path, url, 200, EVERYTHING, platform) as one:
        told = moved_and_undone(one, 200, 30, processes)
    with capsys.disabled():
        print(f"\n{platform}, {url.partition(':')[0]}: {told}")


@pytest.mark.prove
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@on_platforms
def test_workers_as_an_admin_starts_them_move_each_ticket_once(tmp_path, url, platform):
    """With the patience of an installation: what a killed worker had claimed is taken over after 90 s, and a request of
    unknown fate is waited out for two minutes where tickets have no version.
    """
    tickets = [str(number) for number in range(1, 41)]
    with moving(tmp_path, url, len(tickets), EVERYTHING, platform) as one, one.fleet(2, as_installed=True) as fleet:
        proposal = one.accepted(tickets)
        one.kill(fleet, 4, len(tickets))
        one.wait_until_written(fleet, 600)
        is_moved_once(one, proposal, tickets)
