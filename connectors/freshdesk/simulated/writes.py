"""What requests may change. Everything that is no GET comes here."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import orjson

from connectors.simulating.answers import Answer

from .answers import invalid, not_found, wrong_method
from .jobs import Jobs
from .lists import gone
from .record import Record, Step
from .record import Write as Save
from .request import Request
from .rows import Object
from .setup import Setup
from .updates import Account, Denied, check, outcome, requester_of, taken
from .versions import DELETED, SPAM
from .words import our_priority, our_status

FIRST_TICKET = 900_001
MOST_IN_A_JOB = 100
_TICKET = re.compile(r"tickets/(\d+)")
_SAID = re.compile(r"tickets/(\d+)/(notes|reply)")
_CONVERSATION = re.compile(r"conversations/(\d+)")


class Writes:
    """Every write, one at a time, by the key's agent. `contacts` are addresses that became customers on the way."""

    def __init__(self, record: Record, base: str) -> None:
        self.record = record
        self.options = record.options
        self.base = base
        self.setup = Setup(record)
        self.jobs = Jobs(base, self.options.job_polls)
        self.contacts: list[str] = []
        self._said: dict[int, int] = {}  # conversation -> ticket, of what was written here
        self._newest = 0

    def change(self, request: Request) -> Answer:
        """The answer to a request that is no GET, by the key's agent."""
        try:
            body = orjson.loads(request.body) if request.body else {}
        except orjson.JSONDecodeError:
            return Answer.of({"code": "invalid_json", "message": "Request body has invalid json format"}, 400)
        if not isinstance(body, dict):
            return Answer.of({"code": "invalid_json", "message": "Request body has invalid json format"}, 400)
        with self.record.lock:
            try:
                return self._change(request, body)
            except Denied as denied:
                return denied.answer

    def _change(self, request: Request, body: Object) -> Answer:
        resource, method, me = request.resource, request.method, self.options.service_user
        if resource == "tickets" and method == "POST":
            return self._create(body)
        if resource == "tickets/bulk_update" and method == "POST":
            return self._bulk(body)
        if one := _TICKET.fullmatch(resource):
            if method == "PUT":
                return self._answer(self.update(int(one[1]), body, me, "api"))
            if method == "DELETE":
                self.delete(int(one[1]), me, "api")
                return Answer(b"", 204)
            return wrong_method("GET, PUT, DELETE")
        if (one := _SAID.fullmatch(resource)) and method == "POST":
            return self._say(int(one[1]), one[2], body)
        if (one := _CONVERSATION.fullmatch(resource)) and method in ("PUT", "DELETE"):
            return self._edit_said(int(one[1]), method, body)
        return self.setup.change(resource, method, body) or wrong_method("GET")

    def look(self, request: Request) -> Answer | None:
        """The answer to a GET of what only writes bring about; null: not ours."""
        resource = request.resource
        if resource.startswith("jobs/"):
            job = self.jobs.ask(resource.removeprefix("jobs/"))
            return not_found() if job is None else Answer.of(job)
        with self.record.lock:
            return self.setup.look(request)

    def configuration(self) -> dict[str, list[dict[str, Any]]]:
        """What admins have set up, in a stable order: equal before an installation and after its removal."""
        return self.setup.configuration()

    # Tickets

    def row(self, no: int) -> Object | None:
        """The ticket as answers show it; null: there is none."""
        return self.record.ticket(no)

    def update(self, no: int, body: Object, author: int, channel: str) -> int:
        """Update a ticket; its number. Raises Denied."""
        with self.record.lock:
            row = self._writable(no)
            account = Account(self.record.staff, self.record.fields, self.options)
            done = outcome(row, body, account)
            if not done.is_nothing:
                self.record.save(no, done.steps, author, self._kind_of(author), channel, besides=done.besides)
            return no

    def delete(self, no: int, author: int, channel: str) -> None:
        """Put a ticket into the trash. Raises Denied."""
        row = self._writable(no)
        step: Step = ("deleted", our_status(row["status"]), None)
        self.record.save(no, [step], author, self._kind_of(author), channel)

    def note(self, no: int, html: str, author: int, channel: str, private: bool = True) -> Save:
        """Leave a note on a ticket. Raises Denied."""
        with self.record.lock:
            self._writable(no)
            text: Object = {"body": html, "body_text": text_of(html), "private": private, "source": 2}
            step: Step = ("noted" if private else "replied", None, None)
            save = self.record.save(no, [step], author, self._kind_of(author), channel, text=text)
            self._said[save.conversation or 0] = no
            return save

    def _writable(self, no: int) -> Object:
        version = self.record.version(no)
        if version is None:
            raise Denied(not_found())
        if version["flags"] & (DELETED | SPAM):
            raise Denied(gone())
        return self.record.shown(version, self.record.clock())

    def _answer(self, no: int, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
        return Answer.of(self.row(no), status, headers)

    def _kind_of(self, author: int) -> str:
        """Our word for the kind of actor that somebody is."""
        if author == self.options.service_user:
            return "integration"
        return "agent" if author in self.record.staff.people else "requester"

    # Notes and replies

    def _say(self, no: int, what: str, body: Object) -> Answer:
        self._writable(no)
        html, private = body.get("body"), body.get("private", True) if what == "notes" else False
        known = {"body", "private", "incoming", "notify_emails", "user_id", "attachments", "cc_emails", "from_email",
                 "bcc_emails"}  # fmt: skip
        errors = [(n, "Unexpected/invalid field in request", "invalid_field") for n in body if n not in known]
        if not isinstance(html, str) or not html.strip():
            errors.append(("body", "It should be a/an String", "missing_field"))
        if not isinstance(private, bool):
            errors.append(("private", "It should be a/an Boolean", "datatype_mismatch"))
        addresses = {person.email for person in self.record.staff.agents}
        if any(one not in addresses for one in body.get("notify_emails") or ()):
            errors.append(("notify_emails", "Has invalid agent addresses", "invalid_value"))
        author = body.get("user_id", self.options.service_user)
        if self.record.staff.agent(author) is None:
            errors.append(("user_id", "There is no user matching the given user_id", "invalid_value"))
        if errors:
            return invalid(*errors)
        if what == "notes":
            save = self.note(no, str(html), author, "api", private)
        else:
            text: Object = {"body": html, "body_text": text_of(str(html))}
            save = self.record.save(no, [("replied", None, None)], author, self._kind_of(author), text=text)
            self._said[save.conversation or 0] = no
        row = next(talk for talk in self.record.conversations(no) if talk["id"] == save.conversation)
        return Answer.of(row | {"notified_to": body.get("notify_emails") or []}, 201)

    def _edit_said(self, number: int, method: str, body: Object) -> Answer:
        """Only what was written here can be edited or taken away."""
        ticket = self._said.get(number)
        if ticket is None:
            return not_found()
        if method == "DELETE":
            self.record.talks.drop(ticket, number)
            del self._said[number]
            return Answer(b"", 204)
        html = str(body.get("body") or "")
        self.record.texts[number] = {**self.record.texts.get(number, {}), "body": html, "body_text": text_of(html)}
        row = next(talk for talk in self.record.conversations(ticket) if talk["id"] == number)
        return Answer.of(row)

    # New tickets

    def _create(self, body: Object) -> Answer:
        account = Account(self.record.staff, self.record.fields, self.options)
        check(body, account, frozenset(["subject", "description"]))
        by = requester_of(body)
        if by is None:
            raise Denied(invalid(("requester_id", "It should be a/an Positive Integer", "missing_field")))
        no = self._next_number()
        if by != "requester_id":
            self.contacts.append(str(body[by]))
        requester = int(body["requester_id"]) if by == "requester_id" else 7_200_000_000_000 + no
        created = {
            "status": our_status(body.get("status", 2)), "priority": our_priority(body.get("priority", 1)),
            "group": _text(body.get("group_id")),
            "assignee": _text(taken(body.get("responder_id"), body.get("group_id"), None, account)),
        }  # fmt: skip
        html = str(body["description"])
        besides: Object = {
            "subject": body["subject"], "description": html, "description_text": text_of(html),
            "source": body.get("source", 2), "custom_fields": dict(body.get("custom_fields") or {}),
        }  # fmt: skip
        tags: list[Step] = [("tagged", None, tag) for tag in dict.fromkeys(body.get("tags", []))]
        me = self.options.service_user
        self.record.save(
            no, [("created", None, None), *tags], me, self._kind_of(me), created=created, besides=besides,
            requester=requester,
        )  # fmt: skip
        return self._answer(no, 201, {"Location": f"{self.base}/api/v2/tickets/{no}"})

    def _next_number(self) -> int:
        if not self._newest:
            numbers = self.record.versions.columns["ticket"]
            self._newest = max(FIRST_TICKET - 1, int(numbers.max()) if len(numbers) else 0)
        self._newest += 1
        return self._newest

    # Many at once

    def _bulk(self, body: Object) -> Answer:
        action = body.get("bulk_action")
        ids = action.get("ids") if isinstance(action, dict) else None
        if not isinstance(action, dict) or not isinstance(ids, list) or not 0 < len(ids) <= MOST_IN_A_JOB:
            return invalid(("ids", "It should be a/an Array of at most 100", "missing_field"))
        properties = action.get("properties") or {}
        check(properties, Account(self.record.staff, self.record.fields, self.options), frozenset())
        for no in ids:
            try:
                self.update(int(no), properties, self.options.service_user, "api")
            except Denied:
                continue  # a job tells of no row
        return Answer.of(self.jobs.add(), 202)


def text_of(html: str) -> str:
    """The text of HTML, as the platform gives it besides."""
    parser = _Text()
    parser.feed(html)
    return " ".join("".join(parser.parts).split())


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.parts.append(" ")


def _text(no: int | None) -> str | None:
    return None if no is None else str(no)
