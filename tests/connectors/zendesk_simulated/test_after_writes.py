"""What was written comes back as the platform shows it: in exports, in pulls, by webhooks."""

from __future__ import annotations

import random

import orjson
import polars as pl
import pytest

from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.simulated import Faults
from connectors.zendesk.simulated.site import Holdings
from connectors.zendesk.simulated.webhooks import Sender
from connectors.zendesk.written import Change, Conflict, NewTicket, Unknown, Written
from helpdesk_wellbeing.errors import BadPayload, PlatformError


def pulled(one) -> pl.DataFrame:
    pages = ZendeskConnector(one.settings, sleep=lambda seconds: None).pull({}, None)
    return pl.concat([page.events for page in pages]).unique("id").sort("at", "id")


def rows_of(one, path: str, name: str) -> list[dict]:
    return one.api.session.answer("GET", f"/api/v2/{path}")[name]


def test_exports_show_a_write_once_its_minute_is_over(desk):
    one = desk()
    events, tickets = "incremental/ticket_events?start_time=0", "incremental/tickets/cursor?start_time=0"
    saves, rows = rows_of(one, events, "ticket_events"), rows_of(one, tickets, "tickets")
    written = one.writing.update("3", Change(assignee="1002", note="Moved", fields={"901": "x"}), None, "m")
    assert rows_of(one, events, "ticket_events") == saves

    one.clock.forward(120)

    after = rows_of(one, events, "ticket_events")
    assert after[:-1] == saves
    assert (str(after[-1]["id"]), after[-1]["updater_id"], after[-1]["via"]) == (
        written.audit,
        900000001,
        "Web service",
    )
    assert after[-1]["id"] > saves[-1]["id"]
    told = {key: child for child in after[-1]["child_events"] for key in child}
    assert (told["assignee_id"]["assignee_id"], told["assignee_id"]["previous_value"]) == ("1002", "1001")
    assert told["901"]["901"] == "x"
    assert told["comment_public"]["comment_public"] is False
    assert "Moved" not in orjson.dumps(after).decode()
    newest = rows_of(one, tickets, "tickets")[-1]
    assert (newest["id"], newest["assignee_id"], newest["updated_at"]) == (3, 1002, written.state.stamp)
    assert newest["fields"] == newest["custom_fields"] == [{"id": 901, "value": "x"}]
    assert newest["generated_timestamp"] > max(row["generated_timestamp"] for row in rows)


def test_a_pull_counts_writes_as_the_plugins_own_and_other_peoples_as_theirs(desk):
    one = desk()
    before = pulled(one)
    one.writing.update("3", Change(assignee="1002", tags=frozenset({"vip", "moved"}), note="Moved"), None, "m")
    one.front.others.edit("4", "1001", {"comment": {"body": "Done", "public": True}, "status": "solved"})
    one.clock.forward(120)

    new = pulled(one).filter(~pl.col("id").is_in(before["id"].implode()))

    told = {tuple(str(row[n]) for n in ("ticket", "kind", "actor", "actor_kind", "before", "after"))
            for row in new.iter_rows(named=True)}  # fmt: skip
    own = ("900000001", "integration")
    assert told == {
        ("3", "assigned", *own, "1001", "1002"),
        ("3", "tagged", *own, "None", "moved"),
        ("3", "noted", *own, "None", "None"),
        ("4", "replied", "1001", "agent", "None", "None"),
        ("4", "status", "1001", "agent", "open", "solved"),
    }


def test_webhooks_tell_writes_with_the_writing_user_as_their_actor(desk):
    one = desk()
    heard = []
    one.front.subscribe(heard.append)
    one.writing.update("3", Change(assignee="1002", tags=frozenset({"moved"}), note="Moved"), None, "m")

    kinds = [touch.payload["type"].rpartition(".")[2] for touch in heard]
    assert sorted(kinds) == ["agent_assignment_changed", "comment_added", "tags_changed"]
    assert {touch.payload["detail"]["actor_id"] for touch in heard} == {"900000001"}
    assert {touch.payload["detail"]["assignee_id"] for touch in heard} == {"1002"}
    sequences = [touch.payload["event"]["meta"]["sequence"] for touch in heard]
    assert len({s["id"] for s in sequences}) == 1
    assert [s["position"] for s in sequences] == [1, 2, 3]
    tags = next(t.payload["event"] for t in heard if t.payload["type"].endswith("tags_changed"))
    assert (tags["tags_added"], tags["tags_removed"]) == (["moved"], ["vip"])


