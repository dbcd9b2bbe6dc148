"""Who may sign in, as what, by which ways, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from helpdesk_wellbeing.access.doors import SignIn, sign_in_of
from helpdesk_wellbeing.access.roles import Role

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.store.access import Member, Session


@dataclass(frozen=True)
class AccessPage:
    """`sessions` is empty for those who do not look after access."""

    members: tuple[Member, ...]
    sessions: tuple[Session, ...]
    ways: SignIn
    platform: str | None
    has_client: bool  # Zendesk's own client can be signed in with
    leads: int  # people who lead a group, by the people's settings
    has_admin: bool


def build(known: Known, viewer: Viewer, now: datetime) -> AccessPage:
    """Who may come in now."""
    store, account = known.store, viewer.account
    members = tuple(store.access.members(account))
    sessions = tuple(store.access.sessions(account, now)) if viewer.has(Role.ADMIN, Role.DPO) else ()
    one, directory = store.account(account), known.directory(account)
    leads = directory.people.filter(directory.people["lead_of"].list.len() > 0)["agent"].n_unique()
    return AccessPage(
        members, sessions, sign_in_of(store, account), one.platform, bool(one.settings.get("client_id")), leads,
        any(Role.ADMIN in member.roles for member in members),
    )  # fmt: skip
