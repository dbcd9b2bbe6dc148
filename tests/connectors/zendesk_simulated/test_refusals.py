"""Why a write is refused, from the account as it is; and what cannot be known."""

from __future__ import annotations

import socket
import threading

import pytest

from connectors.session import Limits, Unsent
from connectors.zendesk.client import ZendeskApi
from connectors.zendesk.settings import ZendeskSettings
from connectors.zendesk.simulated import Faults
from connectors.zendesk.writing import Writing
from connectors.zendesk.written import Change, Conflict, Refused, Unknown, Written
from tests.fleet import until

MOVE = Change(assignee="1002", note="Moved")
QUICK = Limits(read_s=0.3, connect_s=1.0, first_backoff_s=0.01)


def closes(one):
    one.front.others.close("3", "1001")


def is_merged(one):
    one.front.others.merge("3", "4", "1001")


def is_deleted(one):
    one.front.others.delete("3", "1001")


def nothing(one):
    pass


@pytest.mark.parametrize(
    ("happens", "change", "reason", "status"),
    [
        (closes, MOVE, "closed", 422),
        (is_merged, MOVE, "merged", 422),
        (is_deleted, MOVE, "gone", 404),
        (nothing, Change(assignee="1004"), "not_in_group", 422),
        (nothing, Change(assignee="1003"), "agent_inactive", 422),
        (nothing, Change(assignee="1005"), "agent_inactive", 422),
        (nothing, Change(assignee="5001"), "agent_inactive", 422),
        (nothing, Change(assignee="77"), "agent_inactive", 422),
        (lambda one: one.front.others.leaves("1002"), MOVE, "agent_inactive", 422),
        (lambda one: one.front.others.leaves_group("1002", "11"), MOVE, "not_in_group", 422),
        (lambda one: one.front.others.empties("12"), Change(group="12"), "group_empty", 422),
        (lambda one: one.front.others.empties("11"), MOVE, "group_empty", 422),
        (nothing, Change(group="77"), "group_empty", 422),
        (nothing, Change(fields={"77": "x"}), "field_gone", 422),
        (lambda one: one.front.others.drops_field("901"), Change(fields={"901": "x"}), "field_gone", 422),
        (nothing, Change(status="frozen"), "invalid", 422),
        (nothing, Change(note=" "), "invalid", 422),
    ],
)
def test_a_refusal_has_a_reason_and_nothing_is_written(desk, happens, change, reason, status):
    one = desk()
    happens(one)
    before = len(one.audits("3"))

    refused = one.writing.update("3", change, None, "m")

    assert isinstance(refused, Refused)
    assert (refused.reason, refused.status) == (reason, status)
    assert len(one.audits("3")) == before


def test_a_group_that_the_token_may_not_write_to_is_forbidden_and_others_are_not(desk):
    one = desk(unwritable_groups=frozenset({12}))
    assert one.writing.update("3", Change(group="12", assignee="1004"), None, None).reason == "forbidden"
    assert isinstance(one.writing.update("3", MOVE, None, None), Written)


def test_an_account_that_ignores_values_of_lost_fields_is_noticed(desk):
    one = desk(unknown_fields="ignored")
    written = one.writing.update("3", Change(assignee="1002", fields={"77": "x"}), None, None)
    assert (written.state.assignee, written.lost_fields) == ("1002", ("77",))


def test_credentials_that_end_in_the_middle_are_said_so_from_then_on(desk):
    one = desk(faults=Faults(writes_until_revoked=3))
    outcomes = [one.writing.update(str(no), MOVE, None, None) for no in range(3, 8)]
    assert [isinstance(outcome, Written) for outcome in outcomes] == [True, True, True, False, False]
    assert outcomes[3] == outcomes[4] == Refused("unauthorised", 401, None)


def test_tokens_that_expire_are_made_anew(desk):
    one = desk()
    one.writing.ticket("3")
    one.front.access.revoke_all()
    assert isinstance(one.writing.update("3", MOVE, None, None), Written)


