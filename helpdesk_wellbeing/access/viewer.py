"""The person who looks: what their sign-in, the members' list and the directory make of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from helpdesk_wellbeing.access.roles import MAY_BREAK_GLASS, MAY_TAKE_FILES, Page, Role, may_open

BY_LINK = "bootstrap"  # the way of a session that an entry link began: an admin's, as long as it lasts

if TYPE_CHECKING:
    from helpdesk_wellbeing.people import Directory
    from helpdesk_wellbeing.store.access import Member, Session


@dataclass(frozen=True)
class Viewer:
    """One signed-in person of one account."""

    account: str
    who: str  # as in `members`
    name: str
    agent: str | None  # the platform's id, where they are an agent
    roles: frozenset[Role]
    teams: frozenset[str] = frozenset()  # the groups they lead
    is_by_link: bool = False  # an entry link let them in, so nobody knows who they are

    @property
    def may_break_glass(self) -> bool:
        """Whether they may open the page of another with a reason: never who cannot be named to that person."""
        return self.has(*MAY_BREAK_GLASS) and not self.is_by_link

    @property
    def may_take_files(self) -> bool:
        """Whether they may take a file with everything held about somebody else, with a reason."""
        return self.has(*MAY_TAKE_FILES) and not self.is_by_link

    def may_open(self, page: Page) -> bool:
        """Whether the page is for one of their roles."""
        return may_open(self.roles, page)

    def has(self, *roles: Role) -> bool:
        """Whether they have one of these roles."""
        return not self.roles.isdisjoint(roles)


def viewer_of(account: str, session: Session, member: Member | None, directory: Directory, on: date) -> Viewer:
    """Whoever signed in, as the account knows them on that day; without any role when it does not know them."""
    agent = session.agent or (member.agent if member else None)
    row = _row_of(directory, agent, on)
    roles = set(member.roles) if member else set()
    if session.way == BY_LINK:
        roles = {Role.ADMIN}
    teams: frozenset[str] = frozenset()
    if agent is not None and row is not None:
        roles.add(Role.AGENT)
        teams = frozenset(row["lead_of"] or ())
    if teams:
        roles.add(Role.LEAD)
    name = (row or {}).get("name") or (member.name if member else session.name)
    return Viewer(
        account, session.who, name, agent if row is not None else None, frozenset(roles), teams,
        is_by_link=session.way == BY_LINK,
    )  # fmt: skip


def _row_of(directory: Directory, agent: str | None, on: date) -> dict[str, Any] | None:
    if agent is None:
        return None
    holds = (pl.col("agent") == agent) & (pl.col("valid_from").is_null() | (pl.col("valid_from") <= on))
    rows = directory.people.filter(holds).sort("valid_from", nulls_last=False).tail(1)
    return rows.row(0, named=True) if rows.height else None
