"""The endpoints that change something, and the lists and objects that only writers ask for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from .access import Token, may_write
from .answers import FORBIDDEN, NO_ENDPOINT, NOT_FOUND, Answer, plain_error
from .jobs import Jobs
from .record import Record, Step
from .saves import Comment, Told
from .setup import SINGULAR, Setup
from .updates import CONFLICT, Account, Denied, Outcome, check_rights, invalid, outcome

if TYPE_CHECKING:
    from .api import Request

Object = dict[str, Any]
KEY_LIVES = timedelta(hours=2)
LONGEST_KEY = 255
MOST_IN_A_JOB = 100
FIRST_TICKET = 900_001
_TICKET = re.compile(r"tickets/(\d+)")
_TICKET_TAGS = re.compile(r"tickets/(\d+)/tags")
_THING = re.compile(rf"({'|'.join(SINGULAR)})(?:/([^/]+))?(/signing_secret)?")
NO_JSON = (plain_error("InvalidRequest", "The body is not valid JSON"), 400)


class Writes:
    """Every write, one at a time, made by the user of the token."""

    def __init__(self, record: Record, setup: Setup) -> None:
        self.record = record
        self.setup = setup
        self.options = record.holdings.site.options
        self.user = self.options.service_user
        self.jobs = Jobs(record.holdings.base, self.options.job_polls, self.options.job_limit)
        self._keys: dict[str, tuple[bytes, Answer, Any]] = {}
        self._newest = 0

    # Over HTTP

    def change(self, request: Request, token: Token) -> Answer:
        """The answer to a request that isn't a GET."""
        scope = request.resource.partition("/")[0]
        if not may_write(token, scope):
            return Answer.of(*FORBIDDEN)
        try:
            body = orjson.loads(request.body) if request.body else {}
        except orjson.JSONDecodeError:
            return Answer.of(*NO_JSON)
        if not isinstance(body, dict):
            return Answer.of(*NO_JSON)
        with self.record.lock:
            try:
                return self._change(request, body)
            except Denied as denied:
                return Answer.of(denied.body, denied.status)

    def _change(self, request: Request, body: Object) -> Answer:
        resource, method = request.resource, request.method
        if resource == "tickets" and method == "POST":
            return self._create(request, body)
        if resource == "tickets/update_many" and method == "PUT":
            return self._update_many(request, body)
        if (one := _TICKET.fullmatch(resource)) and method == "PUT":
            return Answer.of(self.update(int(one[1]), _inner(body, "ticket"), self.user, "api"))
        if (one := _TICKET.fullmatch(resource)) and method == "DELETE":
            self.delete(int(one[1]), self.user, "api")
            return Answer(b"", 204)
        if (one := _TICKET_TAGS.fullmatch(resource)) and method in ("PUT", "POST", "DELETE"):
            return self._tags(int(one[1]), body, method)
        if thing := _THING.fullmatch(resource):
            return self._set_up(thing[1], thing[2], bool(thing[3]), method, body)
        return Answer.of(*NO_ENDPOINT)

    def look(self, request: Request) -> Answer | list[Object] | None:
        """What only writers ask for: an answer, or a list to be paged; null: none of ours."""
        resource = request.resource
        with self.record.lock:
            if resource.startswith("job_statuses/"):
                return self._job(resource.removeprefix("job_statuses/"), request)
            if one := re.fullmatch(r"tickets/(\d+)/(comments|tags)", resource):
                row = self.row(int(one[1]))
                if row is None or row["status"] == "deleted":
                    return Answer.of(*NOT_FOUND)
                return Answer.of({"tags": row["tags"]}) if one[2] == "tags" else self._comments(int(one[1]))
            if one := re.fullmatch(r"(groups|users)/(\d+)/(?:group_)?memberships", resource):
                staff, no = self.record.holdings.staff, int(one[2])
                known = no in (staff.group_ids if one[1] == "groups" else staff.by_id)
                key = f"{one[1][:-1]}_id"
                return [m for m in staff.memberships if m[key] == no] if known else Answer.of(*NOT_FOUND)
            if resource == "tags":
                return self._all_tags()
            thing = _THING.fullmatch(resource)
            return self._shown(thing[1], thing[2], bool(thing[3])) if thing else None

    # Tickets

    def row(self, no: int) -> Object | None:
        """The ticket as answers show it."""
        return self.record.holdings.ticket(no, int(self.record.now().timestamp()))

    def update(self, no: int, body: Object, author: int, channel: str, bulk: bool = False) -> Object:
        """Update a ticket; what is answered. Raises Denied."""
        with self.record.lock:
            row = self.row(no)
            if row is None or row["status"] == "deleted":
                raise Denied(*NOT_FOUND)
            if channel == "api":
                check_rights(row, body, self.options)
            account = Account(self.record.holdings.staff, self.setup.fields(), self.options)
            done = outcome(row, body, account, author, bulk, bool(row["is_public"]))
            if done.is_nothing:
                return {"ticket": row, "audit": {"ticket_id": no, "events": []}}
            audit = self._save(no, done, author, channel, body)
            return {"ticket": self.row(no), "audit": self.record.holdings.ledger.saves[audit].audit}

    def delete(self, no: int, author: int, channel: str) -> None:
        """Delete a ticket, softly. Raises Denied."""
        row = self.row(no)
        if row is None or row["status"] == "deleted":
            raise Denied(*NOT_FOUND)
        told = Told(author, channel, custom_statuses=self.options.custom_statuses)
        self.record.save(no, [("deleted", row["status"], None)], told, self._kind_of(author), {})

    def merge(self, no: int, into: int, author: int) -> None:
        """Merge a ticket away: closed, with the tag and the note that say so."""
        row = self.row(no)
        if row is None or row["status"] in ("closed", "deleted"):
            raise Denied(*NOT_FOUND)
        comment = Comment(f"This request was closed and merged into request #{into}.", False, author)
        steps: list[Step] = [
            ("noted", None, None), ("status", row["status"], "closed"), ("tagged", None, "closed_by_merge"),
        ]  # fmt: skip
        told = Told(author, "web", comment, custom_statuses=self.options.custom_statuses)
        self.record.save(no, steps, told, self._kind_of(author), {})

    def _save(self, no: int, done: Outcome, author: int, channel: str, body: Object) -> int:
        metadata = body.get("metadata")
        told = Told(
            author, channel, done.comment, done.values, metadata if isinstance(metadata, dict) else {},
            custom_statuses=self.options.custom_statuses,
        )  # fmt: skip
        return self.record.save(no, done.steps, told, self._kind_of(author), {})

    def _kind_of(self, author: int) -> str:
        """Our word for the kind of actor that a user is."""
        if author == self.user:
            return "integration"
        return "requester" if self.record.holdings.staff.by_id.get(author, {}).get("role") == "end-user" else "agent"

    def _tags(self, no: int, body: Object, method: str) -> Answer:
        row = self.row(no)
        if row is None:
            return Answer.of(*NOT_FOUND)
        given = set(body.get("tags") or ())
        now = set(row["tags"])
        tags = {"PUT": now | given, "POST": given, "DELETE": now - given}[method]
        guard: Object = {name: body[name] for name in ("safe_update", "updated_stamp") if name in body}
        shown = self.update(no, {"tags": sorted(tags), **guard}, self.user, "api")
        return Answer.of({"tags": shown["ticket"]["tags"]}, 201 if method == "POST" else 200)

    # New tickets

    def _create(self, request: Request, body: Object) -> Answer:
        key = request.idempotency_key
        if key is None:
            return self._created(request, body)
        if not 0 < len(key) <= LONGEST_KEY:
            return Answer.of(plain_error("IdempotentRequestError", "The idempotency key is too long"), 400)
        print_, now = sha256(request.body).digest(), self.record.now()
        known = self._keys.get(key)
        if known is not None and now - known[2] < KEY_LIVES:
            if known[0] != print_:
                text = "Request parameters do not match the previous use of this idempotency key"
                return Answer.of(plain_error("IdempotentRequestError", text), 400)
            first = known[1]
            return Answer(first.body, first.status, {**first.headers, "x-idempotency-lookup": "hit"})
        answer = self._created(request, body)
        self._keys[key] = (print_, answer, now)
        return Answer(answer.body, answer.status, {**answer.headers, "x-idempotency-lookup": "miss"})

    def _created(self, request: Request, body: Object) -> Answer:
        inner = _inner(body, "ticket")
        if request.first("async") == "true":
            no, _ = self._make(inner)
            job = self.jobs.add([{"index": 0, "id": no, "account_id": 1, "success": True}])
            return Answer.of({"job_status": job}, 202)
        no, audit = self._make(inner)
        shown = {"ticket": self.row(no), "audit": self.record.holdings.ledger.saves[audit].audit}
        return Answer.of(shown, 201, {"Location": f"{self.record.holdings.base}/api/v2/tickets/{no}.json"})

    def _make(self, body: Object) -> tuple[int, int]:
        """A new ticket: its number and that of its audit. Raises Denied."""
        staff = self.record.holdings.staff
        requester = body.get("requester_id") or self.user
        if requester not in staff.by_id:
            raise invalid("requester", "Requester: is invalid")
        if not isinstance(body.get("comment"), dict):
            raise invalid("base", "Description: cannot be blank", "BlankValue")
        author = int(body.get("submitter_id") or self.user)
        ledger = self.record.holdings.ledger
        blank = [{"id": number, "value": None} for number in ledger.fields]
        row: Object = {
            "status": "new", "group_id": None, "assignee_id": None, "priority": None, "tags": [],
            "custom_fields": blank, "updated_at": "1970-01-01T00:00:00Z",
        }  # fmt: skip
        check_rights(row, body, self.options)
        done = outcome(row, body, Account(staff, self.setup.fields(), self.options), author, False, True)
        no, comment = self._next_number(), done.comment
        state = {kind: after for kind, _, after in done.steps}
        created = {
            "status": state.get("status") or "new", "group": state.get("moved"), "assignee": state.get("assigned"),
            "priority": state.get("priority"),
        }  # fmt: skip
        subject = str(body.get("subject") or (comment.body[:80] if comment else ""))
        ledger.requesters[no] = int(requester)
        ledger.besides[no] = {
            "subject": subject, "raw_subject": subject, "description": comment.body if comment else "",
            "submitter_id": author, "is_public": comment is None or comment.public,
            "external_id": body.get("external_id"),
        }  # fmt: skip
        metadata = body.get("metadata")
        told = Told(
            author, "api", comment, done.values, metadata if isinstance(metadata, dict) else {}, subject,
            self.options.custom_statuses,
        )  # fmt: skip
        tags: list[Step] = [step for step in done.steps if step[0] == "tagged"]
        return no, self.record.save(no, [("created", None, None), *tags], told, self._kind_of(author), created)

    def _next_number(self) -> int:
        if not self._newest:
            newest = self.record.holdings.site.children["ticket_no"].max()
            self._newest = max(FIRST_TICKET - 1, newest if isinstance(newest, int) else 0)
        self._newest += 1
        return self._newest

    # Many at once

    def _update_many(self, request: Request, body: Object) -> Answer:
        full = self.jobs.too_many()
        if full is not None:
            return full
        ids = request.first("ids")
        if ids is not None:
            inner = _inner(body, "ticket")
            rows = [(int(no), inner) for no in ids.split(",") if no.strip().isdigit()]
        else:
            listed = body.get("tickets")
            if not isinstance(listed, list):
                raise Denied(plain_error("BadRequest", "tickets: is missing"), 400)
            rows = [(int(row["id"]), row) for row in listed if isinstance(row, dict) and "id" in row]
        if not 0 < len(rows) <= MOST_IN_A_JOB:
            raise Denied(plain_error("TooManyValues", "Limit of 100 objects exceeded"), 400)
        results = [self._row_of_job(place, no, inner) for place, (no, inner) in enumerate(rows)]
        return Answer.of({"job_status": self.jobs.add(results)})

    def _row_of_job(self, place: int, no: int, body: Object) -> Object:
        try:
            self.update(no, body, self.user, "api", bulk=True)
        except Denied as denied:
            word = denied.body.get("error")
            error = word if isinstance(word, str) else "Forbidden"
            text = "Conflict" if (denied.body, denied.status) == CONFLICT else "Failed"
            failure = {"id": no, "index": place, "error": error, "details": text, "success": False}
            return {"action": "update", "status": "Failed", **failure}
        return {"action": "update", "id": no, "index": place, "status": "Updated", "success": True}

    def _job(self, number: str, request: Request) -> Answer:
        if number == "show_many":
            found = [self.jobs.ask(one) for one in (request.first("ids") or "").split(",")]
            return Answer.of({"job_statuses": [job for job in found if job is not None]})
        job = self.jobs.ask(number)
        return Answer.of(*NOT_FOUND) if job is None else Answer.of({"job_status": job})

    # Lists

    def _comments(self, no: int) -> list[Object]:
        found: list[Object] = []
        for text in self.record.holdings.audits(no, int(self.record.now().timestamp())):
            audit = orjson.loads(text)
            for event in audit["events"]:
                if event["type"] == "Comment":
                    found.append({**event, "via": audit["via"], "created_at": audit["created_at"],
                                  "metadata": audit["metadata"]})  # fmt: skip
        return found

    def _all_tags(self) -> list[Object]:
        rows = self.record.holdings.tickets(int(self.record.now().timestamp()), False)
        counts = Counter(tag for row in rows.text for tag in orjson.loads(row)["tags"])
        return [{"name": tag, "count": number} for tag, number in sorted(counts.items(), key=lambda c: (-c[1], c[0]))]

    # What is set up

    def _shown(self, kind: str, number: str | None, secret: bool) -> Answer | list[Object]:
        if number is None:
            return self.setup.listed(kind)
        try:
            found = self.setup.secret(number, False) if secret else {SINGULAR[kind]: self.setup.show(kind, number)}
        except Denied as denied:
            return Answer.of(denied.body, denied.status)
        return Answer.of(found)

    def _set_up(self, kind: str, number: str | None, secret: bool, method: str, body: Object) -> Answer:
        name = SINGULAR[kind]
        if secret and number is not None and method == "POST":
            return Answer.of(self.setup.secret(number, True))
        makes = method == "POST" and number is None
        if secret or kind == "automations" or not (makes or (number and method != "POST")):
            return Answer.of(*NO_ENDPOINT)
        if makes:
            made = self.setup.create(kind, _inner(body, name))
            self._fields_changed()
            return Answer.of({name: made}, 201)
        if method == "DELETE":
            self.setup.delete(kind, str(number))
            self._fields_changed()
            return Answer(b"", 204)
        if kind == "webhooks" and method == "PUT":
            self.setup.replace_webhook(str(number), _inner(body, name))
            return Answer(b"", 204)
        changed = self.setup.update(kind, str(number), _inner(body, name))
        self._fields_changed()
        return Answer(b"", 204) if kind == "webhooks" else Answer.of({name: changed})

    def drop_field(self, number: int) -> None:
        """Delete a custom field, as an admin does. Raises Denied."""
        with self.record.lock:
            self.setup.delete("ticket_fields", str(number))
            self._fields_changed()

    def _fields_changed(self) -> None:
        fields = tuple(sorted(self.setup.fields()))
        if fields != self.record.holdings.ledger.fields:
            self.record.holdings.ledger.fields = fields
            self.record.changed()


def _inner(body: Mapping[str, Any], name: str) -> Object:
    inner = body.get(name)
    if not isinstance(inner, dict):
        raise Denied(plain_error("BadRequest", f"{name}: is missing"), 400)
    return inner
