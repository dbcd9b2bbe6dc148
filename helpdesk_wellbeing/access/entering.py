"""From a proven identity to a session, and from a session to whether it still opens anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from helpdesk_wellbeing.access.members import as_actor
from helpdesk_wellbeing.access.viewer import BY_LINK
from helpdesk_wellbeing.access.ways import Identity

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.access import Member, Session

LASTS = timedelta(hours=12)  # a session, however busy
LINK_LASTS = timedelta(hours=1)  # an entry link


@dataclass(frozen=True)
class Entered:
    """Somebody who may come in."""

    who: str
    name: str
    agent: str | None
    way: str


def admitted(store: Store, account: str, identity: Identity) -> Entered | None:
    """Who comes in as what; None: nobody let them in. The helpdesk's own agents need no one to."""
    member = _member(store, account, identity.names)
    if member is not None:
        return Entered(member.who, member.name, identity.agent or member.agent, identity.way)
    if identity.agent is not None:
        return Entered(identity.names[0], identity.name, identity.agent, identity.way)
    return None


def begin(store: Store, account: str, entered: Entered, at: datetime) -> str:
    """A new session of theirs; its token. The audit says so."""
    with store.transaction():
        by = as_actor(entered.who, entered.agent)
        store.audit.add(account, at, "signed in", by=by, way=entered.way)
        return store.access.begin_session(
            account, entered.who, entered.name, entered.agent, entered.way, at, at + LASTS
        )


def is_out(store: Store, account: str, session: Session, member: Member | None) -> bool:
    """Whether the session opens nothing any more: they left the helpdesk, or nobody lets them in now.

    The helpdesk said at the sign-in itself that they work there, so only what was seen since counts against that.
    """
    if session.way == BY_LINK:
        return False
    agent = session.agent or (member.agent if member else None)
    left = store.access.left_at(account, agent) if agent is not None else None
    if left is not None and (left > session.made_at or session.way != "zendesk"):
        return True
    return member is None and session.way == "oidc"


def _member(store: Store, account: str, names: tuple[str, ...]) -> Member | None:
    found = (store.access.member(account, name) for name in names)
    return next((member for member in found if member is not None), None)
