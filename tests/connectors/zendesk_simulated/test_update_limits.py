"""How many updates an account takes, and how a writer keeps to it."""

from __future__ import annotations

import time

import requests

from connectors.budget import Budget
from connectors.zendesk.client import platform
from connectors.zendesk.settings import ZendeskSettings
from connectors.zendesk.written import Change, Written


def put(one, ticket: str, note: str = "n"):
    token = one.api.credentials.header()
    return requests.put(
        f"{one.front.base_url}/api/v2/tickets/{ticket}.json",
        json={"ticket": {"comment": {"body": note, "public": False}}},
        headers={"Authorization": token},
        timeout=5,
    )


def test_updates_have_a_bucket_of_their_own(desk):
    one = desk(unlimited=False, update_limit=3)
    answers = [put(one, str(no)) for no in range(3, 7)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["Zendesk-RateLimit-tickets-update"].startswith("total=3; remaining=2; resets=")
    assert answers[3].json()["error"] == "APIRateLimitExceeded"
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert one.writing.ticket("3").status == "open"


def test_one_ticket_takes_fewer(desk):
    one = desk(unlimited=False, ticket_update_limit=2)
    assert [put(one, "3").status_code for _ in range(3)] == [200, 200, 429]
    assert put(one, "4").status_code == 200


def test_a_writer_that_is_told_what_is_left_waits_before_the_limit(desk):
    one = desk(unlimited=False, update_limit=10, minute=1.0)
    one.api.session._sleep = lambda seconds: one.waited.append(seconds) or time.sleep(seconds)
    outcomes = [one.writing.update(str(no), Change(note="n"), None, None) for no in range(1, 10)]
    assert all(isinstance(outcome, Written) for outcome in outcomes)
    assert one.front.limits.refused == 0
    assert one.waited


def test_updates_are_planned_for_seventy_of_a_hundred_a_minute_and_looking_is_not_counted():
    rules = platform(ZendeskSettings("a", "acme", email="a@example.com", api_token="t")).buckets
    clock = [0.0]
    budget = Budget(rules, now=lambda: clock[0])
    path, update, look = "/api/v2/tickets/3", "PUT /api/v2/tickets/{id}", "GET /api/v2/tickets/{id}"
    assert [budget.take(path, update) for _ in range(70)] == [0.0] * 70
    assert budget.take(path, look) == 0.0
    assert budget.take(path, update) == 60.0
    assert budget.per_minute("update") == 70.0
