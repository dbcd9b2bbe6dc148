"""The page of one ticket as somebody at the helpdesk opens it: whose it is now."""

from __future__ import annotations

from html import escape
from typing import Any

from .answers import Answer
from .signing_in import sheet

NOTHING = "–"


def ticket_page(ticket: dict[str, Any] | None, users: list[dict[str, Any]], groups: list[dict[str, Any]]) -> Answer:
    """`GET /agent/tickets/<id>`. Nothing stands in it that a customer wrote."""
    if ticket is None:
        return sheet("No such ticket", "<h1>No such ticket</h1>", 404)
    title = f"Ticket {ticket['id']}"
    called = {thing["id"]: str(thing["name"]) for thing in (*users, *groups)}
    facts = {
        "Assignee": called.get(ticket["assignee_id"], NOTHING), "Group": called.get(ticket["group_id"], NOTHING),
        "Status": ticket["status"], "Priority": ticket["priority"] or NOTHING,
        "Tags": ", ".join(ticket["tags"]) or NOTHING, "Last changed": ticket["updated_at"],
    }  # fmt: skip
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts.items())
    return sheet(title, f"<p>Simulated Zendesk</p><h1>{title}</h1><dl>{rows}</dl>")
