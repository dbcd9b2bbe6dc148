"""From a save to events."""

from __future__ import annotations

import time

import polars as pl
import pytest

from connectors.zendesk import normalise
from connectors.zendesk.columns import Context
from connectors.zendesk.normalise import ticket_events
from helpdesk_wellbeing import events

WHO = Context(account="acme", staff={"1", "2", "3", "9"}, own_user="9", people_by_api={"3"})
AT = 1_793_000_000


def save(*children, updater=2, via="Web form", audit=100, ticket=7, **more):
    numbered = [{"id": audit * 10 + index, **child} for index, child in enumerate(children)]
    row = {"id": audit, "ticket_id": ticket, "timestamp": AT, "updater_id": updater, "via": via}
    return row | {"event_type": "Audit", "child_events": numbered} | more


def change(name, value, previous, **more):
    return {"event_type": "Change", name: value, "previous_value": previous, **more}


def comment(public, **more):
    return {"event_type": "Comment", "comment_present": True, "comment_public": public, **more}


def read(*rows, context=WHO):
    return ticket_events(list(rows), context)


def brief(result, *names):
    return result.frame.select(*names).rows()


def test_events_come_in_the_declared_schema():
    result = read(save(change("status", "open", "new")), save())

    assert result.frame.schema == events.SCHEMA
    assert read().frame.schema == events.SCHEMA


def test_a_save_gives_one_event_for_each_change_in_one_batch():
    result = read(
        save(
            change("status", "solved", "open"),
            change("assignee_id", 3, "2"),
            change("group_id", "11", 10),
            change("priority", "high", "normal"),
            {"event_type": "Change", "tags": ["a", "c"], "added_tags": ["c"], "removed_tags": ["b"]},
            comment(True),
        )
    )

    assert brief(result, "kind", "before", "after") == [
        ("status", "open", "solved"),
        ("assigned", "2", "3"),
        ("moved", "10", "11"),
        ("priority", "normal", "high"),
        ("tagged", None, "c"),
        ("untagged", "b", None),
        ("replied", None, None),
    ]
    assert set(brief(result, "actor", "actor_kind", "batch", "ticket", "grade")) == {("2", "agent", "100", "7", "A")}


def test_both_layouts_of_a_change_give_the_same_events():
    keyed = [
        change("status", "solved", "open"),
        change("assignee_id", None, 2),
        {"event_type": "Change", "tags": ["a", "c"], "previous_value": ["a", "b"]},
    ]
    named = [
        {"type": "Change", "field_name": "status", "value": "solved", "previous_value": "open"},
        {"type": "Change", "field_name": "assignee_id", "value": None, "previous_value": "2"},
        {"type": "Change", "field_name": "tags", "value": ["a", "c"], "previous_value": ["a", "b"]},
    ]

    assert read(save(*keyed)).frame.equals(read(save(*named)).frame)


def test_via_may_be_a_label_or_an_object():
    as_object = {
        "channel": "rule",
        "source": {"rel": "trigger", "from": {"id": 77, "title": "private words"}},
    }
    by_object = read(save(change("status", "open", "new", via=as_object)))
    by_label = read(save(change("status", "open", "new", via="Rule", via_reference_id=77)))

    assert brief(by_object, "actor", "actor_kind") == [("rule:77", "system")]
    assert by_object.frame.equals(by_label.frame)


def test_a_creating_save_is_one_created_with_its_first_state_and_its_tags():
    result = read(
        save(
            *({"event_type": "Create", name: value} for name, value in [
                ("subject", "private words"), ("status", "new"), ("priority", "urgent"), ("group_id", 10),
                ("assignee_id", None), ("requester_id", 500), ("tags", ["vip", "de"]),
            ]),
            comment(True),
            updater=500,
            via="Mail",
        )
    )  # fmt: skip

    assert brief(result, "kind", "after", "actor_kind") == [
        ("created", None, "requester"),
        ("tagged", "vip", "requester"),
        ("tagged", "de", "requester"),
    ]
    first = result.frame.row(0, named=True)
    assert (first["group"], first["assignee"], first["status"], first["priority"]) == (
        "10",
        None,
        "new",
        "urgent",
    )
    assert first["channel"] == "email"
    assert "private words" not in repr(result.frame.rows())


def test_what_a_trigger_did_in_a_creating_save_is_an_event_of_the_system():
    result = read(
        save(
            {"event_type": "Create", "status": "new"},
            change("group_id", 11, None, via="Rule", via_reference_id=5),
            updater=500,
        )
    )

    assert brief(result, "kind", "actor", "actor_kind") == [
        ("created", "500", "requester"),
        ("moved", "rule:5", "system"),
    ]


def test_a_status_that_was_nothing_before_is_a_creation():
    assert brief(read(save(change("status", "open", None))), "kind", "status") == [("created", "open")]


@pytest.mark.parametrize(
    ("updater", "public", "kind", "actor_kind"),
    [
        (2, True, "replied", "agent"),
        (2, False, "noted", "agent"),
        (500, True, "customer_replied", "requester"),
        (500, False, "noted", "unknown"),
        (-1, True, "replied", "system"),
        (None, False, "noted", "system"),
    ],
)
def test_a_comment_is_named_by_who_saved_it(updater, public, kind, actor_kind):
    assert brief(read(save(comment(public), updater=updater)), "kind", "actor_kind") == [(kind, actor_kind)]


def test_a_customers_words_entered_by_an_agent_are_the_customers():
    result = read(save(comment(True, author_id=500)), save(comment(True, author_id=1), audit=101))

    assert brief(result, "kind", "actor", "actor_kind") == [
        ("customer_replied", "500", "requester"),
        ("replied", "2", "agent"),
    ]


