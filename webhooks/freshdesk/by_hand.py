"""What an admin does in Freshdesk by hand, step by step: where its API has no way, or refuses. Pure.

A secret never stands here; it is said where to read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpdesk_wellbeing.acting.helpdesk import SUGGESTED_TAG
from helpdesk_wellbeing.said import N_, Said
from webhooks.freshdesk.proof import HEADER
from webhooks.freshdesk.things import CREATION_RULE, LABEL, RULES, TITLES, WHERE, endpoint
from webhooks.freshdesk.translate import RULE_BODY


@dataclass(frozen=True)
class Task:
    """Something to be done by hand."""

    title: Said
    steps: tuple[Said, ...]

    def to_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {"title": self.title, "steps": list(self.steps)}

    def lines(self) -> Iterator[str]:
        """As a person reads it."""
        yield f"{self.title}:"
        yield from (f"  {number}. {step}" for number, step in enumerate(self.steps, 1))


def rule(name: str, account: str, url: str) -> Task:
    """One automation rule, as `install` would make it."""
    is_new, properties = name == CREATION_RULE, Said(
        N_("On tickets with these properties: Priority · is · Low, Medium, High, Urgent")
    )  # fmt: skip
    begin = Said(N_("%(place)s: New rule; name it “%(name)s”"), place=WHERE[RULES[name]], name=TITLES[name])
    happens = (
        Said(N_("When an action performed by: Agent or requester")),
        Said(N_("Involves any of these events: status, priority, agent or group is changed (from Any to Any); note is "
                "added: Public; reply is sent")),
    )  # fmt: skip
    show = f"helpdesk-wellbeing secrets show --account {account} webhook_secret"
    told_of = N_("the rule that tells of new tickets") if is_new else N_("the rule that tells which tickets changed")
    return Task(Said(told_of), (
        begin,
        *(() if is_new else happens),
        properties,
        Said(N_("Perform these actions: Trigger Webhook; request type POST; URL %(url)s"), url=endpoint(url, account)),
        Said(N_("Add custom headers: %(header)s: the secret, which this page shows further down"),
             f"Add custom headers: {HEADER}: the secret, which this shows: {show}", header=HEADER),
        Said(N_("Encoding JSON; content Advanced: %(body)s"), body=RULE_BODY),
        Said(N_("Preview and save; then move it below all other rules, so that it displaces none where only the first "
                "that fits is run")),
    ))  # fmt: skip


def field(account: str) -> Task:
    """Our ticket field; without the API its name can't be read, so it is found again by install."""
    again = f"helpdesk-wellbeing install freshdesk --account {account} --url …"
    return Task(Said(N_("the field that says what was suggested on a ticket")), (
        Said(N_("%(place)s: drag a single-line text onto the form; label for agents: %(label)s"),
             place=WHERE["ticket_fields"], label=LABEL),
        Said(N_("Leave everything under Behavior for customers off, and required off; save")),
        Said(N_("Set it up once more here, so that its name is read"),
             f"Run this again, so that its name is read: {again}"),
    ))  # fmt: skip


def view() -> Task:
    """The API has no views."""
    return Task(Said(N_("a view of what is suggested")), (
        Said(N_("Tickets: open Filters, choose Tags: %(tag)s, and Status: All unresolved; Apply"), tag=SUGGESTED_TAG),
        Said(N_("Save view as: Wellbeing: suggested; available for: All agents, or the leads' group")),
    ))  # fmt: skip


def group(account: str) -> Task:
    """Who can read survey tickets is a matter of the group."""
    return Task(Said(N_("a group for survey tickets, before the first survey")), (
        Said(N_("Admin > Team > Groups: New group, such as “Wellbeing surveys”; only admins in it, no automatic "
                "assignment")),
        Said(N_("See that agents of other groups are not given a scope of all tickets who should not read them (Admin "
                "> Team > Agents > Scope)")),
        Said(N_("Choose it here under Settings, What may happen, once it has been read"),
             f"helpdesk-wellbeing act set --account {account} --survey-group ID, with the number at the end of the "
             "group's address"),
    ))  # fmt: skip
