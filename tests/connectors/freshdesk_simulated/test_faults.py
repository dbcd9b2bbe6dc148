"""Each fault alone does what it says, and a reader that asks again still gets everything."""

from __future__ import annotations

import pytest
import requests

from connectors.freshdesk.simulated import Faults
from connectors.freshdesk.simulated.faults import SPOILERS

LIST = "tickets?updated_since=2026-01-01T00:00:00Z"


def always(kind: str, **more: object) -> Faults:
    return Faults(share={kind: 1.0}, only="/tickets$", **more)


@pytest.mark.parametrize("kind", SPOILERS)
def test_what_a_spoiler_takes_comes_when_asked_again(serve, kind):
    reader = serve(faults=always(kind, slow_seconds=0.01))
    for _ in range(3):
        try:
            answer = reader.raw(LIST)
            rows = answer.json() if answer.status_code == 200 else None
        except (requests.RequestException, ValueError):
            rows = None
    assert [row["id"] for row in rows] == [205]
    assert reader.front.faults.happened[kind] >= 2


def test_a_page_may_be_html_or_null_or_elsewhere(serve):
    assert serve(faults=always("html")).raw(LIST).headers["Content-Type"].startswith("text/html")
    (row,) = serve(faults=always("null_page")).raw(LIST).json()
    assert set(row.values()) == {None}
    reader = serve(faults=always("redirect"))
    assert reader.raw(LIST).headers["Location"].startswith("http://localhost:")


def test_throttling_says_how_long_to_wait_or_not(serve):
    answers = [serve(faults=always(kind)).raw(LIST) for kind in ("throttle", "throttle_bare")]
    assert [(a.status_code, a.headers.get("Retry-After")) for a in answers] == [(429, "1"), (429, None)]


def test_server_errors_come_in_several_kinds(serve):
    reader = serve(faults=always("error", in_a_row=99))
    assert {reader.raw(LIST).status_code for _ in range(4)} == {500, 502, 503, 504}


def test_pages_may_be_twisted(serve, ticket_rows):
    rows = [row for no in range(1, 6) for row in ticket_rows(str(no))]
    seen = serve(rows, faults=always("repeat")).get(LIST)
    assert sorted(row["id"] for row in seen) == [1, 1, 2, 3, 4, 5]
    reader = serve(rows, faults=always("shuffled"))
    orders = {tuple(row["id"] for row in reader.get(f"{LIST}&order_by=updated_at")) for _ in range(20)}
    assert len(orders) > 1
    assert "Link" not in serve(rows, faults=always("unlinked")).raw(f"{LIST}&per_page=2").headers
    assert "http://localhost" in serve(rows, faults=always("elsewhere")).raw(f"{LIST}&per_page=2").headers["Link"]


def test_somebody_else_may_be_quicker_with_the_quota(serve):
    reader = serve(faults=always("drained", most=1), unlimited=False)
    assert reader.raw(LIST).status_code == 429
    reader.ticks[0] += 60
    assert reader.raw(LIST).status_code == 200


def test_unknown_faults_are_refused():
    with pytest.raises(ValueError, match="expire"):
        Faults(share={"expire": 1.0})
