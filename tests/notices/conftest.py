"""A simulated account with people, a mail server that wants STARTTLS, and a chat service on loopback."""

from __future__ import annotations

import json
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.notices import settings as kept
from helpdesk_wellbeing.notices.channels.opening import open_channel
from helpdesk_wellbeing.notices.outbox import Means, Tally, work
from helpdesk_wellbeing.people import GROUPS, LEAVE, PEOPLE
from helpdesk_wellbeing.plan.proposal import Because, Proposal, Subject, to_json
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store, tables
from helpdesk_wellbeing.store.clock import day_number, micros
from helpdesk_wellbeing.store.dialect import upsert
from helpdesk_wellbeing.store.proposals import Kept
from tests.tls import make_certificate

MONDAY = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)  # 08:30 in Berlin
USER, PASSWORD = "wellbeing", "correct horse"
PUBLIC = "https://wellbeing.example"
STATUTORY = frozenset({"short_daily_rest", "long_day"})


# ---- a mail server --------------------------------------------------------------------------------------------------


@dataclass
class MailServer:
    """What it took, and what it answers."""

    port: int = 0
    certificate: Path = Path()
    envelopes: list[Any] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)  # to the next messages, instead of taking them
    refuses: set[str] = field(default_factory=set)  # recipients
    connections: int = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        self.connections += session.ssl is not None
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refuses:
            return "550 nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.envelopes.append(envelope)
        return "250 OK"

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(envelope.content, policy=default) for envelope in self.envelopes]

    def forget(self) -> None:
        self.envelopes.clear()
        self.answers.clear()
        self.refuses.clear()
        self.connections = 0


