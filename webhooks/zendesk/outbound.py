"""A Zendesk account, to be written to: what `acting.helpdesk` asks for, in Zendesk's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from connectors.zendesk import written as zendesk
from connectors.zendesk.writing import Writing
from helpdesk_wellbeing.acting.helpdesk import (
    KEEP,
    Change,
    Conflict,
    Invitation,
    Outcome,
    Reason,
    Refused,
    Seen,
    Unknown,
    Written,
)
from helpdesk_wellbeing.errors import BadPayload, NotLetIn, RetryLater
from helpdesk_wellbeing.errors import Refused as RefusedForGood

_REASONS: Mapping[zendesk.Reason, Reason] = {
    "closed": "closed",
    "gone": "gone",
    "merged": "merged",
    "forbidden": "forbidden",
    "not_in_group": "not in group",
    "agent_inactive": "agent left",
    "group_empty": "group empty",
    "field_gone": "label gone",
    "invalid": "invalid",
}
_Found = TypeVar("_Found")


class ZendeskHelpdesk:
    """One account. `field` is the id of our custom field there; None when nothing was installed."""

    def __init__(self, writing: Writing, field: str | None) -> None:
        self._writing = writing
        self._field = field

    def look(self, ticket: str) -> Seen:
        """One request."""
        return self._seen(_let_in(lambda: self._writing.tickets([ticket])[ticket]))

    def find(self, ticket: str, marker: str) -> Written | None:
        """Through the ticket's audits, newest first."""
        found = _let_in(lambda: self._writing.marked(ticket, marker))
        return None if found is None else Written(found.id, ticket)

    def change(self, seen: Seen, change: Change, marker: str) -> Outcome:
        """One PUT, and a second one without our field when an admin has deleted that."""
        outcome = self._put(seen, change, marker, with_field=True)
        if isinstance(outcome, Refused) and outcome.reason == "label gone":
            again = self._put(seen, change, marker, with_field=False)
            return Written(again.receipt, again.ticket, lost_label=True) if isinstance(again, Written) else again
        return outcome

    def invite(self, invitation: Invitation, marker: str) -> Outcome:
        """One POST with an idempotency key, which Zendesk knows for two hours; after that our external id finds it."""
        there = self.made(marker)
        if there is not None:
            return there
        new = zendesk.NewTicket(
            subject=invitation.subject, body=invitation.body, requester=invitation.agent, group=invitation.group,
            tags=invitation.tags, marker=marker, external_id=marker,
        )  # fmt: skip
        made = self._writing.create_ticket(new, marker)
        return Written(None, made.state.ticket) if isinstance(made, zendesk.Created) else _outcome(made)

    def made(self, marker: str) -> Written | None:
        """By our external id."""
        there = _let_in(lambda: self._writing.by_external_id(marker))
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
        return _outcome(made)

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


def _outcome(made: zendesk.Conflict | zendesk.Refused | zendesk.Unknown) -> Outcome:
    if isinstance(made, zendesk.Conflict):
        return Conflict()
    if isinstance(made, zendesk.Unknown):
        return Unknown()
    if made.reason == "unauthorised":
        raise NotLetIn("zendesk: the credentials are not accepted any more; run connect again")
    return Refused(_REASONS[made.reason])


def _let_in(ask: Callable[[], _Found]) -> _Found:
    """What a look-up gives; credentials that are not accepted are told apart from all other trouble."""
    try:
        return ask()
    except RefusedForGood as refused:
        if refused.status == 401:
            raise NotLetIn(str(refused)) from None
        raise RetryLater(str(refused)) from refused
    except BadPayload as spoilt:  # a page of a proxy, half an answer
        raise RetryLater(str(spoilt)) from spoilt
