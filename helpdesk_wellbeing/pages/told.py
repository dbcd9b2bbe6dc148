"""What pages say of flags and people in whole sentences, and that somebody looked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.access.gate import Sight, groups_in, sight_of
from helpdesk_wellbeing.plan.actions.texts import TEXTS
from helpdesk_wellbeing.plan.actions.words import say
from helpdesk_wellbeing.store.audit import Person

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.acting.names import Names
    from helpdesk_wellbeing.pages.known import Known

LANGUAGES = ("en", "nl")
Texts = Mapping[str, str]  # by language


@dataclass(frozen=True)
class Named:
    """An agent, a team or a queue, and what it is called."""

    kind: str
    id: str
    name: str


def named(names: Names, kind: str, id: str) -> Named:
    """A subject with its name; an id without a name is its own."""
    return Named(kind, id, names.agent(id) if kind == "agent" else names.group(id))


def sight(known: Known, viewer: Viewer, now: datetime) -> Sight:
    """What the viewer may see of others now."""
    account, on = viewer.account, now.date()
    version = (known.store.revision(account), on)
    groups = known.kept(("groups", account), version, lambda: groups_in(known.directory(account), on))
    return sight_of(known.store, viewer, groups, now)


def sentence(known: Known, rule: str, signal: str, values: Mapping[str, Any], name: str) -> Texts:
    """What a flag says of the work, by language: a whole sentence."""
    key = f"because_{signal}"
    if signal == "WT7" and (values.get("leave_days") or 0) > 0:
        key = "because_WT7_leave"
    if rule == "team_load":
        key = "because_team_load"
    if key in TEXTS["en"]:
        return say(LANGUAGES, key, **{**values, "name": name})
    found = known.catalogue.rules.get(rule)
    told = rule if found is None else f"{found.title}: {found.sentence(values)}"
    return say(LANGUAGES, "because_other", name=name, rule=told)


def called(known: Known, account: str, who: str | None) -> str | None:
    """What somebody who decided is called: a member's or an agent's name, else as it stands."""
    if who is None:
        return None
    member = known.store.access.member(account, who)
    if member is not None and member.agent is None:
        return member.name
    agent = member.agent if member is not None and member.agent else who.partition(":")[2]
    return known.names(account).agents.get(agent) or (member.name if member else who)


def note_look(
    known: Known, viewer: Viewer, now: datetime, page: str, *, proposals: Iterable[str] = (),
    agents: Iterable[str] = (), **more: Any,
) -> None:  # fmt: skip
    """Put into the audit that they looked, before they do; once a day for each thing and person that is new to them."""
    account = viewer.account
    met: set[object] = known.kept(("looked", account, viewer.who), now.date(), set)
    shown = {("proposal", id) for id in proposals} | {("agent", id) for id in agents if id != viewer.agent}
    key = (page, *sorted(more.items()))
    new = sorted(one for one in shown if (key, one) not in met)
    if not new:
        return
    known.store.audit.add(
        account, now, "looked", by=viewer.who, page=page, **more,
        proposals=[id for kind, id in new if kind == "proposal"],
        agents=[Person(id) for kind, id in new if kind == "agent"],
    )  # fmt: skip
    met.update((key, one) for one in new)
