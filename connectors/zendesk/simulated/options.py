"""What an account of the simulated Zendesk has: people's roles, plan features, limits."""

from __future__ import annotations

from dataclasses import dataclass, field

READ_SCOPES = ("read",)
WRITE_SCOPES = ("read", "write")


@dataclass(frozen=True)
class Account:
    """How a user appears in Zendesk. `role_type` 1 is a light agent, 4 an admin; end users have none."""

    role: str = "agent"  # agent | admin | end-user
    role_type: int | None = 0
    name: str | None = None  # null: taken from the people frame, else a neutral name
    active: bool = True
    suspended: bool = False


@dataclass(frozen=True)
class Options:
    """The account's plan and settings.

    `csat` is "ratings" (legacy; shows good and bad only), "surveys" (good, neutral, bad) or null. A feature
    that is off answers as the platform does when the plan lacks it. `numeric_ids` gives ids in ticket event
    children as numbers where the documentation shows strings.
    """

    subdomain: str = "acme"
    time_zone: str = "Europe/Copenhagen"
    csat: str | None = "surveys"
    availability: bool = False
    schedules: bool = True
    sla: bool = True
    metric_events: bool = True
    custom_statuses: bool = True
    numeric_ids: bool = False
    service_user: int = 900_000_001
    service_email: str = "service@example.com"
    limit: int = 700  # requests a minute, all clients together
    export_limit: int = 10  # requests a minute, all incremental exports together
    update_limit: int = 100  # updates of tickets a minute, all clients together
    ticket_update_limit: int = 30  # updates of one ticket by one user in ten minutes
    job_limit: int = 30  # jobs that are under way at once
    job_polls: int = 2  # how often a job answers that it isn't done yet
    unwritable_groups: frozenset[int] = frozenset()  # the token may read their tickets, not write: 403
    unknown_fields: str = "refused"  # a value for a custom field that isn't there: refused (422) | ignored
    unlimited: bool = False
    minute: float = 60.0  # real seconds in one minute of the rate limits
    allowed_scopes: tuple[str, ...] = field(default=READ_SCOPES)  # what the OAuth client may ask for
    redirect_urls: tuple[str, ...] = ()  # where the client may send people who sign in; none: anywhere on loopback
    token_ttl: float | None = None  # real seconds a token lives, whatever was asked for; null: as asked
