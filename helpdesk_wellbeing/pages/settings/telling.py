"""Telling agents what is looked at about them: the letter, who was told, and by which ways everybody can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from helpdesk_wellbeing.access.roles import MAY_CHANGE_SETTINGS
from helpdesk_wellbeing.acting import telling
from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.acting.telling import How, Scope, Settings, Standing
from helpdesk_wellbeing.privacy import needs_agreement
from helpdesk_wellbeing.upkeep.documents import letter_to_agents

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.upkeep.documents.letter import Letter

ORDER = (How.READ, How.TICKET, How.OTHERWISE, How.WAITS, How.NOT_YET, How.FAILED, How.LEFT)


@dataclass(frozen=True)
class Row:
    """One agent, without anything about their work."""

    name: str
    how: How
    on: date | None
    why: str | None


@dataclass(frozen=True)
class TellingState:
    """How far telling has come; for the checklist."""

    scope: Scope
    settings: Settings
    counts: Mapping[How, int]  # in the order in which they are shown
    total: int
    is_done: bool  # there is nobody to tell, or nobody needs to be
    is_untold: bool  # others see what is said of single people, and nobody was told
    is_too_early: bool  # nothing is agreed that could be told
    is_exempt: bool  # nothing is agreed, nor needs to be
    is_again: bool  # people were told before, of something less
    is_by_ticket: bool

    @property
    def to_tell(self) -> int:
        """How many are still to be told."""
        return sum(self.counts.get(how, 0) for how in telling.TO_TELL)

    @property
    def told(self) -> int:
        """How many were."""
        return sum(self.counts.get(how, 0) for how in telling.TOLD)


@dataclass(frozen=True)
class TellingPage:
    """The page. `rows` is empty for those who may not change settings: for them the counts are enough."""

    state: TellingState
    letter: Letter
    rows: tuple[Row, ...]  # by name
    why_no_tickets: str | None
    is_stopped: bool
    platform: str | None


def state_of(known: Known, account: str, now: datetime) -> TellingState:
    """How far it has come."""
    return _state(known, account, telling.standing_of(known.store, account, now))


def _state(known: Known, account: str, standing: Standing) -> TellingState:
    counts, scope = Counter(one.how for one in standing.people), standing.scope
    is_agreed = scope.since is not None
    is_needed = needs_agreement(known.store.account(account))
    is_exempt = not is_agreed and not is_needed
    return TellingState(
        scope, standing.settings, {how: counts[how] for how in ORDER if counts[how]}, len(standing.people),
        is_done=standing.is_complete or is_exempt,
        is_untold=standing.is_untold,
        is_too_early=not is_agreed and is_needed,
        is_exempt=is_exempt,
        is_again=any(one.again for one in standing.people),
        is_by_ticket=standing.is_by_ticket,
    )  # fmt: skip


def build(known: Known, viewer: Viewer, now: datetime, language: str) -> TellingPage:
    """How it stands now, with the letter in that language."""
    store, account = known.store, viewer.account
    standing = telling.standing_of(store, account, now)
    names = known.names(account)
    rows = [Row(names.agent(one.agent), one.how, one.on, one.why) for one in standing.people]
    may_change = viewer.has(*MAY_CHANGE_SETTINGS)
    return TellingPage(
        _state(known, account, standing), letter_to_agents(store, account, language, now),
        tuple(sorted(rows, key=lambda row: row.name.casefold())) if may_change else (),
        telling.why_no_tickets(store, account), policy_of(store, account).stopped, store.account(account).platform,
    )  # fmt: skip
