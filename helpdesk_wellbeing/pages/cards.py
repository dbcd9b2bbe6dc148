"""Proposals in a few words: each as a card, those about one person or team together, and those that are decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from helpdesk_wellbeing.acting.names import Names
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.pages import told
from helpdesk_wellbeing.pages.told import Named, Texts
from helpdesk_wellbeing.plan.proposal import WRITING, Because, Proposal

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.gate import Sight
    from helpdesk_wellbeing.acting.policy import Acting, Mode
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.store.proposals import Kept

_GRAVE = ("warn", "critical")


@dataclass(frozen=True)
class Why:
    """A reason that may be told, as a sentence."""

    rule: str
    title: str
    subject: Named
    level: str
    since: str  # local date
    sentence: Texts


@dataclass(frozen=True)
class Card:
    """A proposal in a sentence or two."""

    id: str
    action: str
    subject: Named
    state: str
    made_at: datetime
    expires_at: datetime
    snoozed_until: datetime | None
    reasons: tuple[Why, ...]  # that may be told by now
    moves: int
    mode: Mode
    answered: int  # receivers who have
    asked: int  # receivers who were asked

    @property
    def why(self) -> Texts:
        """The first reason; empty where none may be told yet."""
        return self.reasons[0].sentence if self.reasons else {}

    @property
    def writes_tickets(self) -> bool:
        """Whether accepting may change the helpdesk."""
        return self.action in WRITING


@dataclass(frozen=True)
class Group:
    """All that waits about one person or one team; `subject` None: teams that are asked by the calendar."""

    subject: Named | None
    reasons: tuple[Why, ...]  # each once, as it was said last
    cards: tuple[Card, ...]  # the oldest first

    @property
    def level(self) -> str | None:
        """The gravest of the reasons."""
        return max((why.level for why in self.reasons), key=_GRAVE.index, default=None)

    @property
    def is_of_a_person(self) -> bool:
        """Whether it is about one agent."""
        return self.subject is not None and self.subject.kind == "agent"


@dataclass(frozen=True)
class Decided:
    """A proposal that waits no longer."""

    id: str
    action: str
    subject: Named
    moves: int
    state: str
    at: datetime
    by: str | None


Pair = tuple["Kept", Proposal]


def by_subject(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Those about one person or team together, in the order of the first of each; surveys by the calendar are one."""
    found: dict[tuple[bool, str] | None, list[Pair]] = {}
    for kept, proposal in pairs:
        is_routine = kept.action == "esat_wave" and not proposal.because
        about = None if is_routine else (kept.subject_kind == "agent", kept.subject)
        found.setdefault(about, []).append((kept, proposal))
    return list(found.values())


def _each_once(cards: Sequence[Card]) -> Iterator[Why]:
    latest: dict[tuple[str, str], Why] = {}
    for card in sorted(cards, key=lambda card: card.made_at):
        latest.update({(why.rule, why.subject.id): why for why in card.reasons})
    yield from sorted(latest.values(), key=lambda why: (why.since, why.title))


@dataclass(frozen=True)
class Cards:
    """Makes them for one viewer."""

    known: Known
    seen: Sight

    def of(self, kept: Kept, proposal: Proposal) -> Card:
        """The card of a proposal that is the viewer's to decide."""
        account = self.seen.viewer.account
        asked = self.known.store.proposals.consents(account, kept.id) if kept.state == "asked" else []
        return Card(
            kept.id, kept.action, self._subject(kept), kept.state, kept.made_at, kept.expires_at, kept.snoozed_until,
            tuple(self._why(because) for because in proposal.because if self._may_tell(proposal, because)),
            len(proposal.moves), self._policy.mode(kept.action),
            sum(one.answer is not None for one in asked), len(asked),
        )  # fmt: skip

    def group(self, pairs: Sequence[Pair]) -> Group:
        """What waits about one person or team."""
        cards = tuple(self.of(*pair) for pair in pairs)
        is_routine = all(card.action == "esat_wave" for card in cards) and not any(p.because for _, p in pairs)
        return Group(None if is_routine else cards[0].subject, tuple(_each_once(cards)), cards)

    def decided(self, kept: Kept, proposal: Proposal) -> Decided:
        """The line of one that was decided, or whose time passed."""
        by = told.called(self.known, self.seen.viewer.account, kept.decided_by)
        return Decided(
            kept.id, kept.action, self._subject(kept), len(proposal.moves), kept.state, kept.changed_at, by
        )  # fmt: skip

    @cached_property
    def _policy(self) -> Acting:
        return policy_of(self.known.store, self.seen.viewer.account)

    @cached_property
    def _names(self) -> Names:
        return self.known.names(self.seen.viewer.account)

    def _subject(self, kept: Kept) -> Named:
        return told.named(self._names, kept.subject_kind, kept.subject)

    def _why(self, because: Because) -> Why:
        subject = told.named(self._names, because.subject.kind, because.subject.id)
        rule = self.known.catalogue.rules.get(because.rule)
        title = rule.title if rule else because.rule.replace("_", " ")
        said = told.sentence(self.known, because.rule, because.signal, because.values, subject.name)
        return Why(because.rule, title, subject, because.level, because.since, said)

    def _may_tell(self, proposal: Proposal, because: Because) -> bool:
        return self.seen.tells(proposal, because, self.known.catalogue.rules.get(because.rule))
