"""What pages say of flags and people in whole sentences, and that somebody looked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.access.gate import Sight, sight_of
from helpdesk_wellbeing.plan.actions.texts import TEXTS
from helpdesk_wellbeing.plan.actions.words import because, say
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
    return sight_of(known.store, viewer, known.directory(viewer.account), now)


def sentence(known: Known, rule: str, signal: str, values: Mapping[str, Any], name: str) -> Texts:
    """What a flag says of the work, by language: a whole sentence."""
    found = known.catalogue.rules.get(rule)
    key, shown = because(signal, values, found)
    if rule == "team_load":
        key = "because_team_load"
    if key in TEXTS["en"]:
        return say(LANGUAGES, key, **{**shown, "name": name})
    told = rule if found is None else f"{found.title}: {found.sentence(values)}"
    return say(LANGUAGES, "because_other", name=name, rule=told)


def called(known: Known, account: str, who: str | None) -> str | None:
    """What somebody who decided is called: a member's or an agent's name, else as it stands."""
    if who is None:
        return None
    member = known.store.access.member(account, who)
    kind, _, id = who.partition(":")
    agent = member.agent if member else id if kind in ("zendesk", "freshdesk") else None
    return known.names(account).agents.get(agent or "") or (member.name if member else who)


def note_look(
    known: Known, viewer: Viewer, now: datetime, page: str, *, proposals: Iterable[str] = (),
    listed: Iterable[str] = (), agents: Iterable[str] = (), **more: Any,
) -> None:  # fmt: skip
    """Put into the audit that they looked, before they do; once a day for each thing and person that is new to them.

    `proposals` are those that were opened; `listed` those of which a sentence was shown.
    """
    account = viewer.account
    met: set[object] = known.kept(("looked", account, viewer.who), now.date(), set)
    things = {"proposals": set(proposals), "listed": set(listed), "agents": set(agents) - {viewer.agent}}
    shown = {(kind, id) for kind, ids in things.items() for id in ids}
    key = (page, *sorted(more.items()))
    new = sorted(one for one in shown if (key, one) not in met)
    if not new:
        return
    said: dict[str, list[str | Person]] = {}
    for kind, id in new:
        said.setdefault(kind, []).append(Person(id) if kind == "agents" else id)
    known.store.audit.add(account, now, "looked", by=viewer.who, page=page, **more, **said)
    met.update((key, one) for one in new)
