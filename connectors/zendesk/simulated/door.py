"""What other people do in the account while it runs: they edit, merge and delete tickets, leave, and tidy up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.simulating.text import numbers_of

from .record import Record, with_user, without_member
from .updates import Denied
from .writes import Writes


class Door:
    """Steered by tests and demos; ids as text, in our words or the platform's. Raises ValueError for what can't be."""

    def __init__(self, record: Record, writes: Writes) -> None:
        self._record = record
        self._writes = writes

    def edit(self, ticket: str, by: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """`by` saves `changes` (as in an update's `ticket`) in the browser; what an update answers."""
        answer: dict[str, Any] = self._done(lambda: self._writes.update(_no(ticket), dict(changes), _no(by), "web"))
        return answer

    def merge(self, ticket: str, into: str, by: str) -> None:
        """Merge a ticket away."""
        self._done(lambda: self._writes.merge(_no(ticket), _no(into), _no(by)))

    def delete(self, ticket: str, by: str) -> None:
        """Delete a ticket."""
        self._done(lambda: self._writes.delete(_no(ticket), _no(by), "web"))

    def close(self, ticket: str, by: str) -> None:
        """Close a ticket for good; one of nobody's becomes the closer's."""
        row = self._writes.row(_no(ticket))
        mine = {"assignee_id": _no(by)} if row is not None and row["assignee_id"] is None else {}
        self.edit(ticket, by, {"status": "closed", **mine})

    def leaves(self, agent: str) -> None:
        """An agent is deactivated, and with that out of all groups."""
        with self._record.lock:
            staff = self._record.holdings.staff
            user = _no(agent)
            if user not in staff.by_id:
                raise ValueError(f"no user {agent} in the account")
            stamp = f"{self._record.now():%Y-%m-%dT%H:%M:%SZ}"
            gone = with_user(without_member(staff, user, None), user, stamp, active=False)
            self._record.restaff(gone)

    def empties(self, group: str) -> None:
        """The last members leave a group."""
        with self._record.lock:
            staff = self._record.holdings.staff
            kept = [m for m in staff.memberships if m["group_id"] != _no(group)]
            self._record.restaff(replace(staff, memberships=kept))

    def leaves_group(self, agent: str, group: str) -> None:
        """An agent is taken out of a group."""
        with self._record.lock:
            self._record.restaff(without_member(self._record.holdings.staff, _no(agent), _no(group)))

    def drops_field(self, field: str) -> None:
        """An admin deletes a custom field."""
        self._done(lambda: self._writes.drop_field(int(field)))

    @staticmethod
    def _done(act: Any) -> Any:
        try:
            return act()
        except Denied as denied:
            raise ValueError(f"the account doesn't take that: {denied.body}") from denied


def _no(word: str) -> int:
    return int(numbers_of([word])[0])
