"""The daily export of ticket activities, which only old accounts still have."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from connectors.simulating.answers import Answer

from .answers import BadRequest, lacking, not_found
from .options import STATUSES
from .record import Record
from .request import Request
from .rows import Object
from .words import PRIORITY, STATUS

KEPT_DAYS = 30
VALID_S = 300
FORMAT = "%d-%m-%Y %H:%M:%S +0000"
NOTES = {"replied": 0, "customer_replied": 0, "noted": 4}
SHOWN = (*NOTES, "created", "status", "assigned", "moved", "priority", "tagged", "untagged", "deleted", "spammed")


class Activities:
    """Files by day (UTC), and addresses of them that are good for a while."""

    def __init__(self, record: Record, base: str) -> None:
        self.record = record
        self.base = base
        self._secret = secrets.token_bytes(16)

    def index(self, request: Request) -> Answer:
        """Where the file of one day is; 404 while that day is not over, and once the file is gone."""
        shape = self.record.options.activities
        if shape is None:
            return lacking("scheduled_ticket_export")
        text = request.first("created_at") or ""
        try:
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise BadRequest("created_at", "It should be in the YYYY-MM-DD format", "invalid_date") from None
        now = self.record.now()
        if not day + timedelta(days=1) <= now < day + timedelta(days=KEPT_DAYS):
            return not_found()
        until = int(now.timestamp()) + VALID_S
        url = f"{self.base}/exports/{text}.json?expires={until}&signature={self._sign(text, until)}"
        if shape == "object":
            return Answer.of({"export": {"url": url}})
        return Answer.of({"export": [{"created_at": f"{day.day}-{day.month}-{day.year}", "url": url}]})

    def file(self, request: Request) -> Answer:
        """The file behind a signed address. Storage takes one proof only: a key besides is an error."""
        named = re.fullmatch(r"/exports/(\d{4}-\d\d-\d\d)\.json", request.path)
        if request.authorization is not None:
            return Answer(b"<Error><Code>InvalidArgument</Code></Error>", 400, {}, "application/xml")
        until = request.first("expires") or ""
        right = named is not None and until.isascii() and until.isdecimal() and int(until) > self.record.clock()
        if named is None or not right:
            return Answer(b"<Error><Code>AccessDenied</Code></Error>", 403, {}, "application/xml")
        if not hmac.compare_digest(self._sign(named[1], int(until)), request.first("signature") or ""):
            return Answer(b"<Error><Code>SignatureDoesNotMatch</Code></Error>", 403, {}, "application/xml")
        return Answer.of(self._day(datetime.fromisoformat(named[1]).replace(tzinfo=UTC)))

    def _sign(self, text: str, until: int) -> str:
        return hmac.new(self._secret, f"{text} {until}".encode(), hashlib.sha256).hexdigest()

    def _day(self, day: datetime) -> Object:
        start = int(day.timestamp())
        inside = pl.col("sec").is_between(start, start + 86_399) & pl.col("kind").is_in(SHOWN)
        rows = self.record.log.filter(inside).sort("sec", "place").to_dicts()
        names = {group["id"]: group["name"] for group in self.record.staff.groups}
        told = [_activity(row, names, self.record.site.rules) for row in rows]
        ends = datetime.fromtimestamp(start + 86_399, UTC)
        return {
            "metadata": {"start_at": f"{day:{FORMAT}}", "end_at": f"{ends:{FORMAT}}", "activities_count": len(told)},
            "activities_data": told,
        }


def _activity(row: Mapping[str, Any], groups: Mapping[int, str], rules: Mapping[str, str]) -> Object:
    at = datetime.fromtimestamp(row["sec"], UTC)
    told: Object = {"performed_at": f"{at:{FORMAT}}", "ticket_id": row["ticket"], "performer_type": "user",
                    "performer_id": row["actor"]}  # fmt: skip
    done = _done(row, groups)
    if row["actor_kind"] == "system":
        told |= {"performer_type": "system"}
        told.pop("performer_id")
        rule = f"Rule {row['actor']}" if row["actor"] else "Rule"
        done = {"automation": {"type": 1 if row["kind"] == "created" else 3, "rule": rule}} | done
    return told | {"activity": done}


def _done(row: Mapping[str, Any], groups: Mapping[int, str]) -> Object:
    """New values only, under the keys that files show."""
    kind, after = row["kind"], row["after"]
    if kind in NOTES:
        return {"note": {"id": row["event"], "type": NOTES[kind]}}
    if kind == "status":
        return {"status": STATUSES[STATUS.get(after or "", 2)]}
    if kind == "priority":
        return {"priority": PRIORITY.get(after or "", 1)}
    if kind == "assigned":
        return {"agent_id": row["after_no"]}
    if kind == "moved":
        return {"group": groups.get(row["after_no"])}
    if kind in ("tagged", "untagged"):
        return {"added_tags": [after]} if kind == "tagged" else {"removed_tags": [row["before"]]}
    if kind in ("deleted", "spammed"):
        return {"deleted" if kind == "deleted" else "spam": True}
    first = {"status": STATUSES[STATUS.get(row["status"] or "", 2)], "priority": PRIORITY.get(row["priority"] or "", 1)}
    return {"new_ticket": True, "requester_id": row["actor"], **first, "agent_id": row["assignee"],
            "group": groups.get(row["group"])}  # fmt: skip
