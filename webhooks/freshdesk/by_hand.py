"""What an admin does in Freshdesk by hand, step by step: where its API has no way, or refuses. Pure.

A secret never stands here; it is said where to read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpdesk_wellbeing.acting.helpdesk import SUGGESTED_TAG
from webhooks.freshdesk.proof import HEADER
from webhooks.freshdesk.things import CREATION_RULE, LABEL, TITLES, WHERE, endpoint
from webhooks.freshdesk.translate import RULE_BODY


@dataclass(frozen=True)
class Task:
    """Something to be done by hand."""

    title: str
    steps: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {"title": self.title, "steps": list(self.steps)}

    def lines(self) -> Iterator[str]:
        """As a person reads it."""
        yield f"{self.title}:"
        yield from (f"  {number}. {step}" for number, step in enumerate(self.steps, 1))


def rule(name: str, account: str, url: str) -> Task:
    """One automation rule, as `install` would make it."""
    where: tuple[str, ...]
    if name == CREATION_RULE:
        where = (f"{WHERE['creation_rules']}: New rule; name it “{TITLES[name]}”",
                 "On tickets with these properties: Priority · is · Low, Medium, High, Urgent")  # fmt: skip
    else:
        where = (f"{WHERE['update_rules']}: New rule; name it “{TITLES[name]}”",
                 "When an action performed by: Agent or requester",
                 "Involves any of these events: status, priority, agent or group is changed (from Any to Any); note is "
                 "added: Public; reply is sent",
                 "On tickets with these properties: Priority · is · Low, Medium, High, Urgent")  # fmt: skip
    return Task(f"the rule that tells {'of new tickets' if name == CREATION_RULE else 'which tickets changed'}", (
        *where,
        f"Perform these actions: Trigger Webhook; request type POST; URL {endpoint(url, account)}",
        f"Add custom headers: {HEADER}: the secret, which this shows: helpdesk-wellbeing secrets show --account "
        f"{account} webhook_secret",
        f"Encoding JSON; content Advanced: {RULE_BODY}",
        "Preview and save; then move it below all other rules, so that it displaces none where only the first that "
        "fits is run",
    ))  # fmt: skip


def field(account: str) -> Task:
    """Our ticket field; without the API its name can't be read, so it is found again by install."""
    return Task("the field that says what was suggested on a ticket", (
        f"{WHERE['ticket_fields']}: drag a single-line text onto the form; label for agents: {LABEL}",
        "Leave everything under Behavior for customers off, and required off; save",
        f"Run this again, so that its name is read: helpdesk-wellbeing install freshdesk --account {account} --url …",
    ))  # fmt: skip


def view() -> Task:
    """The API has no views."""
    return Task("a view of what is suggested", (
        "Tickets: open Filters, choose Tags: "
        f"{SUGGESTED_TAG}, and Status: All unresolved; Apply",
        "Save view as: Wellbeing: suggested; available for: All agents, or the leads' group",
    ))  # fmt: skip


def group(account: str) -> Task:
    """Who can read survey tickets is a matter of the group."""
    return Task("a group for survey tickets, before the first survey", (
        "Admin > Team > Groups: New group, such as “Wellbeing surveys”; only admins in it, no automatic assignment",
        "See that agents of other groups are not given a scope of all tickets who should not read them (Admin > Team > "
        "Agents > Scope)",
        f"helpdesk-wellbeing act set --account {account} --survey-group ID, with the number at the end of the group's "
        "address",
    ))  # fmt: skip
