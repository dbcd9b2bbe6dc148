"""What may be said beside a ticket to whoever opens it: that a move of it is suggested, and in which group. No names.

Colleagues read it, and who they are may not be proven there. Whoever decides does so on a page that knows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from helpdesk_wellbeing.acting.policy import policy_of

if TYPE_CHECKING:
    from helpdesk_wellbeing.acting.names import Names
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.proposals import Kept

WAITING = ("open", "snoozed", "asked")  # somebody may still decide
_SHOWN = ("suggest", "approve", "auto")  # in the other modes nothing of it shows in the helpdesk
TEXTS = {
    "en": "It is suggested that somebody else in {group} takes this ticket, so that open work is spread more evenly. "
    "Nothing was changed.",
    "nl": "Er is voorgesteld dat iemand anders in {group} dit ticket overneemt, zodat het openstaande werk "
    "gelijkmatiger verdeeld is. Er is niets gewijzigd.",
    "de": "Es ist vorgeschlagen, dass jemand anderes in {group} dieses Ticket übernimmt, damit offene Arbeit "
    "gleichmäßiger verteilt ist. Es wurde nichts geändert.",
    "fr": "Il est proposé que quelqu’un d’autre dans {group} prenne ce ticket, afin de mieux répartir le travail en "
    "cours. Rien n’a été modifié.",
}


@dataclass(frozen=True)
class Beside:
    """A suggestion that is about a ticket."""

    proposal: str
    group: str  # its name

    def text(self, language: str) -> str:
        """A sentence about the ticket, in this language or English."""
        return TEXTS.get(language, TEXTS["en"]).format(group=self.group)


def beside(store: Store, account: str, ticket: str, names: Names, at: datetime) -> Beside | None:
    """What is suggested for the ticket as far as anybody may know; None: nothing."""
    policy = policy_of(store, account)
    for kept in waiting_for(store, account, ticket, at):
        group = next(str(move["group"]) for move in kept.body["moves"] if move["ticket"] == ticket)
        is_time = datetime.fromisoformat(kept.body["lead_from"]) <= at
        if is_time and policy.mode(kept.action) in _SHOWN:
            return Beside(kept.id, names.group(group))
    return None


def waiting_for(store: Store, account: str, ticket: str, at: datetime) -> Iterator[Kept]:
    """Proposals that would move this ticket and wait for a decision, oldest first."""
    for kept in store.proposals.listed(account, WAITING):
        if kept.expires_at > at and any(move["ticket"] == ticket for move in kept.body.get("moves", ())):
            yield kept
