"""Each fault alone does what it says, and a reader that asks again still gets everything."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from connectors.zendesk.simulated import Faults
from connectors.zendesk.simulated.faults import SPOILERS

EVENTS = "incremental/ticket_events?start_time=0"
TICKETS = "incremental/tickets/cursor?start_time=0"


def always(kind: str, **more: object) -> Faults:
    return Faults(share={kind: 1.0}, only="incremental", **more)


@pytest.mark.parametrize("kind", SPOILERS)
def test_what_a_spoiler_takes_comes_when_asked_again(serve, world, kind):
    front, reader = serve(world, always(kind, slow_seconds=0.01))
    rows = reader.export(EVENTS + "&per_page=20", "ticket_events", tries=4)
    assert len({row["id"] for row in rows}) == 7 * 6 + 2
    assert front.faults.happened[kind] >= 3


def test_throttling_says_how_long_to_wait_or_not(serve, world):
    _, reader = serve(world, always("throttle"))
    assert (reader.raw(EVENTS).status_code, reader.raw(EVENTS).headers["Retry-After"]) == (429, "1")
    _, reader = serve(world, always("throttle_bare"))
    assert "Retry-After" not in reader.raw(EVENTS).headers


def test_server_errors_come_in_several_kinds(serve, world):
    _, reader = serve(world, always("error", in_a_row=99))
    seen = {reader.raw(EVENTS).status_code for _ in range(4)}
    assert seen == {500, 502, 503, 504}


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_broken_connection_is_an_error_of_the_transport(serve, world, kind):
    _, reader = serve(world, always(kind))
    with pytest.raises(requests.RequestException):
        reader.raw(EVENTS)


def test_cut_json_is_a_whole_answer_that_does_not_parse(serve, world):
    _, reader = serve(world, always("cut_json"))
    answer = reader.raw(EVENTS)
    assert answer.status_code == 200
    with pytest.raises(ValueError):
        answer.json()


def test_a_page_may_be_html_or_null_or_of_a_wrong_type(serve, world):
    _, reader = serve(world, always("html"))
    assert reader.raw(EVENTS).headers["Content-Type"].startswith("text/html")
    _, reader = serve(world, always("null_page"))
    assert set(reader.raw(EVENTS).json().values()) == {None}
    _, reader = serve(world, always("wrong_type"))
    answer = reader.raw(EVENTS)
    assert (answer.headers["Content-Type"], answer.json()["end_of_stream"]) == (
        "application/octet-stream",
        True,
    )


def test_a_redirect_points_at_another_host_name_and_following_it_is_noticed(serve, world):
    front, reader = serve(world, always("redirect"))
    answer = reader.raw(EVENTS)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("http://localhost:")
    assert front.strayed == 0
    requests.get(answer.headers["Location"], timeout=5, allow_redirects=False)
    assert front.strayed == 1


def test_a_token_may_end_in_mid_pull(serve, world):
    _, reader = serve(world, always("expire", most=1))
    assert reader.raw(EVENTS).status_code == 401
    assert reader.raw("users/me").status_code == 401
    reader.mint()
    assert reader.raw(EVENTS).status_code == 200


def test_rows_may_come_twice(serve, world):
    _, reader = serve(world, always("repeat"))
    ids = [row["id"] for row in reader.export(EVENTS + "&per_page=10", "ticket_events")]
    assert len(ids) > len(set(ids)) == 7 * 6 + 2


def test_a_page_may_be_larger_than_asked_for(serve, world):
    _, reader = serve(world, always("oversize"))
    assert len(reader.get(TICKETS + "&per_page=2")["tickets"]) == 4


def test_pages_may_end_between_rows_of_one_second(serve, events_of):
    same = [{"ticket": str(n), "actor": "7", "kind": "replied", "min": n // 5} for n in range(20)]
    _, kept = serve(events_of(same))
    _, split = serve(events_of(same), always("split_ties"))
    assert len(kept.get(EVENTS + "&per_page=6")["ticket_events"]) == 10
    page = split.get(EVENTS + "&per_page=6")
    assert len(page["ticket_events"]) == 6
    assert len({row["id"] for row in split.export(EVENTS + "&per_page=6", "ticket_events")}) == 20


def test_late_rows_become_visible_later(serve, world):
    clock = [world["at"].max() + timedelta(seconds=70)]
    faults = Faults(share={"late": 1.0})
    _, reader = serve(world, faults, now=lambda: clock[0])
    early = {row["id"] for row in reader.export(EVENTS, "ticket_events")}
    clock[0] += timedelta(seconds=60)
    later = {row["id"] for row in reader.export(EVENTS, "ticket_events")}
    assert len(later - early) == 1
    assert faults.happened["late"] == 1


def test_the_last_page_may_have_rows_and_no_end_time(serve, world):
    _, reader = serve(world, always("null_end_time"))
    page = reader.get(EVENTS)
    assert page["count"] > 0
    assert (page["end_time"], page["next_page"]) == (None, None)


def test_an_endless_stream_stands_still_and_says_it_goes_on(serve, world):
    _, reader = serve(world, Faults(share={"endless": 1.0}))
    page = reader.get(TICKETS)
    again = reader.get(page["after_url"])
    assert (again["end_of_stream"], again["after_cursor"]) == (False, page["after_cursor"])
    events = reader.get(EVENTS)
    assert (events["end_of_stream"], events["end_time"]) == (False, 0)
    listed = reader.get("groups?page[size]=100")
    assert reader.get(listed["links"]["next"])["meta"] == {**listed["meta"]}


def test_the_next_page_may_be_on_another_host(serve, world):
    _, reader = serve(world, Faults(share={"elsewhere": 1.0}))
    assert reader.get(TICKETS)["after_url"].startswith("http://localhost:9/")
    assert reader.get(EVENTS)["next_page"].startswith("http://localhost:9/")
    assert reader.get("groups?page[size]=1")["links"]["next"].startswith("http://localhost:9/")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_patient_reader_gets_everything_through_a_hostile_line(serve, world, seed):
    front, reader = serve(world, Faults.hostile(seed, slow=0.0))
    rows = reader.export(EVENTS + "&per_page=3", "ticket_events", tries=8)
    tickets = reader.export(TICKETS + "&per_page=2", "tickets", tries=8)
    assert len({row["id"] for row in rows}) == 7 * 6 + 2
    assert len({row["id"] for row in tickets}) == 7
    assert front.faults.happened["split_ties"] > 0


def test_an_unknown_fault_is_refused():
    with pytest.raises(ValueError, match="gremlin"):
        Faults(share={"gremlin": 1.0})
