"""What was really answered once: recordings beside the repository, read where they are."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import responses

from connectors.budget import read_headers
from connectors.zendesk import ZendeskSettings, records, vias
from connectors.zendesk.columns import Context
from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.normalise import ticket_events

SHARED = Path(os.environ.get("HELPDESK_WELLBEING_SHARED") or Path(__file__).parents[3] / "../shared") / "data"
RECORDED = SHARED / "zendesk-recorded-zenpy/interactions.jsonl.gz"
STREAMS = SHARED / "zendesk-stream-faros/all-streams.jsonl"
WHO = Context(account="acme", staff={"6130907993114", "23111595978772"})


@pytest.fixture(scope="module")
def recorded():
    if not RECORDED.exists():
        pytest.skip("the recorded answers are not here")
    with gzip.open(RECORDED) as lines:
        return [orjson.loads(line) for line in lines]


@pytest.fixture(scope="module")
def streamed():
    if not STREAMS.exists():
        pytest.skip("the recorded streams are not here")
    found: dict[str, list] = {}
    for line in STREAMS.read_bytes().splitlines():
        record = orjson.loads(line)["record"]
        found.setdefault(record["stream"].rsplit("__", 1)[1], []).append(record["data"])
    return found


def answers(recorded, part):
    return [each for each in recorded if part in each["uri"] and each["status"] == 200 and each["method"] == "GET"]


def test_recorded_ticket_pages_are_read_and_hold_no_text(recorded):
    pages = answers(recorded, "/incremental/tickets/cursor")
    assert pages
    for page in pages:
        parsed = records.parse_tickets(orjson.dumps(page["body"]))
        assert not isinstance(parsed["tickets"], list)
        fast = records.ticket_states(parsed["tickets"], WHO)
        slow = records.ticket_states(page["body"]["tickets"], WHO)
        assert fast.tickets.equals(slow.tickets)
        assert fast.unreadable == 0
        assert parsed["after_cursor"] == page["body"]["after_cursor"]
        assert fast.newest == max(row["generated_timestamp"] for row in page["body"]["tickets"])


def test_recorded_audits_become_events(recorded):
    audits = [audit for page in answers(recorded, "ticket_audits") for audit in page["body"]["audits"]]
    rows = [{**audit, "updater_id": audit["author_id"], "child_events": audit["events"]} for audit in audits]

    result = ticket_events(rows, WHO)

    assert result.unreadable == 0
    created = result.frame.filter(result.frame["kind"] == "created")
    assert created.height > 0
    assert created["status"].null_count() == 0


def test_every_recorded_rate_header_is_read(recorded):
    seen = [each["headers"] for each in recorded if any("rate" in name for name in each["headers"])]
    assert seen
    for headers in seen:
        assert read_headers(headers)["account"].total > 0


def test_recorded_channels_are_known(recorded, streamed):
    tickets = [ticket for page in answers(recorded, "/tickets.json") for ticket in page["body"].get("tickets", [])]
    for ticket in tickets + streamed["tickets"]:
        assert vias.of(ticket["via"]).known


def test_recorded_ratings_are_read_and_an_offer_is_none(streamed):
    rated = records.ratings(streamed["satisfaction_ratings"], WHO).events

    assert rated.select("ticket", "after").rows() == [("6", "good")]
    assert rated["at"][0].isoformat() == "2024-02-08T00:47:21+00:00"


def test_recorded_tickets_of_the_stream_are_read(streamed):
    read = records.ticket_states(streamed["tickets"], WHO)

    assert read.tickets.height == len({row["id"] for row in streamed["tickets"]})
    assert read.unreadable == 0


def test_a_whole_pull_runs_over_recorded_users_groups_and_tickets(recorded):
    """The recorded answers themselves, served on the account's host."""
    me = answers(recorded, "/users/me")[0]["body"]
    users = next(page["body"] for page in answers(recorded, "/users.json") if "meta" in page["body"])
    tickets = answers(recorded, "/incremental/tickets/cursor")[0]["body"]
    exported = answers(recorded, "/incremental/users/cursor")[0]["body"]
    host = "https://acme.zendesk.com"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(f"{host}/oauth/tokens", json={"access_token": "t", "scope": "read"}, status=201)
        mock.get(f"{host}/api/v2/users/me", json=me, headers={"Date": "Thu, 08 Feb 2024 17:26:49 GMT"})
        mock.get(f"{host}/api/v2/users.json", json=users | {"meta": {"has_more": False}})
        mock.get(f"{host}/api/v2/custom_statuses.json", status=404, json={"error": "InvalidEndpoint"})
        mock.get(f"{host}/api/v2/incremental/users/cursor", json=exported | {"end_of_stream": True})
        mock.get(f"{host}/api/v2/incremental/tickets/cursor", json=tickets | {"end_of_stream": True})
        empty = {"ticket_events": [], "count": 0, "end_time": None, "end_of_stream": True, "next_page": None}
        mock.get(f"{host}/api/v2/incremental/ticket_events", json=empty)
        mock.get(f"{host}/api/v2/incremental/ticket_metric_events", status=404, json={"error": "InvalidEndpoint"})
        mock.get(f"{host}/api/v2/guide/survey_responses", status=404, json={"error": "InvalidEndpoint"})
        mock.get(f"{host}/api/v2/satisfaction_ratings", status=403, json={"error": "Forbidden"})
        mock.get(f"{host}/api/v2/agent_availabilities", status=404, json={"error": "InvalidEndpoint"})
        connector = ZendeskConnector(
            ZendeskSettings(account="acme", subdomain="acme", client_id="c", client_secret="s")
        )
        pages = list(connector.pull({}, datetime(2024, 2, 1, tzinfo=UTC)))

    found = {row["id"] for row in tickets["tickets"]}
    assert {int(ticket) for page in pages if page.tickets is not None for ticket in page.tickets["ticket"]} == found
    assert len(connector.notes) == 5
