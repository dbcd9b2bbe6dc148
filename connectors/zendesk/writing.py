"""Writing to Zendesk: one request each, its outcome told in full. It decides nothing and repeats nothing.

Only what cannot have arrived is sent again: a request answered 429, and one for which no connection came about. After
a timeout, a broken connection, a server error or an unreadable answer the outcome is `Unknown`: look at the ticket
(`ticket`, `marked`) before you write again. What could not be sent at all raises RetryLater.
https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests

from connectors.outcomes import object_of, sent_once
from connectors.session import HttpRefused
from connectors.zendesk.client import LIST_ROWS, ZendeskApi
from connectors.zendesk.whys import why_refused
from connectors.zendesk.written import (
    Audit,
    Change,
    Conflict,
    Created,
    Done,
    Item,
    JobState,
    Kind,
    Made,
    NewTicket,
    Queued,
    Refused,
    TicketState,
    Unknown,
    Written,
    audit_of,
    body_of,
    body_of_new,
    gone,
    job_of,
    made_of,
    state_of,
)
from helpdesk_wellbeing.errors import BadPayload, PlatformError

MOST_IN_A_JOB = 100
_SINGULAR: Mapping[Kind, str] = {
    "ticket_fields": "ticket_field",
    "views": "view",
    "webhooks": "webhook",
    "triggers": "trigger",
    "automations": "automation",
}


class Writing:
    """One account. It shares the session of `api`, and with it token, limits and patience.

    The connection's settings must ask for `settings.WRITING_SCOPES`.
    """

    def __init__(self, api: ZendeskApi) -> None:
        self.api = api
        self._session = api.session

    # Looking

    def ticket(self, ticket: str) -> TicketState:
        """The ticket as it stands now; `is_gone` when it was deleted or never was. Raises PlatformError."""
        try:
            return state_of(self.api.object(f"/api/v2/tickets/{_number(ticket)}", "ticket"))
        except HttpRefused as refused:
            if refused.status != 404:
                raise
            return gone(ticket)

    def tickets(self, tickets: Sequence[str]) -> dict[str, TicketState]:
        """Tickets as they stand now, by id, with their SLA clocks, a hundred a request; those not found are gone.

        One ticket alone is asked for in this way, too, where its clocks matter: accounts were seen that leave the
        sideload out of the answer for a single ticket.
        """
        found = {ticket: gone(ticket) for ticket in tickets}
        for low in range(0, len(tickets), LIST_ROWS):
            ids = ",".join(_number(ticket) for ticket in tickets[low : low + LIST_ROWS])
            answer = self._session.answer("GET", "/api/v2/tickets/show_many", params={"ids": ids, "include": "slas"})
            for row in _rows(answer, "tickets", "/api/v2/tickets/show_many"):
                state = state_of(row)
                found[state.ticket] = state
        return found

    def audits(self, ticket: str) -> Iterator[Audit]:
        """The ticket's audits, newest first where the platform sorts them; none of a ticket that is gone."""
        path = f"/api/v2/tickets/{_number(ticket)}/audits"
        try:
            for page in self.api.listed(path, "audits", {"sort": "-created_at"}):
                yield from (audit_of(row) for row in page)
        except HttpRefused as refused:
            if refused.status != 404:
                raise

    def marked(self, ticket: str, marker: str) -> Audit | None:
        """The audit of our write with that marker; null: it never arrived. Reads all audits if need be."""
        return next((audit for audit in self.audits(ticket) if audit.marker == marker), None)

    def by_external_id(self, external_id: str) -> str | None:
        """The ticket that was made with this id of ours; null when there is none. Raises PlatformError.

        https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#list-tickets-by-external-id
        """
        path = "/api/v2/tickets"
        answer = self._session.answer("GET", path, params={"external_id": external_id})
        rows = _rows(answer, "tickets", path)
        return state_of(rows[0]).ticket if rows else None

    def works_here(self, user: str) -> bool:
        """Whether a user is an agent or admin now; who has left can be a requester still. Raises PlatformError."""
        try:
            row = self.api.object(f"/api/v2/users/{_number(user)}", "user")
        except HttpRefused as refused:
            if refused.status != 404:
                raise
            return False
        return row.get("role") in ("agent", "admin") and row.get("active") is True and row.get("suspended") is not True

    # Tickets

    def update(
        self, ticket: str, change: Change, stamp: str | None, marker: str | None
    ) -> Written | Conflict | Refused | Unknown:
        """One PUT. `stamp`: the `TicketState.stamp` that the decision was made on; null writes over whatever is there.

        Raises RetryLater when nothing was written (limits, no connection, or the reason for a refusal can't be read).
        """
        body = {"ticket": body_of(change, stamp, marker)}
        answer = self._send("PUT", f"/api/v2/tickets/{_number(ticket)}", body, change)
        if isinstance(answer, Conflict | Refused | Unknown):
            return answer
        found = _object(answer, "ticket")
        if found is None:
            return Unknown("the answer has no ticket")
        state = state_of(found)
        audit = _object(answer, "audit") or {}
        lost = tuple(field for field in change.fields if field not in state.fields)
        return Written(state, str(audit["id"]) if audit.get("id") else None, lost)

    def create_ticket(self, new: NewTicket, idempotency_key: str) -> Created | Conflict | Refused | Unknown:
        """One POST; the platform answers a repeated key with the first ticket for two hours.

        Conflict: the same request is under way, or the key was used for another ticket (`Refused`, invalid).
        """
        if not 0 < len(idempotency_key) <= 255:
            raise ValueError("an idempotency key has 1 to 255 characters")
        headers = {"Idempotency-Key": idempotency_key}
        answer = self._send("POST", "/api/v2/tickets", {"ticket": body_of_new(new)}, None, headers)
        if isinstance(answer, Conflict | Refused | Unknown):
            return answer
        found = _object(answer, "ticket")
        if found is None:
            return Unknown("the answer has no ticket")
        return Created(state_of(found), answer.headers.get("x-idempotency-lookup", "").lower() == "hit")

    def delete_ticket(self, ticket: str) -> Done | Conflict | Refused | Unknown:
        """Into the account's deleted tickets, which Zendesk keeps for thirty days; `gone` when it was there before."""
        answer = self._send("DELETE", f"/api/v2/tickets/{_number(ticket)}", None, None)
        return answer if isinstance(answer, Conflict | Refused | Unknown) else Done()

    def update_many(self, items: Sequence[Item]) -> Queued | Conflict | Refused | Unknown:
        """A background job of up to 100 tickets, each with a change, stamp and marker of its own."""
        _check_size(items)
        rows = [{"id": int(_number(i.ticket)), **body_of(i.change, i.stamp, i.marker)} for i in items]
        return self._job("/api/v2/tickets/update_many", {}, {"tickets": rows})

    def update_all(
        self, tickets: Sequence[str], change: Change, add_tags: Sequence[str] = (), remove_tags: Sequence[str] = (),
        marker: str | None = None,
    ) -> Queued | Conflict | Refused | Unknown:  # fmt: skip
        """A background job of the same change to up to 100 tickets; tags are added and removed one by one."""
        _check_size(tickets)
        body = body_of(change, None, marker)
        body |= {"additional_tags": list(add_tags)} if add_tags else {}
        body |= {"remove_tags": list(remove_tags)} if remove_tags else {}
        ids = ",".join(_number(ticket) for ticket in tickets)
        return self._job("/api/v2/tickets/update_many", {"ids": ids}, {"ticket": body})

    def job(self, job: str) -> JobState:
        """How far a job is, each row's outcome once it has ended. Raises PlatformError."""
        return job_of(self.api.object(f"/api/v2/job_statuses/{job}", "job_status"))

    def _job(self, path: str, params: dict[str, str], body: dict[str, Any]) -> Queued | Conflict | Refused | Unknown:
        answer = self._send("PUT", path, body, None, params=params)
        if isinstance(answer, Conflict | Refused | Unknown):
            return answer
        found = _object(answer, "job_status")
        return Queued(job_of(found)) if found and found.get("id") else Unknown("the answer names no job")

    # What is set up in the account

    def things(self, kind: Kind) -> list[dict[str, Any]]:
        """All of a kind, as the platform gives them. Raises PlatformError."""
        return [row for page in self.api.listed(f"/api/v2/{kind}", kind) for row in page]

    def thing(self, kind: Kind, number: str) -> dict[str, Any] | None:
        """One of them; null when there is none of that id. Raises PlatformError."""
        try:
            return self.api.object(f"/api/v2/{kind}/{number}", _SINGULAR[kind])
        except HttpRefused as refused:
            if refused.status != 404:
                raise
            return None

    def create_thing(self, kind: Kind, body: Mapping[str, Any]) -> Made | Conflict | Refused | Unknown:
        """`body` without its wrapper, e.g. `{"title": …}`. After Unknown look through `things` first."""
        answer = self._send("POST", f"/api/v2/{kind}", {_SINGULAR[kind]: dict(body)}, None)
        if isinstance(answer, Conflict | Refused | Unknown):
            return answer
        made = made_of(_object(answer, _SINGULAR[kind]))
        return made or Unknown("the answer names no id")

    def update_thing(self, kind: Kind, number: str, body: Mapping[str, Any]) -> Done | Conflict | Refused | Unknown:
        """Set what `body` names; a webhook is replaced as a whole."""
        answer = self._send("PUT", f"/api/v2/{kind}/{number}", {_SINGULAR[kind]: dict(body)}, None)
        return answer if isinstance(answer, Conflict | Refused | Unknown) else Done()

    def delete_thing(self, kind: Kind, number: str) -> Done | Conflict | Refused | Unknown:
        """Refused with reason `gone` when it was deleted before."""
        answer = self._send("DELETE", f"/api/v2/{kind}/{number}", None, None)
        return answer if isinstance(answer, Conflict | Refused | Unknown) else Done()

    def signing_secret(self, webhook: str) -> str:
        """The secret that a webhook's calls are signed with. Raises PlatformError, BadPayload."""
        found = self.api.object(f"/api/v2/webhooks/{webhook}/signing_secret", "signing_secret")
        secret = found.get("secret")
        if not isinstance(secret, str) or not secret:
            raise BadPayload(f"zendesk: webhook {webhook} has no signing secret; look at it in Admin Center > Webhooks")
        return secret

    # One request

    def _send(
        self, verb: str, path: str, body: dict[str, Any] | None, change: Change | None,
        headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None,
    ) -> requests.Response | Conflict | Refused | Unknown:  # fmt: skip
        return sent_once(
            self._session, verb, path, lambda refused: why_refused(self.api, refused, path, change),
            json=body, headers=dict(headers or {}), params=dict(params or {}) or None,
        )  # fmt: skip


def _number(ticket: str) -> str:
    """A ticket's id, which goes into a path. Raises ValueError when it is none."""
    if not ticket.isdigit():
        raise ValueError("a Zendesk id is a whole number")
    return ticket


def _check_size(items: Sequence[object]) -> None:
    if not 0 < len(items) <= MOST_IN_A_JOB:
        raise ValueError(f"a job takes 1 to {MOST_IN_A_JOB} tickets, not {len(items)}")


def _object(answer: requests.Response, name: str) -> dict[str, Any] | None:
    """The named object of an answer; null when the answer cannot be read or lacks it."""
    found = (object_of(answer) or {}).get(name)
    return found if isinstance(found, dict) else None


def _rows(answer: Any, name: str, path: str) -> list[Any]:
    rows = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise BadPayload(f'zendesk: the answer to GET {path} has no list "{name}"; report it with this line')
    return rows


__all__ = [
    "Audit", "Change", "Conflict", "Created", "Done", "Item", "JobState", "Kind", "Made", "NewTicket", "PlatformError",
    "Queued", "Refused", "TicketState", "Unknown", "Writing", "Written",
]  # fmt: skip
