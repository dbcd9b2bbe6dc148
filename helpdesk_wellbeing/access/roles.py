"""The roles, and which pages each one opens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """What somebody is to this account; a person may be several."""

    AGENT = "agent"  # sees themselves
    LEAD = "lead"  # sees the members of the teams they lead, as far as something is to be decided
    OPS = "ops"  # the same for all teams
    HR = "hr"  # aggregates of five and more
    COUNCIL = "council"  # configuration, audit, aggregates; changes nothing
    ADMIN = "admin"  # configuration; no personal values
    DPO = "dpo"  # audit, agreements, documents


GIVEN: tuple[Role, ...] = (Role.OPS, Role.HR, Role.COUNCIL, Role.ADMIN, Role.DPO)  # the others follow from the helpdesk

Page = Literal["today", "flag", "proposal", "teams", "esat", "me", "audit", "settings"]
PAGES: Mapping[Page, frozenset[Role]] = {
    "today": frozenset({Role.LEAD, Role.OPS}),
    "flag": frozenset({Role.AGENT, Role.LEAD, Role.OPS}),
    "proposal": frozenset({Role.AGENT, Role.LEAD, Role.OPS}),
    "teams": frozenset({Role.LEAD, Role.OPS, Role.HR, Role.COUNCIL}),
    "esat": frozenset({Role.AGENT, Role.LEAD, Role.OPS, Role.HR, Role.COUNCIL}),
    "me": frozenset({Role.AGENT}),
    "audit": frozenset({Role.COUNCIL, Role.ADMIN, Role.DPO}),
    "settings": frozenset({Role.ADMIN, Role.COUNCIL, Role.DPO}),
}
MAY_CHANGE_SETTINGS = frozenset({Role.ADMIN})
MAY_ANSWER_REQUESTS = frozenset({Role.ADMIN, Role.DPO})  # of people, about their data
MAY_TAKE_FILES = frozenset({Role.DPO})  # with everything held about somebody else
MAY_BREAK_GLASS = frozenset({Role.ADMIN, Role.HR, Role.DPO})  # ops sees the flags anyway


def may_open(roles: Collection[Role], page: Page) -> bool:
    """Whether one of these roles opens the page at all; what is on it is another question."""
    return not PAGES[page].isdisjoint(roles)


def home_of(roles: Collection[Role]) -> Page | None:
    """The page that somebody with these roles begins with; None for nobody's.

    Who was given a role begins with what it is for, though they may be an agent too.
    """
    order: tuple[Page, ...] = ("today", "settings", "teams", "audit", "me")
    return next((page for page in order if may_open(roles, page)), None)
