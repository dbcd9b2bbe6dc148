"""How an account acts: a mode per action, the switch, what is set up in the helpdesk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from helpdesk_wellbeing.acting.policy import Acting, policy_of
from helpdesk_wellbeing.people import holding
from helpdesk_wellbeing.plan.proposal import ACTIONS, WRITING

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known

MODES = ("off", "dry_run", "suggest", "approve")
WRITES = ("suggest", "approve", "auto")


@dataclass(frozen=True)
class Action:
    """One action. `modes`: those that mean something for it, `auto` only where it is set already."""

    name: str
    mode: str
    writes: bool
    modes: tuple[str, ...]


@dataclass(frozen=True)
class ActingPage:
    """What is set, and what is there in the helpdesk."""

    policy: Acting
    actions: tuple[Action, ...]
    groups: tuple[tuple[str, str, int], ...]  # id, name, how many known people are in it
    platform: str | None
    installed: tuple[str, ...]
    writes: dict[str, int]

    @property
    def is_unready(self) -> bool:
        """Whether nothing of ours is in the helpdesk, so that nothing can be written there."""
        return not self.installed

    @property
    def waits_for_install(self) -> bool:
        """Whether writing is switched on where it cannot happen yet."""
        return self.is_unready and any(action.writes and action.mode in WRITES for action in self.actions)

    def goes_ahead(self, modes: Mapping[str, str]) -> bool:
        """Whether these modes would newly write where it cannot happen yet."""
        newly = [action for action in self.actions if action.writes and modes[action.name] != action.mode]
        return self.is_unready and any(modes[action.name] in WRITES for action in newly)

    @property
    def open_invitations(self) -> bool:
        """Whether survey invitations would be readable by whoever may see all tickets."""
        policy = self.policy
        return policy.writes("esat_wave") and policy.survey_group is None and policy.survey_delivery == "ticket"


def build(known: Known, viewer: Viewer, now: datetime) -> ActingPage:
    """How it acts now."""
    store, account = known.store, viewer.account
    policy = policy_of(store, account)
    directory, names = known.directory(account), known.names(account)
    members: dict[str, int] = {}
    for groups in holding(directory.people, now.date())["groups"].drop_nulls():
        for group in groups:
            members[group] = members.get(group, 0) + 1
    groups = [(group, names.group(group), members.get(group, 0)) for group in directory.groups["group"]]
    actions = [Action(name, policy.mode(name), name in WRITING, _modes(name, policy.mode(name))) for name in ACTIONS]
    return ActingPage(
        policy, tuple(actions), tuple(sorted(groups, key=lambda one: one[1].casefold())),
        store.account(account).platform, tuple(store.installed.things(account)), store.writes.counts(account),
    )  # fmt: skip


def _modes(action: str, now: str) -> tuple[str, ...]:
    """What nobody writes anyway is off or on; `suggest` writes notes, so it is for tickets that move."""
    if action not in WRITING:
        found: tuple[str, ...] = ("off", "dry_run")
    else:
        found = MODES if action == "rebalance" else ("off", "dry_run", "approve")
    return found if now in found else (*found, now)
