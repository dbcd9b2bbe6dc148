"""What is set up in a Freshdesk account, ticket fields and automation rules; and which tickets carry a tag.

One request each, its outcome told in full; nothing is decided here and nothing repeated. After `Unknown` look through
`things` before it is asked again. Needs the key of an admin.
https://developers.freshdesk.com/api/#admin-ticket-fields, https://developers.freshdesk.com/api/#automations
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import requests

from connectors.freshdesk.client import ROWS, FreshdeskApi
from connectors.outcomes import Conflict, Done, Made, Reason, Refused, Unknown, made_of, object_of, sent_once
from connectors.session import HttpRefused
from helpdesk_wellbeing.errors import BadPayload

Kind = Literal["ticket_fields", "creation_rules", "hourly_rules", "update_rules"]
PATHS: Mapping[Kind, str] = {
    "ticket_fields": "/api/v2/admin/ticket_fields",
    "creation_rules": "/api/v2/automations/1/rules",
    "hourly_rules": "/api/v2/automations/3/rules",
    "update_rules": "/api/v2/automations/4/rules",
}
SEARCH = "/api/v2/search/tickets"
_REASONS: Mapping[int, Reason] = {401: "unauthorised", 402: "forbidden", 403: "forbidden", 404: "gone", 405: "gone"}
FOUND_A_PAGE, MOST_FOUND_PAGES = 30, 10  # of a search


@dataclass(frozen=True)
class Tagged:
    """What a search showed; `total` is what it says that there is."""

    tickets: tuple[str, ...]
    total: int

    @property
    def is_whole(self) -> bool:
        """Whether it showed all."""
        return self.total <= len(self.tickets) < FOUND_A_PAGE * MOST_FOUND_PAGES


class Admin:
    """One account. It shares the session of `api`, and with it limits and patience."""

    def __init__(self, api: FreshdeskApi) -> None:
        self.api = api
        self._session = api.session

    def things(self, kind: Kind) -> list[dict[str, Any]]:
        """All of a kind, as Freshdesk gives them. Raises PlatformError and BadPayload."""
        if kind == "ticket_fields":  # takes no page and gives all
            return _rows(self._session.answer("GET", PATHS[kind]), PATHS[kind])
        found: dict[str, dict[str, Any]] = {}
        page = 1
        while True:
            rows = _rows(self._session.answer("GET", PATHS[kind], params={"page": page, "per_page": ROWS}), PATHS[kind])
            new = {str(row["id"]): row for row in rows if "id" in row and str(row["id"]) not in found}
            found |= new
            if len(rows) < ROWS or not new:  # some lists give everything whatever page is asked for
                return list(found.values())
            page += 1

    def create_thing(self, kind: Kind, body: Mapping[str, Any]) -> Made | Conflict | Refused | Unknown:
        """`body` as Freshdesk takes it, without a wrapper."""
        answer = self._send("POST", PATHS[kind], body)
        if isinstance(answer, Conflict | Refused | Unknown):
            return answer
        return made_of(object_of(answer)) or Unknown("the answer names no id")

    def update_thing(self, kind: Kind, number: str, body: Mapping[str, Any]) -> Done | Conflict | Refused | Unknown:
        """Set what `body` names."""
        return _done(self._send("PUT", f"{PATHS[kind]}/{_number(number)}", body))

    def delete_thing(self, kind: Kind, number: str) -> Done | Conflict | Refused | Unknown:
        """For ever; refused with reason `gone` when it was deleted before."""
        return _done(self._send("DELETE", f"{PATHS[kind]}/{_number(number)}", None))

    # Tickets

    def tagged(self, tag: str, since: date | None = None, until: date | None = None) -> Tagged:
        """Tickets with a tag, if need be only those made from one day to another (both inclusive).

        The search knows a change minutes later, knows no archived ticket, and shows three hundred at most.
        """
        made = f" AND created_at:>'{since}' AND created_at:<'{until}'" if since and until else ""
        found: dict[str, None] = {}
        total = 0
        for page in range(1, MOST_FOUND_PAGES + 1):
            answer = self.api.object(SEARCH, params={"query": f"\"tag:'{tag}'{made}\"", "page": page})
            rows = _rows(answer.get("results"), SEARCH)
            total = max(total, answer["total"] if isinstance(answer.get("total"), int) else 0)
            found |= dict.fromkeys(str(row["id"]) for row in rows if "id" in row)
            if len(rows) < FOUND_A_PAGE:
                break
        return Tagged(tuple(found), total)

    # One request

    def _send(
        self, verb: str, path: str, body: Mapping[str, Any] | None
    ) -> requests.Response | Conflict | Refused | Unknown:  # fmt: skip
        return sent_once(self._session, verb, path, _why, json=None if body is None else dict(body))


def is_of_plan(refused: HttpRefused) -> bool:
    """Whether a refusal says that the account's plan has no such thing."""
    return refused.status in (402, 404) or (refused.status == 403 and refused.code == "require_feature")


def _why(refused: HttpRefused) -> Reason:
    return _REASONS.get(refused.status, "invalid")


def _done(answer: requests.Response | Conflict | Refused | Unknown) -> Done | Conflict | Refused | Unknown:
    return answer if isinstance(answer, Conflict | Refused | Unknown) else Done()


def _number(number: str) -> str:
    """An id, which goes into a path. Raises ValueError when it is none."""
    if not number.isdigit():
        raise ValueError("a Freshdesk id is a whole number")
    return number


def _rows(answer: Any, path: str) -> list[dict[str, Any]]:
    """A list, bare or under `rules`: both are seen."""
    rows = answer.get("rules") if isinstance(answer, dict) else answer
    if not isinstance(rows, list):
        raise BadPayload(f"freshdesk: the answer to GET {path} is no list; report it with this line")
    return [row for row in rows if isinstance(row, dict)]
