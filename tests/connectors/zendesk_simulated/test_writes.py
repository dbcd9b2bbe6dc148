"""Tickets are written to over HTTP, and everything that is read shows it as the platform would."""

from __future__ import annotations

from connectors.zendesk.written import MARKER, Change, Conflict, Refused, Written


def test_one_put_moves_notes_tags_and_marks(desk):
    one = desk()
    field = one.writing.create_thing("ticket_fields", {"type": "text", "title": "Load"})
    before = one.writing.ticket("3")
    change = Change(
        assignee="1002", tags=before.tags_with(["moved"], ["vip"]), fields={field.id: "high"}, note="Moved to balance"
    )

    written = one.writing.update("3", change, before.stamp, "action-1")

    assert isinstance(written, Written)
    assert (written.state.assignee, written.state.group, written.state.status) == ("1002", "11", "open")
    assert written.state.tags == {"moved"}
    assert written.state.fields[field.id] == "high"
    assert written.state.stamp > before.stamp
    assert written.lost_fields == ()
    assert one.writing.ticket("3") == written.state
    audit = one.audits("3")[-1]
    assert (str(audit["id"]), audit["author_id"]) == (written.audit, 900000001)
    assert audit["metadata"]["custom"] == {MARKER: "action-1"}
    assert audit["via"]["channel"] == "api"
    told = {e.get("field_name", e["type"]): (e.get("previous_value"), e.get("value")) for e in audit["events"]}
    assert told["assignee_id"] == ("1001", "1002")
    assert told["tags"] == (["vip"], ["moved"])
    assert told[field.id] == (None, "high")
    note = next(e for e in audit["events"] if e["type"] == "Comment")
    assert (note["public"], note["body"]) == (False, "Moved to balance")


def test_what_was_written_is_found_by_its_marker(desk):
    one = desk()
    stamp = one.writing.ticket("3").stamp
    written = one.writing.update("3", Change(assignee="1002"), stamp, "action-1")

    assert one.writing.marked("3", "action-1").id == written.audit
    assert one.writing.marked("3", "action-2") is None
    assert one.writing.marked("999", "action-1") is None


def test_somebody_else_was_quicker_so_nothing_is_written(desk):
    one = desk()
    stamp = one.writing.ticket("3").stamp
    one.front.others.edit("3", "1001", {"priority": "high"})

    assert one.writing.update("3", Change(assignee="1002", note="x"), stamp, "m") == Conflict()
    assert one.seen("3")["assignee_id"] == 1001
    assert len(one.audits("3")) == 3


def test_without_a_stamp_it_is_written_over_whatever_is_there(desk):
    one = desk()
    one.front.others.edit("3", "1001", {"priority": "high"})

    assert isinstance(one.writing.update("3", Change(assignee="1002"), None, "m"), Written)


def test_a_single_update_knows_no_adding_and_removing_of_tags(desk):
    one = desk()
    session = one.api.session

    answer = session.answer("PUT", "/api/v2/tickets/3.json", json={"ticket": {"additional_tags": ["x"]}})

    assert answer["ticket"]["tags"] == ["vip"]


def test_tags_have_endpoints_of_their_own(desk):
    one = desk()
    path = "/api/v2/tickets/3/tags"
    ask = one.api.session.answer

    assert ask("PUT", path, json={"tags": ["b"]})["tags"] == ["b", "vip"]
    assert ask("DELETE", path, json={"tags": ["vip"]})["tags"] == ["b"]
    assert ask("POST", path, json={"tags": ["c"]})["tags"] == ["c"]
    assert ask("GET", path)["tags"] == ["c"]
    assert ask("GET", "/api/v2/tags")["tags"] == [{"name": "vip", "count": 11}, {"name": "c", "count": 1}]


def test_a_drop_downs_value_is_a_tag_both_ways(desk):
    one = desk()
    options = [{"name": "High", "value": "load_high"}, {"name": "Low", "value": "load_low"}]
    field = one.writing.create_thing(
        "ticket_fields", {"type": "tagger", "title": "Load", "custom_field_options": options}
    ).id

    set_to = one.writing.update("3", Change(fields={field: "load_high"}), None, None).state
    assert set_to.tags == {"vip", "load_high"}
    other = one.writing.update("3", Change(fields={field: "load_low"}), None, None).state
    assert other.tags == {"vip", "load_low"}
    bare = one.writing.update("3", Change(tags=frozenset({"vip"})), None, None).state
    assert bare.fields[field] is None
    by_tag = one.writing.update("3", Change(tags=frozenset({"load_high"})), None, None).state
    assert by_tag.fields[field] == "load_high"
    wrong = one.writing.update("3", Change(fields={field: "elsewhere"}), None, None)
    assert wrong == Refused("invalid", 422, "RecordInvalid")


def test_a_new_group_without_its_assignee_leaves_nobody(desk):
    one = desk()
    state = one.writing.update("3", Change(group="12"), None, None).state
    assert (state.group, state.assignee) == ("12", None)


def test_assigning_a_new_ticket_opens_it(desk):
    one = desk()
    one.front.touch("3", "1001", "status", "new")
    assert one.writing.update("3", Change(assignee="1002"), None, None).state.status == "open"


def test_nothing_to_change_is_written_nowhere(desk):
    one = desk()
    before = one.writing.ticket("3")
    written = one.writing.update("3", Change(assignee="1001"), before.stamp, "m")
    assert (written.state, written.audit) == (before, None)


def test_comments_show_what_was_written_and_inherit_their_privacy(desk):
    one = desk()
    one.writing.update("3", Change(note="private"), None, None)
    one.api.session.answer("PUT", "/api/v2/tickets/3", json={"ticket": {"comment": {"body": "to the customer"}}})

    shown = one.api.session.answer("GET", "/api/v2/tickets/3/comments.json")["comments"]

    assert [(c["body"], c["public"]) for c in shown[-2:]] == [("private", False), ("to the customer", True)]


def test_a_note_can_have_another_author(desk):
    one = desk()
    one.writing.update("3", Change(note="for 1002", note_author="1002"), None, None)
    audit = one.audits("3")[-1]
    assert (audit["author_id"], audit["events"][0]["author_id"]) == (900000001, 1002)


def test_every_save_moves_the_stamp_even_within_a_second(desk):
    one = desk()
    stamps = [one.writing.update("3", Change(note=f"n{n}"), None, None).state.stamp for n in range(3)]
    assert len(set(stamps)) == 3


def test_without_the_scope_nothing_is_written(desk, serve, world):
    one = desk()
    front, reader = serve(world)
    answer = reader.session.put(f"{front.base_url}/api/v2/tickets/3", json={"ticket": {"status": "open"}})
    assert answer.status_code == 403
    assert one.seen("3")["status"] == "open"


def test_several_tickets_are_looked_at_in_one_request(desk):
    one = desk()
    one.front.others.delete("4", "1001")
    found = one.writing.tickets(["3", "4", "5"])
    assert [found[no].status for no in ("3", "4", "5")] == ["open", "deleted", "open"]
    assert one.front.requests["tickets/show_many"] == 1
