"""What an account of the simulated Freshdesk has: people's roles, plan, limits, what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Credits a minute: all, and what single kinds of request may take of them."""

    total: int
    create: int
    update: int
    tickets: int
    contacts: int


PLANS: Mapping[str, Plan] = {
    "trial": Plan(50, 50, 50, 50, 50),
    "growth": Plan(200, 80, 80, 20, 20),
    "pro": Plan(400, 160, 160, 100, 100),
    "enterprise": Plan(700, 280, 280, 200, 200),
    "purchased1000": Plan(1000, 400, 400, 300, 300),
    "purchased2000": Plan(2000, 800, 800, 400, 400),
}
HOLD = 8  # the account's own status "On hold"; 6 and 7 come with every account
STATUSES: Mapping[int, str] = {
    2: "Open", 3: "Pending", 4: "Resolved", 5: "Closed", 6: "Waiting on Customer", 7: "Waiting on Third Party",
    HOLD: "On hold",
}  # fmt: skip
# Endpoints that a plan or an account may lack; asked for, they answer 403 with `require_feature`.
OPTIONAL = frozenset(
    [
        "time_entries", "satisfaction_ratings", "surveys", "availability", "business_hours", "sla_policies",
        "admin_groups", "ticket_activities", "roles", "skills", "archived",
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Account:
    """How a person appears. `state`: active | deactivated (still listed, and says so) | removed (a contact now)."""

    role: str = "agent"  # agent | supervisor | admin
    type: str = "support_agent"  # support_agent | field_agent | collaborator
    name: str | None = None  # null: taken from the people frame, else a neutral name
    occasional: bool = False
    ticket_scope: int = 1  # 1 all, 2 own groups, 3 own tickets
    state: str = "active"


@dataclass(frozen=True)
class Options:
    """The account's plan and settings, and whose the key is.

    `scope` and `groups` are those of the key's own agent: with 2 it sees the tickets of these groups only, with 3 its
    own. Without `admin` the key is refused where the platform wants one. `lacking` names what `OPTIONAL` lists.
    """

    domain: str = "acme.freshdesk.com"
    time_zone: str = "Europe/Copenhagen"
    plan: str = "growth"
    unlimited: bool = False
    minute: float = 60.0  # seconds, of the clock that limits go by, in one minute of the rate limits
    decimal_headers: bool = False  # "700.0", as accounts have shown since 2026
    service_user: int = 900_000_001
    service_email: str = "service@example.com"
    admin: bool = True
    scope: int = 1
    groups: tuple[str, ...] = ()
    lacking: frozenset[str] = frozenset()
    refused_includes: frozenset[str] = frozenset()  # `include` with one of these is answered 400
    surveys: str = "current"  # current (seven steps around neutral) | classic (1 to 3)
    time_entries: bool = False  # make them up from replies where the events have no `handled`
    activities: str | None = None  # the daily export of old accounts: list | object (the shapes seen) | null: none
    merge_notes: bool = True  # a merge leaves a private note in both tickets
    survey_notes: bool = True  # some ratings come with a remark, which is a conversation of source 6
    spam_every: int = 3  # of deleted tickets, those whose number divides by this went to spam; 0: none
    escalation_moves: bool = True  # a missed target moves `updated_at`
    reopening_clears: bool = False  # reopened, a ticket's `resolved_at` and `closed_at` become null
    due_delay_s: int = 3  # due times are null so long after creation
    archive_after_days: int | None = None  # closed tickets leave the list after so long without a change
    search_lag_s: int = 120  # how far the search index is behind
    quoted_ids: bool = True  # ids of business hours come as text
    job_polls: int = 2  # how often a job answers that it isn't done yet
    outsiders: str = (
        "taken"  # an agent from outside the ticket's group: taken | refused (400) | ignored (200, no change)
    )
    bare_rules: bool = False  # automation rules come as a bare list, as clients have met it
    account_number: int = 13

    def __post_init__(self) -> None:
        unknown = self.lacking - OPTIONAL
        if self.plan not in PLANS or unknown:
            wrong = f"no plan {self.plan}" if self.plan not in PLANS else f"nothing optional: {sorted(unknown)}"
            raise ValueError(f"{wrong}; plans: {', '.join(PLANS)}; optional: {', '.join(sorted(OPTIONAL))}")
