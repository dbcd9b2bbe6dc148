"""What other people do in the account while it runs: they edit, delete and merge tickets, leave, and tidy up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from typing import Any, TypeVar

from connectors.simulating.text import number_of

from .record import Record
from .rows import iso
from .staff import Person
from .updates import Denied
from .writes import Writes

_Done = TypeVar("_Done")


class Door:
    """Steered by tests and demos; ids as text, in our words or the platform's. Raises ValueError for what can't be."""

    def __init__(self, record: Record, writes: Writes) -> None:
        self._record = record
        self._writes = writes

    def edit(self, ticket: str, by: str, changes: Mapping[str, Any]) -> None:
        """`by` saves `changes` (as in an update's body) in the browser."""
        self._done(lambda: self._writes.update(number_of(ticket), dict(changes), number_of(by), "browser"))

    def note(self, ticket: str, by: str, text: str) -> None:
        """`by` leaves a private note."""
        html = f"<div>{escape(text)}</div>"
        self._done(lambda: self._writes.note(number_of(ticket), html, number_of(by), "browser"))

    def delete(self, ticket: str, by: str) -> None:
        """Put a ticket into the trash."""
        self._done(lambda: self._writes.delete(number_of(ticket), number_of(by), "browser"))

    def close(self, ticket: str, by: str) -> None:
        """Close a ticket."""
        self.edit(ticket, by, {"status": 5})

    def leaves(self, agent: str) -> None:
        """An agent is deactivated, and with that out of all groups."""
        with self._record.lock:
            person = self._person(agent)
            gone = replace(person, account=replace(person.account, state="deactivated"), groups=())
            self._keep(gone)

    def leaves_group(self, agent: str, group: str) -> None:
        """An agent is taken out of a group."""
        with self._record.lock:
            person = self._person(agent)
            self._keep(replace(person, groups=tuple(no for no in person.groups if no != number_of(group))))

    def empties(self, group: str) -> None:
        """The last members leave a group."""
        with self._record.lock:
            for no in self._record.staff.members(number_of(group)):
                self.leaves_group(str(no), group)

    def drops_field(self, name: str) -> None:
        """An admin deletes a custom field, by the name under which tickets store it."""
        with self._record.lock:
            self._done(lambda: self._writes.setup.drop_field(name))

    def _person(self, agent: str) -> Person:
        person = self._record.staff.people.get(number_of(agent))
        if person is None:
            raise ValueError(f"no agent {agent} in the account")
        return person

    def _keep(self, person: Person) -> None:
        stamp = iso(self._record.clock())
        self._record.restaff(self._record.staff.with_person(replace(person, updated=stamp)))

    @staticmethod
    def _done(act: Callable[[], _Done]) -> _Done:
        try:
            return act()
        except Denied as denied:
            raise ValueError(f"the account doesn't take that: {denied}") from denied