def test_the_sender_posts_writes(desk):
    one = desk()
    with Sender(one.front, "http://127.0.0.1:9/nobody", "s", timeout_s=0.2) as sender:
        one.writing.update("3", Change(assignee="1002"), None, "m")
        assert sender.wait(3)
    assert sum(sender.outcomes.values()) >= 1


def test_who_listens_hears_of_each_write_and_can_let_the_team_answer(desk):
    one = desk()
    heard = []

    def work_on(write) -> None:
        heard.append(write)
        if write.author == "900000001":
            rows = one.front.site.events.tail(1).with_columns(
                pl.lit("answer").alias("id"), pl.lit("answer").alias("batch"), pl.lit("1002").alias("actor"),
                pl.lit("agent").cast(one.front.site.events.schema["actor_kind"]).alias("actor_kind"),
                pl.lit("replied").cast(one.front.site.events.schema["kind"]).alias("kind"),
                pl.lit(None, pl.String).alias("before"), pl.lit(None, pl.String).alias("after"),
            )  # fmt: skip
            one.front.happen(rows)

    one.front.on_write.append(work_on)
    one.writing.update("3", Change(assignee="1002"), None, "action-1")
    one.front.others.edit("4", "1001", {"priority": "high"})

    assert [(w.ticket, w.author, w.channel, w.steps) for w in heard] == [
        ("3", "900000001", "api", (("assigned", "1001", "1002"),)),
        ("4", "1001", "web", (("priority", None, "high"),)),
    ]
    assert heard[0].metadata == {"helpdesk_wellbeing": "action-1"}
    assert one.audits("3")[-1]["author_id"] == 1002


def test_what_happens_is_newer_than_what_happened(desk):
    one = desk()
    with pytest.raises(ValueError, match="newer"):
        one.front.happen(one.front.site.events.head(1))


def test_what_is_rendered_bit_by_bit_is_what_is_rendered_at_once(desk):
    one = desk()
    now = int(one.clock.at.timestamp()) + 10_000
    one.front.record.holdings.prepare(now)
    dice = random.Random(5)
    for step in range(30):
        no = str(dice.randint(3, 9))
        act = dice.randrange(4)
        if act == 0:
            one.front.touch(no, "1001", dice.choice(["replied", "noted"]))
        elif act == 1:
            one.front.others.edit(no, "1001", {"priority": dice.choice(["low", "high"]), "tags": [f"t{step}"]})
        elif act == 2:
            one.writing.update(no, Change(assignee=dice.choice(["1001", "1002"]), note=f"n{step}"), None, "m")
        else:
            one.writing.create_ticket(NewTicket("s", "b", requester="5001", group="11"), f"key-{step}")
        one.clock.forward(dice.choice([0, 1, 45]))
    kept = one.front.record.holdings
    fresh = Holdings(kept.site, kept.base, kept.ledger)

    for name in ("ticket_events", "metric_events"):
        bit, whole = getattr(kept, name), getattr(fresh, name)
        assert bit.text.to_list() == whole.text.to_list()
        assert list(bit.ids) == list(whole.ids)
        assert list(bit.stamps) == sorted(whole.stamps)
    assert kept.tickets(now, True).text.to_list() == fresh.tickets(now, True).text.to_list()
    ids = fresh.site.children["audit"].to_list()
    assert ids == sorted(ids)
    folded = kept.ticket(3, now)
    assert one.writing.ticket("3").stamp == folded["updated_at"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_careful_writer_gets_each_change_through_a_hostile_account_exactly_once(desk, seed):
    shares = {"lost": 0.2, "late_error": 0.1, "conflict": 0.1, "write_error": 0.1, "collide": 0.1}
    faults = Faults.hostile_to_writes(seed, slow=0.0, **shares)
    one = desk(faults=faults)
    for no in range(1, 13):
        ticket, marker = str(no), f"move-{no}"
        for _ in range(60):
            try:
                if one.writing.marked(ticket, marker):
                    break
                state = one.writing.ticket(ticket)
                outcome = one.writing.update(ticket, Change(assignee="1002", note=marker), state.stamp, marker)
                assert isinstance(outcome, Written | Conflict | Unknown)
            except (PlatformError, BadPayload):
                continue
    for no in range(1, 13):
        assert one.seen(str(no))["assignee_id"] == 1002
        assert one.notes(str(no)).count(f"move-{no}") == 1
    assert sum(faults.happened.values()) > 10