class AnyPort(Controller):
    """Takes a free port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def _let_in(server, session, envelope, mechanism, data):
    is_known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_known, handled=is_known)  # not handled: the server says no


@pytest.fixture(scope="session")
def _mail_server(tmp_path_factory) -> Iterator[MailServer]:
    certificate, key = make_certificate(tmp_path_factory.mktemp("tls"), "mail")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = MailServer(certificate=certificate)
    running = AnyPort(
        server, "127.0.0.1", 0, tls_context=context, require_starttls=True, authenticator=_let_in, auth_required=True
    )
    running.start()
    server.port = running.port
    yield server
    running.stop()


@pytest.fixture
def mail(_mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> MailServer:
    """A mail server that wants STARTTLS, a user and a password; this process trusts its certificate."""
    _mail_server.forget()
    monkeypatch.setenv("SSL_CERT_FILE", str(_mail_server.certificate))
    return _mail_server


@pytest.fixture
def plain_server() -> Iterator[MailServer]:
    """A mail server that offers no encryption."""
    server = MailServer()
    running = AnyPort(server, "127.0.0.1", 0)
    running.start()
    server.port = running.port
    yield server
    running.stop()


# ---- a chat service -------------------------------------------------------------------------------------------------


@dataclass
class Chat:
    """What was posted, and what it answers next: a status, "hang up", or (status, headers)."""

    url: str = ""
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)

    def of(self, path: str) -> list[dict[str, Any]]:
        return [body for at, body in self.posted if at == path]


@pytest.fixture(scope="session")
def _chat() -> Iterator[Chat]:
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            chat.posted.append((self.path, body))
            answer = chat.answers.pop(0) if chat.answers else 200
            if answer == "hang up":
                self.close_connection = True
                return
            if answer == "say nothing":
                time.sleep(0.6)
                return
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    chat.url = f"http://127.0.0.1:{server.server_port}"
    yield chat
    server.shutdown()
    server.server_close()


@pytest.fixture
def chat(_chat: Chat) -> Chat:
    """A server that takes what is posted to a webhook."""
    _chat.posted.clear()
    _chat.answers.clear()
    return _chat


# ---- an account -----------------------------------------------------------------------------------------------------


def person(agent: str, groups: list[str], **more: Any) -> dict[str, Any]:
    known = {"agent": agent, "name": agent.title(), "time_zone": "Europe/Berlin", "groups": groups, "excluded": False}
    return {**dict.fromkeys(PEOPLE), **known, **more}


BILLING = ["ana", "ben", "cas", "dia", "eli"]
STAFF = [
    *(person(agent, ["billing"]) for agent in BILLING),
    person("lea", ["billing", "leads"], lead_of=["billing", "tiny"]),
    person("tom", ["tiny"]),
    person("oda", ["leads"]),
]


class Desk:
    """An account whose state a test sets, at an instant that it chooses."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, MONDAY
        store.create_account(
            "acme", platform="zendesk", zone="Europe/Berlin", settings={"base_url": "http://127.0.0.1:9"}
        )
        store.replace_people("acme", "file", pl.DataFrame(STAFF, schema=PEOPLE))
        groups = [{**dict.fromkeys(GROUPS), "group": g, "name": g.title()} for g in ("billing", "tiny", "leads")]
        store.replace_groups("acme", "file", pl.DataFrame(groups, schema=GROUPS))
        policy.change(store, "acme", "a test", MONDAY, public_url=PUBLIC)
        self.flags()

    def member(self, name: str, *roles: str, agent: str | None = None, who: str | None = None) -> str:
        key = who or f"email:{name}@example.com"
        with self.store._database.writing() as connection:
            row = {"account": 1, "who": key, "name": name.title(), "agent": agent, "roles": json.dumps(roles),
                   "added_at": 0, "added_by": "a test"}  # fmt: skip
            connection.execute(tables.members.insert(), row)
        return key

    def drop_member(self, who: str) -> None:
        with self.store._database.writing() as connection:
            connection.execute(tables.members.delete().where(tables.members.c.who == who))

    def leave(self, agent: str, first: date, last: date) -> None:
        rows = [{"agent": agent, "from": first, "to": last}]
        self.store.replace_leave("acme", "file", pl.DataFrame(rows, schema=LEAVE))

    def flags(self, *flags: dict[str, Any], first_seen: datetime | None = None) -> None:
        answer = {"account": "acme", "as_of": "2026-03-02T07:00:00Z", "flags": list(flags), "not_assessable": []}
        self.store.work.keep_answer("acme", self.now, answer)
        for one in flags:
            self.seen(one, first_seen or self.now)

    def seen(self, flag: dict[str, Any], first_at: datetime, gone_at: datetime | None = None) -> None:
        row = {"account": 1, "rule": flag["rule"], "kind": flag["subject"]["kind"], "subject": flag["subject"]["id"],
               "since": day_number(date.fromisoformat(flag["since"])), "first_at": micros(first_at),
               "gone_at": None if gone_at is None else micros(gone_at)}  # fmt: skip
        with self.store._database.writing() as connection:
            connection.execute(upsert(connection, tables.flags_seen), row)

    def propose(
        self, kind: str, subject: str, action: Any = "rebalance", *, at: datetime = MONDAY, **changes: Any
    ) -> str:
        because = Because("open_work_overload", "v1", "LD1", Subject("agent", "ana"), "warn", "2026-03-01", "A", {})
        until, lead_from = at + timedelta(days=30), changes.pop("lead_from", at)
        made = Proposal(action, Subject(kind, subject), (because,), at, until, lead_from, {"en": "Secret words."})
        row = Kept(made.id, action, kind, subject, "open", at, until, None, at, None, None, to_json(made))
        self.store.proposals.add("acme", row)
        return made.id

    def mails_by(self, mail: MailServer, **changes: Any) -> None:
        smtp = {"host": "127.0.0.1", "port": mail.port, "user": USER, "sender": "wellbeing@example.com", **changes}
        self.store.put_secret("acme", kept.PASSWORD, PASSWORD)
        kept.change(self.store, "acme", "a test", self.now, smtp=smtp)

    def room(
        self,
        name: str,
        chat: Chat,
        kind: Any = "slack",
        role: Any = "lead",
        team: str | None = "billing",
        account: str = "acme",
    ) -> None:
        room = kept.Room(name=name, kind=kind, role=role, team=team)
        kept.add_room(self.store, account, "a test", self.now, room, f"{chat.url}/{name}")

    def set(self, account: str = "acme", **changes: Any) -> None:
        kept.change(self.store, account, "a test", self.now, **changes)

    def name_group(self, group: str, name: str) -> None:
        rows = [{**dict.fromkeys(GROUPS), "group": group, "name": name}]
        self.store.replace_groups("acme", "file", pl.DataFrame(rows, schema=GROUPS))

    def agree(self, **terms: Any) -> None:
        """Something was agreed, as it is stored."""
        agreement = {"signals": ["WT4"], "parties": ["council"], "agreed_on": "2026-03-01", **terms}
        body = {"state": "in force", "by": "a test", "widens": [], "agreement": agreement}
        self.store.agreements.add("acme", MONDAY - timedelta(days=1), body)

    def contest(self, flag: dict[str, Any]) -> None:
        row = {"account": 1, "id": "c", "rule": flag["rule"], "kind": flag["subject"]["kind"],
               "subject": flag["subject"]["id"], "since": day_number(date.fromisoformat(flag["since"])),
               "reason": "automation", "by_agent": 1, "at": 0, "until": 0}  # fmt: skip
        with self.store._database.writing() as connection:
            connection.execute(tables.contests.insert(), row)

    def break_glass(self, agent: str) -> None:
        row = {"account": 1, "id": "b", "who": "email:oda@example.com", "name": "Oda", "agent": agent, "reason": "r",
               "at": micros(self.now), "until": micros(self.now + timedelta(hours=1))}  # fmt: skip
        with self.store._database.writing() as connection:
            connection.execute(tables.break_glass.insert(), row)

    def tamper(self) -> None:
        """Change an entry of the audit behind the program's back."""
        with self.store._database.writing() as connection:
            connection.execute(tables.audit.update().where(tables.audit.c.seq == 1).values(body='{"what":"other"}'))

    def on(self) -> Tally:
        """Switched on before the working day; what is urgent then is no news. Then the day begins."""
        begun = self.now
        self.now = MONDAY - timedelta(hours=1)
        kept.change(self.store, "acme", "a test", self.now, on=True)
        self.round()
        self.now = begun
        return self.round()

    def round(self, after: timedelta = timedelta(0), **changes: Any) -> Tally:
        self.now += after
        return work(Means(self.store, open_channel, STATUTORY, now=lambda: self.now, **changes), "acme")


