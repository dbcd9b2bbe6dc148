"""Who may sign in, as what, by which ways, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

from helpdesk_wellbeing.access.doors import SignIn, sign_in_of
from helpdesk_wellbeing.access.roles import Role

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.store.access import Member, Session

A_PAGE = 50  # sessions


@dataclass(frozen=True)
class AccessPage:
    """`sessions` is empty for those who do not look after access; of many, one page of `pages`, the latest first."""

    members: tuple[Member, ...]
    sessions: tuple[Session, ...]
    page: int
    pages: int
    ways: SignIn
    platform: str | None
    has_client: bool  # Zendesk's own client can be signed in with
    leads: int  # people who lead a group, by the people's settings
    has_admin: bool


def build(known: Known, viewer: Viewer, now: datetime, page: int = 1) -> AccessPage:
    """Who may come in now."""
    store, account = known.store, viewer.account
    members = tuple(store.access.members(account))
    sessions = store.access.sessions(account, now) if viewer.has(Role.ADMIN, Role.DPO) else []
    pages = max(1, ceil(len(sessions) / A_PAGE))
    page = min(max(page, 1), pages)
    one, directory = store.account(account), known.directory(account)
    leads = directory.people.filter(directory.people["lead_of"].list.len() > 0)["agent"].n_unique()
    return AccessPage(
        members, tuple(sessions[(page - 1) * A_PAGE : page * A_PAGE]), page, pages, sign_in_of(store, account),
        one.platform, bool(one.settings.get("client_id")), leads, any(Role.ADMIN in member.roles for member in members),
    )  # fmt: skip
