"""A Freshdesk account, to be written to: what `acting.helpdesk` asks for, in Freshdesk's words.

A ticket has no version there, and a note is a request of its own. So a change is: look again right before, PUT, compare
the answer, then the note. The PUT comes first, because a note tells what was done. Each of the two is recognised later:
the note by the reference that it ends with, the PUT by how the ticket stands (`has_arrived`).

Invitations are tickets of the key's own agent, who certainly exists: an address, or an agent whom the account has
meanwhile made a contact, could become a customer's record. Nobody but that agent gets the mail for a new ticket.
"""

from __future__ import annotations

from dataclasses import replace

from connectors import outcomes
from connectors.freshdesk import written as freshdesk
from connectors.freshdesk.writing import Writing
from connectors.session import HttpRefused
from helpdesk_wellbeing.acting.helpdesk import (
    KEEP,
    TAGS,
    Change,
    Conflict,
    Half,
    Invitation,
    Outcome,
    Refused,
    Seen,
    Sent,
    Unknown,
    Written,
)
from webhooks.outcomes import let_in, nothing_sent, refused, told


class FreshdeskHelpdesk:
    """One account. `field` is the name under which tickets store our custom field; None when nothing was installed."""

    forgiving = False  # no version, no idempotency key

    def __init__(self, writing: Writing, field: str | None) -> None:
        self._writing = writing
        self._field = field

    def look(self, ticket: str) -> Seen:
        """One request. A ticket that the key may not see is forbidden: its agent may have got a narrower scope."""
        return let_in(lambda: self._look(ticket))

    def find(self, seen: Seen, sent: Sent, marker: str) -> Written | Half | None:
        """The note, among the ticket's conversations; without it, whether the ticket stands as it was asked for."""
        if sent.note is not None:
            note = let_in(lambda: self._writing.marked(seen.ticket, marker))
            if note is not None:
                return Written(note.id, seen.ticket)
        if not (sent.half or has_arrived(seen, sent)):
            return None
        if sent.note is None:
            return Written(None, seen.ticket)
        return self._half(seen.ticket, sent.note, marker)

    def change(self, seen: Seen, change: Change, marker: str) -> Outcome:
        """One PUT, if the ticket still stands as it was seen; Half when a note goes with it."""
        group = seen.group if change.group is KEEP else change.group
        if change.assignee is not KEEP or change.group is not KEEP:
            assignee = seen.assignee if change.assignee is KEEP else change.assignee
            reason = self._why_not(assignee, group)
            if reason is not None:
                return refused(reason)
        with nothing_sent():
            there = let_in(lambda: self._writing.ticket(seen.ticket, clocks=False))
        if there.is_gone:
            return Refused("gone")
        if there.stamp != seen.stamp:
            return Conflict()
        outcome = self._put(there, change, with_field=True)
        if isinstance(outcome, Refused) and outcome.reason == "label gone":
            again = self._put(there, change, with_field=False)
            outcome = Written(None, seen.ticket, lost_label=True) if isinstance(again, Written) else again
        if isinstance(outcome, Written) and change.note is not None:
            return self._half(seen.ticket, change.note, marker, outcome.lost_label)
        return outcome

    def invite(self, invitation: Invitation, marker: str) -> Outcome:
        """One POST: a ticket of the key's own agent, assigned to whom is asked.

        Where an account takes only members of the group, the ticket goes without one: then those see it who see every
        ticket, and the agent; with the group its members would, too.
        """
        with nothing_sent():
            requester = let_in(self._writing.own_user)
        reason = self._why_not(invitation.agent, None)
        if reason is not None:
            return refused(reason)
        new = freshdesk.NewTicket(
            subject=invitation.subject, body=invitation.body, requester=requester, assignee=invitation.agent,
            group=invitation.group, tags=invitation.tags, marker=marker,
        )  # fmt: skip
        with nothing_sent():
            made = self._writing.create_ticket(new)
            if isinstance(made, freshdesk.Refused) and made.reason == "not_in_group":
                made = self._writing.create_ticket(replace(new, group=None))
        if not isinstance(made, freshdesk.Created):
            return told(made, "freshdesk")
        if made.assignee != invitation.agent:  # passed over in silence
            self._writing.update(made.ticket, freshdesk.Change(assignee=invitation.agent, group=None))
        return Written(None, made.ticket)

    def made(self, marker: str) -> Written | None:
        """By the reference in its text, among the tickets of the key's own agent."""
        there = let_in(lambda: self._writing.made(marker))
        return None if there is None else Written(None, there)

    def _look(self, ticket: str) -> Seen:
        try:
            return self._seen(self._writing.ticket(ticket))
        except HttpRefused as refused:
            if refused.status != 403 or refused.code == "account_suspended":
                raise
            return replace(self._seen(freshdesk.gone(ticket)), problem="forbidden")

    def _why_not(self, agent: str | None, group: str | None) -> outcomes.Reason | None:
        with nothing_sent():
            return let_in(lambda: self._writing.standing.why_not(agent, group))

    def _half(self, ticket: str, note: str, marker: str, lost_label: bool = False) -> Half:
        return Half(ticket, lambda: self._note(ticket, note, marker, lost_label), lost_label)

    def _note(self, ticket: str, text: str, marker: str, lost_label: bool) -> Outcome:
        with nothing_sent():
            made = self._writing.note(ticket, text, marker)
        if isinstance(made, freshdesk.Noted):
            return Written(made.id, ticket, lost_label)
        failed = told(made, "freshdesk")
        return Written(None, ticket, lost_label, lost_note=True) if isinstance(failed, Refused) else Unknown()

    def _put(self, there: freshdesk.TicketState, change: Change, *, with_field: bool) -> Outcome:
        fields: dict[str, freshdesk.FieldValue] = {}
        if with_field and self._field is not None and change.label is not KEEP:
            fields[self._field] = change.label
        asked = freshdesk.Change(
            assignee=freshdesk.KEEP if change.assignee is KEEP else change.assignee,
            group=freshdesk.KEEP if change.group is KEEP else change.group,
            tags=change.tags,
            fields=fields,
        )
        if freshdesk.shows(there, asked):
            return Written(None, there.ticket)  # a save that changes nothing would still set off rules
        with nothing_sent():
            made = self._writing.update(there.ticket, asked, there.group)
        if not isinstance(made, freshdesk.Written):
            return told(made, "freshdesk")
        if not _is_ignored(there, made.state, asked):
            return Written(None, there.ticket)
        return self._take_back(there, asked)

    def _take_back(self, before: freshdesk.TicketState, asked: freshdesk.Change) -> Outcome:
        """The answer shows the owner of before: where that is so indeed, our marks come off again."""
        now = let_in(lambda: self._writing.ticket(before.ticket, clocks=False))
        if not _is_ignored(before, now, asked):
            return Written(None, before.ticket)
        fields = {name: before.fields.get(name) for name in asked.fields}
        ours = frozenset(TAGS)
        tags = (now.tags - ours) | (before.tags & ours)
        made = self._writing.update(before.ticket, freshdesk.Change(tags=tags, fields=fields))
        return Refused("not in group") if isinstance(made, freshdesk.Written) else told(made, "freshdesk")

    def _seen(self, state: freshdesk.TicketState) -> Seen:
        label = None if self._field is None else state.fields.get(self._field)
        return Seen(
            ticket=state.ticket, status=state.status, assignee=state.assignee, group=state.group, tags=state.tags,
            label=None if label in (None, "") else str(label), stamp=state.stamp,
            problem="gone" if state.is_gone else None, next_sla=state.breach_at,
            at=self._writing.api.session.platform_now,
        )  # fmt: skip


