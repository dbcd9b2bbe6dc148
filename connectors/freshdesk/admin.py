"""What is set up in a Freshdesk account: ticket fields and automation rules; and the tickets that carry a tag.

One request each, its outcome told in full; nothing is decided here and nothing repeated. After `Unknown` look through
`things` before it is asked again. Needs the key of an admin.
https://developers.freshdesk.com/api/#admin-ticket-fields, https://developers.freshdesk.com/api/#automations
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import requests

from connectors.answers import read_json
from connectors.freshdesk.client import ROWS, FreshdeskApi
from connectors.session import HttpRefused, Unsent
from helpdesk_wellbeing.errors import BadPayload, RetryLater

Kind = Literal["ticket_fields", "creation_rules", "hourly_rules", "update_rules"]
Why = Literal["forbidden", "plan", "gone", "invalid"]
PATHS: Mapping[Kind, str] = {
    "ticket_fields": "/api/v2/admin/ticket_fields",
    "creation_rules": "/api/v2/automations/1/rules",
    "hourly_rules": "/api/v2/automations/3/rules",
    "update_rules": "/api/v2/automations/4/rules",
}
FOUND_A_PAGE, MOST_FOUND_PAGES = 30, 10  # of a search


@dataclass(frozen=True)
class Made:
    """It is there."""

    id: str
    shown: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """It is so."""


@dataclass(frozen=True)
class Refused:
    """Nothing was done, and the same again won't be."""

    reason: Why
    status: int
    code: str | None


@dataclass(frozen=True)
class Unknown:
    """It may have been done or not."""

    why: str


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
            rows = _rows(
                self._session.answer("GET", PATHS[kind], params={"page": page, "per_page": ROWS}), PATHS[kind]
            )
            new = {str(row["id"]): row for row in rows if "id" in row and str(row["id"]) not in found}
            found |= new
            if len(rows) < ROWS or not new:  # some lists give everything whatever page is asked for
                return list(found.values())
            page += 1

    def create_thing(self, kind: Kind, body: Mapping[str, Any]) -> Made | Refused | Unknown:
        """`body` as Freshdesk takes it, without a wrapper."""
        answer = self._send("POST", PATHS[kind], body)
        if isinstance(answer, Refused | Unknown):
            return answer
        row = _object(answer)
        return Unknown("the answer names no id") if not row.get("id") else Made(str(row["id"]), row)

    def update_thing(self, kind: Kind, number: str, body: Mapping[str, Any]) -> Done | Refused | Unknown:
        """Set what `body` names."""
        return _done(self._send("PUT", f"{PATHS[kind]}/{_number(number)}", body))

    def delete_thing(self, kind: Kind, number: str) -> Done | Refused | Unknown:
        """For ever; refused with reason `gone` when it was deleted before."""
        return _done(self._send("DELETE", f"{PATHS[kind]}/{_number(number)}", None))

    # Tickets

    def tagged(self, tag: str, since: str, until: str) -> Tagged:
        """Tickets with a tag that were made from one day to another (YYYY-MM-DD, both inclusive).

        The search knows a change minutes later, no archived ticket, and shows three hundred at most.
        """
        query = f"\"(tag:'{tag}' AND created_at:>'{since}' AND created_at:<'{until}')\""
        found: dict[str, None] = {}
        total = 0
        for page in range(1, MOST_FOUND_PAGES + 1):
            answer = self.api.object("/api/v2/search/tickets", params={"query": query, "page": page})
            rows = _rows(answer.get("results"), "/api/v2/search/tickets")
            total = max(total, answer["total"] if isinstance(answer.get("total"), int) else 0)
            found |= dict.fromkeys(str(row["id"]) for row in rows if "id" in row)
            if len(rows) < FOUND_A_PAGE:
                break
        return Tagged(tuple(found), max(total, len(found)))

    # One request

    def _send(self, verb: str, path: str, body: Mapping[str, Any] | None) -> requests.Response | Refused | Unknown:
        arguments = {} if body is None else {"json": dict(body)}
        try:
            return self._session.request(verb, path, repeatable=False, **arguments)
        except Unsent:
            raise
        except HttpRefused as refused:
            if refused.status == 401:
                raise
            return Refused(_why(refused), refused.status, refused.code)
        except (RetryLater, BadPayload) as lost:
            return Unknown(str(lost))


@dataclass(frozen=True)
class Tagged:
    """What a search showed; `total` is what it says that there is."""

    tickets: tuple[str, ...]
    total: int

    @property
    def is_whole(self) -> bool:
        """Whether it showed all."""
        return self.total <= len(self.tickets)


def is_of_plan(refused: HttpRefused) -> bool:
    """Whether a refusal says that the account's plan has no such thing."""
    return refused.status in (402, 404) or (refused.status == 403 and refused.code == "require_feature")


def _why(refused: HttpRefused) -> Why:
    if refused.status == 404:
        return "gone"
    if refused.status in (402, 403):
        return "plan" if refused.code == "require_feature" or refused.status == 402 else "forbidden"
    return "invalid"


def _done(answer: requests.Response | Refused | Unknown) -> Done | Refused | Unknown:
    return answer if isinstance(answer, Refused | Unknown) else Done()


def _number(number: str) -> str:
    """An id, which goes into a path. Raises ValueError when it is none."""
    if not number.isdigit():
        raise ValueError("a Freshdesk id is a whole number")
    return number


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        parsed = read_json(answer.content)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _rows(answer: Any, path: str) -> list[dict[str, Any]]:
    """A list, bare or under `rules`: both are seen."""
    rows = answer.get("rules") if isinstance(answer, dict) else answer
    if not isinstance(rows, list):
        raise BadPayload(f"freshdesk: the answer to GET {path} is no list; report it with this line")
    return [row for row in rows if isinstance(row, dict)]
