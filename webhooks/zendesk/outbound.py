"""A Zendesk account, to be written to: what `acting.helpdesk` asks for, in Zendesk's words."""

from __future__ import annotations

from connectors.zendesk import written as zendesk
from connectors.zendesk.writing import Writing
from helpdesk_wellbeing.acting.helpdesk import (
    KEEP,
    Change,
    Invitation,
    Outcome,
    Reason,
    Refused,
    Seen,
    Sent,
    Written,
)
from webhooks.outcomes import let_in, told


class ZendeskHelpdesk:
    """One account. `field` is the id of our custom field there; None when nothing was installed."""

    forgiving = True  # stamps and idempotency keys

    def __init__(self, writing: Writing, field: str | None) -> None:
        self._writing = writing
        self._field = field

    def look(self, ticket: str) -> Seen:
        """One request."""
        return self._seen(let_in(lambda: self._writing.tickets([ticket])[ticket]))

    def find(self, seen: Seen, sent: Sent, marker: str) -> Written | None:
        """Through the ticket's audits, newest first: a save is whole or not at all."""
        found = let_in(lambda: self._writing.marked(seen.ticket, marker))
        return None if found is None else Written(found.id, seen.ticket)

    def change(self, seen: Seen, change: Change, marker: str) -> Outcome:
        """One PUT, and a second one without our field when an admin has deleted that."""
        outcome = self._put(seen, change, marker, with_field=True)
        if isinstance(outcome, Refused) and outcome.reason == "label gone":
            again = self._put(seen, change, marker, with_field=False)
            return Written(again.receipt, again.ticket, lost_label=True) if isinstance(again, Written) else again
        return outcome

    def invite(self, invitation: Invitation, marker: str) -> Outcome:
        """One POST with an idempotency key, which Zendesk knows for two hours; after that our external id finds it.

        Who has left would be taken as a requester, and mailed as a customer, so that is looked up first.
        """
        if not let_in(lambda: self._writing.works_here(invitation.agent)):
            return Refused("agent left")
        new = zendesk.NewTicket(
            subject=invitation.subject, body=invitation.body, requester=invitation.agent, group=invitation.group,
            tags=invitation.tags, marker=marker, external_id=marker,
        )  # fmt: skip
        made = self._writing.create_ticket(new, marker)
        return Written(None, made.state.ticket) if isinstance(made, zendesk.Created) else told(made, "zendesk")

    def made(self, marker: str) -> Written | None:
        """By our external id."""
        there = let_in(lambda: self._writing.by_external_id(marker))
        return None if there is None else Written(None, there)

    def _put(self, seen: Seen, change: Change, marker: str, *, with_field: bool) -> Outcome:
        fields: dict[str, zendesk.FieldValue] = {}
        if with_field and self._field is not None and change.label is not KEEP:
            fields[self._field] = change.label
        asked = zendesk.Change(
            assignee=zendesk.KEEP if change.assignee is KEEP else change.assignee,
            group=zendesk.KEEP if change.group is KEEP else change.group,
            tags=change.tags,
            fields=fields,
            note=change.note,
        )
        made = self._writing.update(seen.ticket, asked, seen.stamp, marker)
        if isinstance(made, zendesk.Written):
            return Written(made.audit, made.state.ticket, lost_label=bool(made.lost_fields))
        return told(made, "zendesk")

    def _seen(self, state: zendesk.TicketState) -> Seen:
        problem: Reason | None = None
        if state.is_gone:
            problem = "gone"
        elif state.is_closed:
            problem = "merged" if state.is_merged else "closed"
        label = None if self._field is None else state.fields.get(self._field)
        return Seen(
            ticket=state.ticket, status=state.status, assignee=state.assignee, group=state.group, tags=state.tags,
            label=None if label in (None, "") else str(label), stamp=state.stamp, problem=problem,
            next_sla=state.breach_at, at=self._writing.api.session.platform_now,
        )  # fmt: skip
