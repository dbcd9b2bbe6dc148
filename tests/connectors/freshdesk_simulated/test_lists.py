"""The list of tickets: what it leaves out, how it pages, what it costs, how its rows move."""

from __future__ import annotations

import pytest

from connectors.freshdesk.simulated import Faults


def many(count: int, minute: int = 1) -> list[dict[str, object]]:
    asked = {"actor": "5001", "actor_kind": "requester", "kind": "created", "status": "new", "group": "11"}
    return [asked | {"ticket": str(no), "min": minute * no} for no in range(1, count + 1)]


def ids(rows: list[dict[str, object]]) -> list[object]:
    return [row["id"] for row in rows]


def test_updated_since_includes_its_own_second(serve):
    reader = serve(many(5))
    assert ids(reader.get("tickets?updated_since=2026-10-05T08:03:00Z&order_by=updated_at&order_type=asc")) == [3, 4, 5]
    assert ids(reader.get("tickets?updated_since=2026-10-05T10:04:00%2B02:00")) == [5, 4]


def test_without_it_only_what_was_created_in_the_last_thirty_days(serve):
    reader = serve(many(3, minute=1440 * 20))
    reader.clock.set(1440 * 80)
    assert ids(reader.get("tickets")) == [3]
    assert ids(reader.get("tickets?updated_since=2026-01-01T00:00:00Z")) == [3, 2, 1]


def test_pages_have_thirty_rows_unless_asked_and_name_the_next_one(serve):
    reader = serve(many(70))
    first = reader.raw("tickets")
    assert (len(first.json()), len(reader.get("tickets?per_page=70"))) == (30, 70)
    second = reader.raw(first.links["next"]["url"])
    third = reader.raw(second.links["next"]["url"])
    assert "Link" not in third.headers
    assert ids(first.json() + second.json() + third.json()) == list(range(70, 0, -1))


@pytest.mark.parametrize(
    ("query", "field"),
    [("per_page=101", "per_page"), ("page=0", "page"), ("page=301", "page"), ("order_by=id", "order_by"),
     ("order_type=up", "order_type"), ("filter=mine", "filter"), ("include=all", "include"),
     ("updated_since=yesterday", "updated_since")],
)  # fmt: skip
def test_what_cannot_be_is_a_validation_error(serve, query, field):
    answer = serve().raw(f"tickets?{query}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_nothing_lies_behind_page_three_hundred(serve):
    reader = serve(many(301))
    answer = reader.raw("tickets?per_page=1&page=300")
    assert ids(answer.json()) == [2]
    assert "Link" not in answer.headers
    assert reader.raw("tickets?per_page=1&page=301").status_code == 400


def test_rows_move_while_pages_are_read(serve):
    reader = serve(many(6))
    path = "tickets?updated_since=2026-01-01T00:00:00Z&order_by=updated_at&order_type=asc&per_page=3"
    assert ids(reader.get(path)) == [1, 2, 3]
    reader.front.touch("1", "1001")
    assert ids(reader.get(path + "&page=2")) == [5, 6, 1]  # ticket 4 slipped onto the page before


def test_embedding_is_charged_as_the_header_says(serve):
    reader = serve(unlimited=False, decimal_headers=True)
    told = {path: reader.raw(path).headers["X-RateLimit-Used-CurrentRequest"]
            for path in ("tickets", "tickets?include=stats", "tickets?include=stats,requester", "tickets/205",
                         "tickets/205?include=stats,conversations", "tickets/205/conversations")}  # fmt: skip
    assert list(told.values()) == ["1.0", "3.0", "5.0", "1.0", "3.0", "1.0"]
    assert reader.front.credits["GET tickets"] == 9
    assert reader.front.credits.total() == 14


def test_an_account_may_refuse_to_embed(serve):
    reader = serve(refused_includes=frozenset({"stats"}))
    assert reader.raw("tickets?include=stats").status_code == 400
    assert reader.raw("tickets?include=requester").status_code == 200


def test_lists_can_be_narrowed_to_a_customer_and_ordered_otherwise(serve):
    rows = many(3)
    rows[1]["actor"] = "5002"
    reader = serve(rows)
    assert ids(reader.get("tickets?requester_id=5002")) == ids(reader.get("tickets?email=customer5002@example.com"))
    assert ids(reader.get("tickets?requester_id=5002")) == [2]
    assert ids(reader.get("tickets?order_by=status&order_type=asc")) == [1, 2, 3]


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_walk_by_key_sees_every_ticket_whatever_moves_and_however_seconds_are_shuffled(serve, seed):
    reader = serve(many(12, minute=0), Faults(share={"shuffled": 0.5, "repeat": 0.3, "unlinked": 0.3}, seed=seed))
    touched, since, seen = [1 + (seed * no) % 12 for no in range(9)], "2026-10-05T08:00:00Z", {}
    for _ in range(40):
        page, known = 1, len(seen)
        while page:
            path = f"tickets?updated_since={since}&order_by=updated_at&order_type=asc&per_page=5&page={page}"
            rows = reader.get(path)
            seen |= {row["id"]: row["updated_at"] for row in rows}
            last = rows[-1]["updated_at"] if rows else since
            page = page + 1 if len(rows) >= 5 and last == since else 0  # on inside one second only
            if touched:
                reader.front.touch(str(touched.pop()), "1001")
        if len(seen) == known:  # nothing new in this second
            since = max(last, since)
    assert seen == {no: reader.front.record.ticket(no)["updated_at"] for no in range(1, 13)}


def test_search_counts_and_lists_by_expression(serve):
    reader = serve(many(40), search_lag_s=0)
    found = reader.get('search/tickets?query="group_id:11 AND status:2"')
    assert (found["total"], len(found["results"])) == (40, 30)
    assert len(reader.get('search/tickets?query="group_id:11"&page=2')["results"]) == 10
    assert reader.get('search/tickets?query="agent_id:null AND (priority:4 OR priority:1)"')["total"] == 40
    assert reader.get("search/tickets?query=\"created_at:>'2026-10-06'\"")["total"] == 0
    assert reader.get("search/tickets?query=\"created_at:<'2026-10-05' AND tag:'none'\"")["total"] == 0
    for wrong in ("status:2", '"status:2 AND"', '"wages:3"', '"status:open"', '"(status:2"', f'"{"a" * 600}"'):
        assert reader.raw(f"search/tickets?query={wrong}").status_code == 400
    assert reader.raw('search/tickets?query="status:2"&page=11').status_code == 400


def test_the_search_index_is_behind(serve):
    reader = serve(many(2), search_lag_s=120)
    reader.clock.set(3)
    assert reader.get('search/tickets?query="status:2"')["total"] == 1
