"""Groups and members at work."""

from __future__ import annotations

from collections import deque
from datetime import date

from helpdesk_wellbeing.demo.cast import Group, Member
from helpdesk_wellbeing.demo.dice import Dice
from helpdesk_wellbeing.demo.record import Ticket


class Queue:
    """A group at work."""

    def __init__(self, group: Group) -> None:
        self.group, self.id = group, group.id
        self.waiting: deque[Ticket] = deque()
        self.unsolved = 0
        self.held = 0.0  # open weight with its people
        self.came_in: deque[int] = deque([0], maxlen=5)  # tickets moved here, by day


class Worker:
    """A member at work."""

    def __init__(self, member: Member, dice: Dice) -> None:
        self.member, self.id = member, member.id
        self.own: list[Ticket] = []  # held tickets, open or waiting
        self.hard_share = dice.u()
        self.swing = [0.0] if dice.chance(0.5) else []  # not everybody's high days fall together
        self.instants: list[int] = []
        self.at = 0
        self.budget = 0.0
        self.taken = int(dice.u() * 10)
        self.ticket: Ticket | None = None
        self.left = 0
        self.touched: set[str] = set()
        self.last: Ticket | None = None
        self.done: Ticket | None = None  # the one answered before
        self.special: deque[Ticket] = deque()  # tickets of a freak day
        self.day = date.min

    def open_weight(self) -> float:
        """Open work with this person."""
        return sum(t.open_weight() for t in self.own)