def has_arrived(seen: Seen, sent: Sent) -> bool:
    """Whether the ticket shows that a PUT got through, also when others have changed it since.

    Where nothing has moved, it has not. A tag of ours that wasn't there tells best, because nobody else sets it; then
    our label; then that a tag of ours is off. A second move of a ticket has none of these: there, only the whole state
    that was asked for tells, and with a ticket that somebody else has taken since nothing more is done.
    """
    if seen.stamp == sent.stamp:
        return False
    before, after = set(sent.before["tags"]), set(sent.after["tags"])
    ours = frozenset(TAGS)
    if added := (after - before) & ours:
        return added <= seen.tags
    changed = {name for name in ("assignee", "group", "label") if sent.before[name] != sent.after[name]}
    if "label" in changed and sent.after["label"] is not None:
        return bool(seen.label == sent.after["label"])
    there = {"assignee": seen.assignee, "group": seen.group, "label": seen.label}
    if removed := (before - after) & ours:
        return not removed & seen.tags and ("label" not in changed or seen.label == sent.after["label"])
    return bool(after == seen.tags) and all(there[name] == sent.after[name] for name in changed)


def _is_ignored(before: freshdesk.TicketState, after: freshdesk.TicketState, asked: freshdesk.Change) -> bool:
    """Whether a new owner was asked for, and the ticket still has the one that it had."""
    pairs = ((asked.assignee, before.assignee, after.assignee), (asked.group, before.group, after.group))
    return any(wanted not in (freshdesk.KEEP, was) and now == was for wanted, was, now in pairs)