def test_a_comment_that_is_not_present_is_none():
    assert read(save({"event_type": "Comment", "comment_present": False, "comment_public": True})).frame.is_empty()


@pytest.mark.parametrize(
    ("updater", "via", "actor", "actor_kind"),
    [
        (2, "Web form", "2", "agent"),
        (2, "Web service", "2", "integration"),
        (2, {"channel": "api", "source": {}}, "2", "integration"),
        (3, "Web service", "3", "agent"),
        (9, "Web form", "9", "integration"),
        (500, "Web service", "500", "requester"),
        (-1, "Automation", None, "system"),
        (2, "Rule", None, "system"),
        (2, "Linked problem", "2", "system"),
        (2, "Batch", "2", "agent"),
        (2, "Telepathy", "2", "agent"),
        (2, None, "2", "agent"),
    ],
)
def test_attribution(updater, via, actor, actor_kind):
    result = read(save(change("status", "closed", "solved"), updater=updater, via=via))

    assert brief(result, "actor", "actor_kind") == [(actor, actor_kind)]


def test_an_automation_is_named_where_it_is_known():
    result = read(save(change("status", "closed", "solved", via_reference_id=31), updater=-1, via="Automation"))

    assert brief(result, "actor", "actor_kind") == [("rule:31", "system")]


def test_a_merge_says_so_and_stays_what_it_was():
    result = read(save(change("status", "closed", "open", via_reference_id=8), comment(False), via="Ticket merge"))

    assert brief(result, "kind", "after", "actor_kind") == [
        ("merged", "8", "agent"),
        ("status", "closed", "agent"),
        ("noted", None, "agent"),
    ]
    by_rel = read(save(comment(False), via={"channel": "web", "source": {"rel": "merge", "from": {"ticket_id": 8}}}))
    assert brief(by_rel, "kind", "after")[0] == ("merged", "8")


def test_a_deletion_is_one_event():
    result = read(save(change("status", "deleted", "open"), change("custom_status_id", 4, 5)))

    assert brief(result, "kind", "before") == [("deleted", "open")]


def test_custom_statuses_count_by_their_category_and_by_the_admins_wish():
    known = Context(account="acme", staff={"2"}, statuses={"40": "open", "41": "pending", "42": "pending"})
    wished = Context(account="acme", staff={"2"}, statuses=known.statuses, overrides={"42": "hold"})
    alone = save(change("custom_status_id", 41, 40))
    beside = save(change("status", "pending", "open"), change("custom_status_id", 42, 40))

    assert brief(read(alone, context=known), "before", "after") == [("open", "pending")]
    assert read(save(change("custom_status_id", 42, 41)), context=known).frame.is_empty()
    assert brief(read(beside, context=known), "before", "after") == [("open", "pending")]
    assert brief(read(beside, context=wished), "before", "after") == [("open", "hold")]


def test_unknown_words_and_kinds_are_counted_and_do_no_harm():
    result = read(
        save(
            change("status", "Waiting", "open"),
            change("priority", "catastrophic", "high"),
            {"event_type": "TeaBreak", "minutes": 5},
            {"event_type": "Notification", "body": "private words"},
        )
    )

    assert brief(result, "kind", "after") == [("status", "pending"), ("priority", None)]
    assert dict(result.unknown) == {"status": 1, "priority": 1, "child event TeaBreak": 1}


def test_a_change_to_the_same_value_is_none():
    assert read(save(change("assignee_id", "2", 2), change("status", "open", "open"))).frame.is_empty()


def test_a_row_that_cannot_be_read_leaves_nothing_behind():
    broken = save(change("status", "open", "new"), change("tags", 5, None))
    result = read(broken, save(change("status", "solved", "open"), audit=101), {"id": 1}, None, save(ticket="x"))

    assert result.unreadable == 4
    assert brief(result, "batch", "after") == [("101", "solved")]


def test_time_falls_back_to_the_written_one():
    row = save(change("status", "open", "new"), created_at="2026-11-20T12:00:00+01:00")
    del row["timestamp"]

    assert read(row).frame["at"][0].isoformat() == "2026-11-20T11:00:00+00:00"


def test_ids_do_not_depend_on_the_order_of_the_rows_or_children_and_differ():
    rows = [
        save(
            change("status", "open", "new"),
            comment(True),
            {"event_type": "Change", "added_tags": ["x", "y"], "tags": ["x", "y"]},
        )
    ]
    rows.append(save(change("status", "open", "new"), audit=101))
    once = read(*rows).frame
    turned = [{**row, "child_events": row["child_events"][::-1]} for row in rows[::-1]]

    assert sorted(once["id"]) == sorted(read(*turned).frame["id"])
    assert once["id"].n_unique() == once.height
    assert once["id"].to_list()[:4] == sorted(once["id"].to_list()[:4])


def test_silence_about_nothing_in_particular_is_not_stored():
    context = Context(account="acme", staff=frozenset())
    assert ticket_events([], context).newest is None
    assert ticket_events([save()], context).newest == AT


def test_normalising_is_fast_enough():
    children = [
        change("status", "open", "new", via="Web form", via_reference_id=0),
        comment(True),
        change("assignee_id", 5, None, via="Rule", via_reference_id=7),
    ]
    rows = [save(*children, audit=index) for index in range(5000)]
    began = time.process_time()
    result = normalise.ticket_events(rows, WHO)
    spent = time.process_time() - began

    assert result.frame.height == 15_000
    assert spent < 1.0  # a fifth of the aim, so that a busy machine does not fail
    assert isinstance(result.frame, pl.DataFrame)
