"""Opening one agent's page for an hour, with a reason: in the audit, and the agent is told."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from helpdesk_wellbeing.access.members import as_actor
from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.errors import CannotDecide
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.store.glass import Opened

if TYPE_CHECKING:
    from helpdesk_wellbeing.acting.names import Names
    from helpdesk_wellbeing.store import Store

LASTS = timedelta(hours=1)
SHORTEST, LONGEST = 15, 500  # signs of a reason

__all__ = [
    "Opened", "agent_named", "close_glass", "is_open", "open_glass", "open_to", "see_own", "take_file",
]  # fmt: skip


def open_glass(store: Store, viewer: Viewer, agent: str, reason: str, at: datetime) -> Opened:
    """Open an agent's page to the viewer. Raises CannotDecide for who may not, and for a reason that says nothing.

    The reason may name people, so it is kept beside the audit, where it can be forgotten; the audit names the entry.
    """
    if viewer.is_by_link:
        raise CannotDecide(f"{viewer.account}: who came by an entry link may not open anybody's page")
    if not viewer.may_break_glass:
        raise CannotDecide(f"{viewer.account}: this role may not open anybody's page")
    found = _entry(viewer, agent, reason, at, LASTS)
    with store.transaction():
        store.glass.add(viewer.account, found)
        store.audit.add(
            viewer.account, at, "page opened for a reason", by=as_actor(viewer.who, viewer.agent), agent=Person(agent),
            glass=found.id, until=found.until.isoformat(),
        )  # fmt: skip
    return found


def take_file(store: Store, viewer: Viewer, agent: str, reason: str, at: datetime, **said: str) -> Opened:
    """Note that the viewer takes a file with everything held about an agent, who is told; `said` stands in the audit.

    Raises CannotDecide for who may not, and for a reason that says nothing.
    """
    if not viewer.may_take_files:
        raise CannotDecide(f"{viewer.account}: this role may not take a file about anybody else")
    found = _entry(viewer, agent, reason, at, timedelta())
    with store.transaction():
        store.glass.add(viewer.account, found)
        by = as_actor(viewer.who, viewer.agent)
        store.audit.add(viewer.account, at, "exported", by=by, agent=Person(agent), glass=found.id, **said)
    return found


def _entry(viewer: Viewer, agent: str, reason: str, at: datetime, lasts: timedelta) -> Opened:
    why = " ".join(reason.split())
    if agent == viewer.agent:
        raise CannotDecide(f"{viewer.account}: one's own page is open already")
    if not SHORTEST <= len(why) <= LONGEST or not why.isprintable() or len(set(why.lower())) < 5:
        raise CannotDecide(f"{viewer.account}: a reason has {SHORTEST} to {LONGEST} signs, and says what it is for")
    return Opened(secrets.token_hex(8), viewer.who, viewer.name, agent, why, at, at + lasts, None)


def is_open(store: Store, viewer: Viewer, agent: str, at: datetime) -> Opened | None:
    """What lets the viewer see this agent's page now, as long as they still have such a role."""
    return next((one for one in open_to(store, viewer, at) if one.agent == agent), None)


def open_to(store: Store, viewer: Viewer, at: datetime) -> list[Opened]:
    """All that is open to the viewer now, the latest first."""
    return store.glass.open_to(viewer.account, viewer.who, at) if viewer.may_break_glass else []


def close_glass(store: Store, viewer: Viewer, id: str, at: datetime) -> bool:
    """Shut one's own before its time; whether it was open."""
    mine = any(one.id == id for one in store.glass.open_to(viewer.account, viewer.who, at))
    if not mine:
        return False
    with store.transaction():
        by = as_actor(viewer.who, viewer.agent)
        store.audit.add(viewer.account, at, "page shut again", by=by, glass=id)
        return store.glass.close(viewer.account, id, at)


def see_own(store: Store, viewer: Viewer, at: datetime) -> list[Opened]:
    """Whoever opened the viewer's own page, the latest first: who reads it there has been told."""
    if viewer.agent is None:
        return []
    found = store.glass.of(viewer.account, viewer.agent)
    for one in found:
        if one.told_at is None:
            store.glass.told(viewer.account, one.id, at)
    return found


def agent_named(names: Names, said: str) -> str | None:
    """The id of the one agent who is meant by an id or by a whole name; None where that is nobody or several."""
    wanted = " ".join(said.split())
    agents: Mapping[str, str] = names.agents
    if wanted in agents:
        return wanted
    found = [agent for agent, name in agents.items() if name.casefold() == wanted.casefold()]
    return found[0] if len(found) == 1 else None