@pytest.fixture(scope="session")
def empty(tmp_path_factory) -> Path:
    """A database with its tables and nothing in them, to be copied."""
    folder = tmp_path_factory.mktemp("empty")
    open_store(Settings(folder, f"sqlite:///{folder / 'wellbeing.db'}")).close()
    return folder / "wellbeing.db"


@pytest.fixture
def desk(empty: Path, tmp_path: Path) -> Iterator[Desk]:
    """A simulated account: billing with six people, led by lea; tiny with one, led by lea, too."""
    shutil.copy(empty, tmp_path / "wellbeing.db")
    with open_store(Settings(tmp_path, f"sqlite:///{tmp_path / 'wellbeing.db'}")) as store:
        yield Desk(store)


def make_flag(
    kind: str, subject: str, rule: str = "after_hours_work", level: str = "warn", since: str = "2026-03-02"
) -> dict[str, Any]:
    signal = {"backlog_growth": "LD6", "team_imbalance": "LD4"}.get(rule, "WT4")
    return {"signal": signal, "rule": rule, "subject": {"kind": kind, "id": subject}, "level": level, "state": "active",
            "since": since, "values": {}, "evidence": [], "grade": "A"}  # fmt: skip


@pytest.fixture
def flag() -> Callable[..., dict[str, Any]]:
    """A flag as `check` answers it."""
    return make_flag