@pytest.mark.parametrize("fault", ["lost", "late_error", "hang", "cut_json", "truncate", "reset", "html"])
def test_an_answer_that_is_lost_leaves_it_unknown_and_written_once(desk, fault):
    faults = Faults({fault: 1.0}, only="tickets/3", hang_seconds=0.6, most=1)
    one = desk(faults=faults, limits=QUICK)
    outcome = one.writing.update("3", MOVE, None, "m")

    assert isinstance(outcome, Unknown)
    assert faults.happened[fault] == 1
    written = 0 if fault == "html" else 1
    until(lambda: one.notes("3").count("Moved") >= written, 10)  # nobody waited for it to get through
    assert one.notes("3").count("Moved") == written
    assert (one.writing.marked("3", "m") is not None) == bool(written)


@pytest.mark.parametrize("fault", ["write_error", "error"])
def test_a_server_error_before_the_write_leaves_it_unknown_and_nothing_written(desk, fault):
    one = desk(faults=Faults({fault: 1.0}, only="tickets/3", most=1))
    assert isinstance(one.writing.update("3", MOVE, None, "m"), Unknown)
    assert one.writing.marked("3", "m") is None


def test_told_to_slow_down_it_waits_and_writes_once(desk):
    one = desk(faults=Faults({"throttle": 1.0}, only="tickets/3", most=2, retry_after=7))
    assert isinstance(one.writing.update("3", MOVE, None, "m"), Written)
    assert one.waited == [7.0, 7.0]
    assert one.notes("3").count("Moved") == 1


def test_told_to_slow_down_for_too_long_it_was_not_sent(desk):
    one = desk(faults=Faults({"throttle": 1.0}, only="tickets/3", retry_after=9000))
    with pytest.raises(Unsent):
        one.writing.update("3", MOVE, None, "m")


def test_where_nobody_listens_it_is_tried_again_and_was_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    waited: list[float] = []
    settings = ZendeskSettings("a", "acme", f"http://127.0.0.1:{port}", email="a@example.com", api_token="t")
    writing = Writing(ZendeskApi(settings, limits=Limits(attempts=3), sleep=waited.append))
    with pytest.raises(Unsent):
        writing.update("3", MOVE, None, "m")
    assert len(waited) == 2


def test_a_connection_that_ends_after_the_request_is_not_tried_again():
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def hear() -> None:
            connection, _ = server.accept()
            asked.append(connection.recv(65536))
            connection.close()

        thread = threading.Thread(target=hear, daemon=True)
        thread.start()
        settings = ZendeskSettings("a", "acme", f"http://127.0.0.1:{port}", email="a@example.com", api_token="t")
        outcome = Writing(ZendeskApi(settings, sleep=lambda seconds: None)).update("3", MOVE, None, "m")
        thread.join(2)
    assert isinstance(outcome, Unknown)
    assert len(asked) == 1


def test_a_conflict_out_of_the_blue_writes_nothing(desk):
    one = desk(faults=Faults({"conflict": 1.0}, most=1))
    assert one.writing.update("3", MOVE, None, "m") == Conflict()
    assert one.writing.marked("3", "m") is None


@pytest.mark.parametrize(
    ("fault", "change", "outcome"),
    [
        ("collide", MOVE, Conflict()),
        ("forbid", MOVE, Refused("forbidden", 403, "Forbidden")),
        ("merge_away", MOVE, Refused("merged", 422, "RecordInvalid")),
        ("agent_leaves", MOVE, Refused("agent_inactive", 422, "RecordInvalid")),
        ("group_empties", MOVE, Refused("group_empty", 422, "RecordInvalid")),
        ("field_drops", Change(fields={"901": "x"}), Refused("field_gone", 422, "RecordInvalid")),
    ],
)
def test_the_account_moves_just_before_the_write(desk, fault, change, outcome):
    one = desk(faults=Faults({fault: 1.0}, only="tickets/3", most=1))
    stamp = one.writing.ticket("3").stamp
    assert one.writing.update("3", change, stamp, "m") == outcome


def test_no_text_and_no_secret_stands_in_an_outcome(desk):
    one = desk(faults=Faults({"lost": 1.0}, most=1))
    change = Change(assignee="1002", note="very private words")
    outcomes = [one.writing.update("3", change, None, "m"), one.writing.update("77", change, None, "m")]
    assert "private words" not in repr((outcomes, change))
