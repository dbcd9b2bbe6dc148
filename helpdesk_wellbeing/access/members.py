"""Whom an admin lets in, as what."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.access.roles import GIVEN, Role
from helpdesk_wellbeing.errors import CannotDecide, ConfigError
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.store.audit import Person
from helpdesk_wellbeing.strangers import is_stranger
from helpdesk_wellbeing.words import excerpt

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

FIRST_ADMIN = "entry link"  # who came in by one; no member, so that the role ends with the session
LONGEST_WHO, LONGEST_NAME = 197, 200  # the audit tells people apart by so much
_EMAIL = re.compile(r"email:[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)+")
_AGENT = re.compile(r"(zendesk|freshdesk):\d{1,20}")
_HELPDESKS = ("zendesk", "freshdesk")
_ID = re.compile(r"[^\x00-\x1f\x7f]{1,64}")  # those of imported logs may be words
_SUBJECT = re.compile(r"oidc:https?://\S+:\S+")


class LastAdmin(CannotDecide):
    """Without this member nobody could change the account's settings."""


def checked_who(who: str) -> str:
    """How somebody signs in, as it is kept: email:ADDRESS (in small letters), zendesk:ID or oidc:ISSUER:SUBJECT.

    Raises ConfigError for anything else.
    """
    kind, _, rest = who.strip().partition(":")
    whole = f"{kind.lower()}:{rest.strip().lower() if kind.lower() == 'email' else rest.strip()}"
    fits = any(form.fullmatch(whole) for form in (_EMAIL, _AGENT, _SUBJECT))
    if not fits or len(whole) > LONGEST_WHO or not whole.isprintable():
        raise ConfigError(
            f'"{excerpt(who)}" names nobody who could sign in; write email:name@example.com, zendesk:ID of a user, or '
            "oidc:ISSUER:SUBJECT"
        )
    return whole


def add(
    store: Store, account: str, who: str, roles: Collection[str], *, by: str, at: datetime, name: str | None = None,
    agent: str | None = None,
) -> Member:  # fmt: skip
    """Let somebody in, or change what they may. `roles` of `roles.GIVEN`; none: an agent who sees themselves.

    `agent`: the helpdesk's id of the same person, so that they see their own page and decide nothing about themselves;
    who is a member keeps theirs, and their name, where none is given. Raises ConfigError for what does not fit and
    LastAdmin when the last admin would lose that role.
    """
    who = checked_who(who)
    kind, _, rest = who.partition(":")
    given = _roles(roles)
    with store.transaction():
        before = store.access.member(account, who)
        if agent is not None and ((kind in _HELPDESKS and agent != rest) or not _ID.fullmatch(agent)):
            raise ConfigError(f'{who}: "{excerpt(agent)}" is not their number in the helpdesk')
        if agent is None:
            agent = rest if kind in _HELPDESKS else before.agent if before else None
        if not given and agent is None:
            raise ConfigError(f"{who}: give a role ({', '.join(GIVEN)}) or, for an agent, their id in the helpdesk")
        called = (name or _called(store, account, agent) or (before.name if before else rest)).strip()
        if not called or len(called) > LONGEST_NAME or not called.isprintable():
            raise ConfigError(f"{who}: a name is one line of at most {LONGEST_NAME} signs")
        if Role.ADMIN not in given:
            _keep_an_admin(store, account, before)
        member = Member(who, called, agent, given, at, by)
        store.access.put_member(account, member)
        if before is not None and before.agent not in (None, agent):  # what is open shows somebody else's own page
            store.access.end_sessions_of(account, [who])
        said = {} if before is None else {"before": sorted(before.roles)}
        what = "let in" if before is None else "role changed"
        store.audit.add(account, at, what, by=by, way=kind, roles=sorted(given), **_whom(member), **said)
    return member


def drop(store: Store, account: str, who: str, *, by: str, at: datetime) -> None:
    """Let somebody in no more; their sessions end. Raises ConfigError where there is none, LastAdmin for the last."""
    if store.access.member(account, who) is None:  # who is there may go, whatever form was let in once
        who = checked_who(who)
    with store.transaction():
        before = store.access.member(account, who)
        if before is None:
            raise ConfigError(f"{account}: {who} is no member; access list --account {account} shows them")
        _keep_an_admin(store, account, before)
        store.access.drop_member(account, who)
        store.audit.add(account, at, "let in no more", by=by, **_whom(before))


def sign_out(store: Store, account: str, who: str, *, by: str, at: datetime) -> int:
    """End all sessions of somebody; how many there were."""
    with store.transaction():
        ended = store.access.end_sessions_of(account, [who])
        if ended:
            member = store.access.member(account, who)
            whose = _whom(member) if member else {"whose": _safe(who)}
            store.audit.add(account, at, "signed out by another", by=by, sessions=ended, **whose)
    return ended


def is_unknown_there(store: Store, account: str, member: Member) -> bool:
    """Whether the helpdesk has told of its agents, and knows no such user."""
    return member.agent is not None and is_stranger(store, account, member.agent)


def has_admin(store: Store, account: str) -> bool:
    """Whether anybody may change the account's settings."""
    return any(Role.ADMIN in member.roles for member in store.access.members(account))


def as_actor(who: str, agent: str | None) -> Any:
    """Who did something, for the audit: agents by their word, so that they can be forgotten."""
    return Person(agent) if agent is not None else who


def _keep_an_admin(store: Store, account: str, without: Member | None) -> None:
    if without is None or Role.ADMIN not in without.roles:
        return
    admins = [one for one in store.access.members(account) if Role.ADMIN in one.roles]
    if len(admins) == 1:
        raise LastAdmin(f"{account}: {without.name} is the last admin; make somebody else an admin first")


def _roles(roles: Collection[str]) -> frozenset[Role]:
    unknown = [role for role in roles if role not in set(GIVEN)]
    if unknown:
        raise ConfigError(
            f'"{excerpt(unknown[0])}" cannot be given; roles are {", ".join(GIVEN)}. Agents and leads are who the '
            "helpdesk and the people file say"
        )
    return frozenset(Role(role) for role in roles)


def _called(store: Store, account: str, agent: str | None) -> str | None:
    if agent is None:
        return None
    rows = store.directory(account).people.filter(agent=agent)["name"].drop_nulls()
    return str(rows[-1]) if len(rows) else None


def _whom(member: Member) -> dict[str, Any]:
    """In the audit agents stand by their word alone."""
    return {"agent": Person(member.agent)} if member.agent is not None else {"whose": member.who}


def _safe(who: str) -> Any:
    kind, _, rest = who.partition(":")
    return Person(rest) if kind in ("zendesk", "freshdesk") else who
