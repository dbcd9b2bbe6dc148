"""Writing to Freshdesk: one request each, its outcome told in full. It decides nothing and repeats nothing.

After a timeout, a broken connection, a server error or an unreadable answer the outcome is `Unknown`: look at the
ticket (`ticket`, `marked`) before you write again. What cannot have arrived raises RetryLater: no connection, a 429, a
rate limit that would have it wait. It isn't waited for here, because nothing but a fresh look tells that a write is
still right: a ticket has no version that would say so.
https://developers.freshdesk.com/api/#tickets
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import requests

from connectors.freshdesk.client import FreshdeskApi
from connectors.freshdesk.marks import is_marked
from connectors.freshdesk.standing import Standing
from connectors.freshdesk.written import (
    KEEP,
    Change,
    Created,
    JobState,
    NewTicket,
    Noted,
    Queued,
    TicketState,
    Written,
    body_of,
    body_of_new,
    body_of_note,
    gone,
    job_of,
    state_of,
)
from connectors.outcomes import Conflict, Done, Refused, Unknown, object_of, sent_once
from connectors.session import HttpRefused
from helpdesk_wellbeing.errors import BadPayload

MOST_IN_A_JOB = 100
_TICKETS = "/api/v2/tickets"


class Writing:
    """One account. It shares the session of `api`, and with it the key, limits and patience."""

    def __init__(self, api: FreshdeskApi, now: Callable[[], float] = time.monotonic) -> None:
        self.api = api
        self.standing = Standing(api, now)
        self._session = api.session
        self._own_user: str | None = None

    # Looking

    def own_user(self) -> str:
        """The agent that the key belongs to. Raises PlatformError, BadPayload."""
        if self._own_user is None:
            number = self.api.me().get("id")
            if not isinstance(number, int):
                raise BadPayload("freshdesk: the key's own agent came without an id; report it with this line")
            self._own_user = str(number)
        return self._own_user

    def ticket(self, ticket: str, clocks: bool = True) -> TicketState:
        """The ticket as it stands now; `is_gone` when it was deleted, is spam or never was. `clocks`: with its next SLA
        breach, which costs a second credit. Raises PlatformError.
        """
        params = {"include": "stats"} if clocks else None
        try:
            row = self.api.object(f"{_TICKETS}/{_number(ticket)}", params=params)
        except HttpRefused as refused:
            if refused.status != 404:
                raise
            return gone(ticket)
        return state_of(row, self.api.settings.statuses)

    def marked(self, ticket: str, marker: str) -> Noted | None:
        """Our note with that marker; null: it never arrived. Reads all conversations if need be, and keeps none."""
        try:
            for page in self.api.listed(f"{_TICKETS}/{_number(ticket)}/conversations"):
                for row in page:
                    if isinstance(row, dict) and is_marked(row, marker, "body_text", "body"):
                        return Noted(str(row.get("id")))
        except HttpRefused as refused:
            if refused.status not in (403, 404, 405):
                raise
        return None

    def made(self, marker: str) -> str | None:
        """The ticket that was made for the key's own agent with that marker within the last 30 days; null: none.

        Searching would not do, because its index is minutes behind. The list is asked for what this one requester has,
        which are tickets of our own making, so the texts that come along are ours. Raises PlatformError.
        """
        params = {"requester_id": self.own_user(), "include": "description", "order_by": "created_at"}
        for page in self.api.listed(_TICKETS, params):
            for row in page:
                if isinstance(row, dict) and is_marked(row, marker, "description_text", "description"):
                    return str(row.get("id"))
        return None

    # Tickets

    def update(self, ticket: str, change: Change, group: str | None = None) -> Written | Conflict | Refused | Unknown:
        """One PUT of what the change names, over whatever is there: look right before, and again after Unknown. `group`
        is the one that the ticket is in, to tell why an agent was refused.

        Raises RetryLater when nothing was written (limits, no connection, or the reason for a refusal can't be read).
        """
        path = f"{_TICKETS}/{_number(ticket)}"
        answer = self._send("PUT", path, body_of(change), change, group)
        if isinstance(answer, Conflict | Refused | Unknown):
            return answer
        row = object_of(answer)
        try:
            return Unknown("the answer has no ticket") if row is None else Written(self._state(row))
        except BadPayload as spoilt:
            return Unknown(str(spoilt))

    def note(
        self, ticket: str, text: str, marker: str, notify: Sequence[str] = ()
    ) -> Noted | Conflict | Refused | Unknown:
        """One private note, found again by its marker; `notify` are addresses of agents."""
        body = body_of_note(text, marker, notify)
        answer = self._send("POST", f"{_TICKETS}/{_number(ticket)}/notes", body, None)
        if isinstance(answer, Conflict | Refused | Unknown):
            return answer
        number = (object_of(answer) or {}).get("id")
        return Noted(str(number)) if number else Unknown("the answer names no note")

    def create_ticket(self, new: NewTicket) -> Created | Conflict | Refused | Unknown:
        """One POST; Freshdesk knows no key by which a second one would be recognised, so ask `made` before."""
        change = Change(assignee=new.assignee or KEEP, group=new.group or KEEP, fields=new.fields)
        answer = self._send("POST", _TICKETS, body_of_new(new), change)
        if isinstance(answer, Conflict | Refused | Unknown):
            return answer
        row = object_of(answer) or {}
        agent = row.get("responder_id")
        if not row.get("id"):
            return Unknown("the answer names no ticket")
        return Created(str(row["id"]), str(agent) if agent else None)

    def delete_ticket(self, ticket: str) -> Done | Conflict | Refused | Unknown:
        """Into the account's trash; `gone` when it was there before."""
        answer = self._send("DELETE", f"{_TICKETS}/{_number(ticket)}", None, None)
        return answer if isinstance(answer, Conflict | Refused | Unknown) else Done()

    # Many at once

    def update_many(self, tickets: Sequence[str], change: Change) -> Queued | Conflict | Refused | Unknown:
        """A background job of the same change to up to 100 tickets. Not for tags, of which it isn't known whether a job
        replaces or adds them.
        """
        if change.tags is not None:
            raise ValueError("tags are not written by jobs")
        if not 0 < len(tickets) <= MOST_IN_A_JOB:
            raise ValueError(f"a job takes 1 to {MOST_IN_A_JOB} tickets, not {len(tickets)}")
        action = {"ids": [int(_number(ticket)) for ticket in tickets], "properties": body_of(change)}
        answer = self._send("POST", f"{_TICKETS}/bulk_update", {"bulk_action": action}, change)
        if isinstance(answer, Conflict | Refused | Unknown):
            return answer
        job = (object_of(answer) or {}).get("job_id")
        return Queued(str(job)) if job else Unknown("the answer names no job")

    def job(self, job: str) -> JobState:
        """How far a job is. Raises PlatformError."""
        return job_of(self.api.object(f"/api/v2/jobs/{job}"), job)

    def wait_for(self, job: str, sleep: Callable[[float], None], seconds: float = 60.0) -> bool:
        """Ask until the job is over, at most so long; whether it is. How it went, only the tickets tell."""
        waited, pause = 0.0, 1.0
        while not self.job(job).is_over:
            if waited >= seconds:
                return False
            sleep(pause)
            waited += pause
            pause = min(2 * pause, 15.0)
        return True

    # One request

    def _state(self, row: dict[str, Any]) -> TicketState:
        return state_of(row, self.api.settings.statuses)

    def _send(
        self, verb: str, path: str, body: dict[str, Any] | None, change: Change | None, group: str | None = None
    ) -> requests.Response | Conflict | Refused | Unknown:
        agent = change.assignee if change is not None and isinstance(change.assignee, str) else None
        group = change.group if change is not None and isinstance(change.group, str) else group
        fields = set(change.fields) if change is not None else set()
        return sent_once(
            self._session, verb, path, lambda refused: self.standing.why_refused(refused, agent, group, fields),
            patient=False, json=body,
        )  # fmt: skip


def _number(ticket: str) -> str:
    """A ticket's id, which goes into a path. Raises ValueError when it is none."""
    if not ticket.isdigit():
        raise ValueError("a Freshdesk ticket id is a whole number")
    return ticket
