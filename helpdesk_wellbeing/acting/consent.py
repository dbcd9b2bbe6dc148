"""Private links by which receivers say whether tickets may come to them. Delivery is others' work: this gives links.

A link names the account and the proposal, and stands for one receiver by an id that only the account's secret leads
back from. It is the same each time it is made, so an invitation sent twice asks once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from helpdesk_wellbeing import signed
from helpdesk_wellbeing.acting.names import names_of
from helpdesk_wellbeing.errors import CannotDecide, ConfigError
from helpdesk_wellbeing.plan.proposal import from_json

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.proposals import Kept

PATH = "/consent/"
SECRET = "consent_links"
_PURPOSE = "consent"


@dataclass(frozen=True)
class Asked:
    """Who is asked about what: what a proven link says."""

    account: str
    proposal: str
    agent: str


class Stands(StrEnum):
    """Whether an answer is still awaited."""

    OPEN = "open"
    ANSWERED = "answered"
    OVER = "over"  # expired, withdrawn or decided otherwise


@dataclass(frozen=True)
class Question:
    """What the receiver is told: the tickets by their ids and their groups by name, in the proposal's order."""

    tickets: tuple[str, ...]
    groups: tuple[str, ...]
    expires_at: datetime
    stands: Stands


def link(
    store: Store, account: str, proposal: str, agent: str, public_url: str | None, language: str | None = None
) -> str:
    """The address of the page for one receiver; the same each time. Put it nowhere but into the private ticket.

    Makes the account's secret when there is none yet. Raises CannotDecide unless this agent is asked, and ConfigError
    where no `public_url` is known.
    """
    if not public_url:
        raise ConfigError(
            f"{account}: a link needs the address under which people reach this installation; "
            f"set it with: act set --account {account} --public-url https://…"
        )
    if agent not in {one.agent for one in store.proposals.consents(account, proposal)}:
        raise CannotDecide(f"{account}: proposal {proposal}: {agent} is not asked for consent")
    secret = _secret(store, account)
    token = signed.sign(secret, _PURPOSE, [account, proposal, signed.ident_of(secret, agent)])
    return f"{public_url.rstrip('/')}{PATH}{token}" + (f"?lang={language}" if language else "")


def read(store: Store, token: str) -> Asked | None:
    """What a link says; None when it is forged, or nobody is asked by it any more."""
    said = signed.said_by(token)
    if said is None or len(said) != 3 or not all(isinstance(one, str) for one in said):
        return None
    account, proposal, ident = said
    if not store.has_account(account):
        return None
    secret = store.get_secret(account, SECRET)
    if secret is None or not signed.is_proven(secret, _PURPOSE, token):
        return None
    asked = store.proposals.consents(account, proposal)
    found = [one.agent for one in asked if signed.ident_of(secret, one.agent) == ident]
    return Asked(account, proposal, found[0]) if found else None


def question(store: Store, asked: Asked, at: datetime) -> Question | None:
    """What is asked; None when nothing of the proposal would come to this agent."""
    kept = store.proposals.get(asked.account, asked.proposal)
    if kept is None:
        return None
    chosen = kept.body.get("chosen")
    moves = [move for move in from_json(kept.body).moves if move.receiver == asked.agent]
    moves = [move for move in moves if chosen is None or move.ticket in chosen]
    if not moves:
        return None
    names = names_of(store, asked.account)
    groups = dict.fromkeys(names.group(move.group) for move in moves)
    tickets = tuple(move.ticket for move in moves)
    return Question(tickets, tuple(groups), kept.expires_at, _stands(store, asked, kept, at))


def _stands(store: Store, asked: Asked, kept: Kept, at: datetime) -> Stands:
    answers = {one.agent: one.answer for one in store.proposals.consents(asked.account, asked.proposal)}
    if answers.get(asked.agent) is not None:
        return Stands.ANSWERED
    return Stands.OPEN if kept.state == "asked" and at < kept.expires_at else Stands.OVER


def _secret(store: Store, account: str) -> str:
    """The account's secret for these links. Two who need the first one at once get the same."""
    known = store.get_secret(account, SECRET)
    if known is not None:
        return known
    with store.transaction():  # which reads the account as nobody else can change it
        known = store.get_secret(account, SECRET)
        if known is None:
            known = signed.new_secret()
            store.put_secret(account, SECRET, known)
    return known
