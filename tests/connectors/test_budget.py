"""Requests that cost more than one, and plans that are learned from answers."""

from __future__ import annotations

import pytest

from connectors.budget import BucketRule, Budget

TICKETS, OTHER = "/api/v2/tickets", "/api/v2/agents"


class Platform:
    """Counts credits in minutes that begin with the first request after the last one ended."""

    def __init__(self, total: int) -> None:
        self.at, self.total, self.began, self.spent = 0.0, total, 0.0, 0
        self.budget = Budget(
            (
                BucketRule("account", lambda path: True, 200, by_credits=True, unsaid_reset=True),
                BucketRule("list", lambda path: path == TICKETS, 20, by_total={0: 20, 400: 100, 700: 200}),
            ),
            now=lambda: self.at,
        )

    def ask(self, path: str, cost: int = 1, by_others: int = 0) -> None:
        """One request, with all the waiting before it; it takes a tenth of a second."""
        endpoint = f"GET {path}"
        while (wait := self.budget.take(path, endpoint)) > 0:
            self.at += wait
        if self.at >= self.began + 60:
            self.began, self.spent = self.at, 0
        self.spent += cost + by_others
        self.at += 0.1
        left = max(0, self.total - self.spent)
        headers = {
            "X-RateLimit-Total": f"{self.total}.0",
            "X-RateLimit-Remaining": f"{left}.0",
            "X-RateLimit-Used-CurrentRequest": str(cost),
        }
        self.budget.learn(path, endpoint, headers)


@pytest.mark.parametrize("total", [200, 400, 700])
@pytest.mark.parametrize("cost", [1, 3])
def test_our_share_of_the_minute_is_used_to_the_full_and_never_more(total, cost):
    platform = Platform(total)
    for _ in range(3 * total // cost):
        platform.ask(OTHER, cost)
        assert platform.spent <= 0.7 * total + cost

    fastest = min(600 * cost, 0.7 * total)  # a minute; ten requests a second are all that this platform answers
    assert 3 * total <= fastest * (platform.at / 60 + 1)
    assert platform.at / 60 < 1.05 * (3 * total / fastest)
    assert platform.budget.credits_spent == 3 * total // cost * cost


@pytest.mark.parametrize(("total", "lists"), [(200, 14), (400, 70), (700, 140), (1000, 140)])
def test_the_accounts_total_tells_how_many_lists_there_may_be(total, lists):
    platform = Platform(total)
    platform.ask(OTHER)

    assert platform.budget.per_minute("list") == lists


def test_what_others_use_comes_out_of_our_share_before_it_comes_out_of_the_reserve():
    platform = Platform(200)
    for _ in range(60):
        platform.ask(OTHER, by_others=2)

    assert platform.at > 60


def test_nobody_is_asked_for_a_minute_in_which_others_left_nothing():
    platform = Platform(200)
    platform.ask(OTHER, by_others=199)
    began = platform.at

    platform.ask(OTHER)

    assert platform.at - began >= 55
