"""Notices that fail, that are killed, that wait; mail headers nobody can write into."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

import pytest

from helpdesk_wellbeing.acting import policy
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.notices.channels import posting
from helpdesk_wellbeing.notices.channels.smtp import Mail, mail_of
from helpdesk_wellbeing.notices.content import Line, Message, Part
from helpdesk_wellbeing.notices.outbox import failing_channels
from helpdesk_wellbeing.notices.people import Recipient
from helpdesk_wellbeing.notices.timing import Hours
from helpdesk_wellbeing.store.notices import Notices
from tests.dying import Killed

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
HOSTILE = [
    "Eve\r\nBcc: all@example.com",
    "Eve\nSubject: other",
    "Eve\x00\x1b[31m",
    "Eve\u2028X-Header: yes",
    '"Eve" <other@example.com>, more@example.com',
    "=?utf-8?q?Eve=0ABcc=3Aall?=",
    "Ève <script>alert(1)</script> & \u202eevE " * 30,
    "\ud800 lone half",
]


@pytest.fixture
def waiting(desk, mail):
    """A lead to whom one digest a day goes by mail."""
    desk.mails_by(mail)
    desk.member("lea", "lead", agent="lea")
    desk.propose("team", "billing")
    return desk


def killed_before_noting(patch):
    """The process ends when the first notice was sent and is not yet noted as sent."""
    noted, left = Notices.sent, [1]

    def sent(self, *arguments):
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        noted(self, *arguments)

    patch.setattr(Notices, "sent", sent)


# ---- killed ---------------------------------------------------------------------------------------------------------


def test_a_mail_whose_sending_was_not_noted_goes_out_again_under_the_same_id(waiting, mail, monkeypatch):
    killed_before_noting(monkeypatch)
    with pytest.raises(Killed):
        waiting.on()
    assert waiting.round(after=MINUTE).sent == 0  # it may still be going on

    assert waiting.round(after=5 * MINUTE).sent == 1
    assert waiting.round(after=5 * MINUTE).sent == 0

    first, second = mail.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_body(("plain",)).get_content() == second.get_body(("plain",)).get_content()


def test_what_was_posted_in_a_room_and_not_noted_is_not_posted_again(desk, chat, monkeypatch):
    desk.room("billing", chat)
    desk.propose("team", "billing")
    killed_before_noting(monkeypatch)
    with pytest.raises(Killed):
        desk.on()

    for _ in range(4):
        desk.round(after=5 * MINUTE)

    assert len(chat.posted) == 1
    (notice,) = desk.store.notices.listed("acme", desk.now - DAY)
    assert (notice.state, notice.tries) == ("unsure", 1)
    assert "not sent again" in notice.problem


def test_killed_before_anything_was_sent_nothing_is_lost_and_nothing_doubled(waiting, mail, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Notices, "claim", lambda *a: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            waiting.on()
    for _ in range(3):
        waiting.round(after=MINUTE)

    assert len(mail.mails) == 1


def test_two_processes_at_once_send_one_mail(waiting, mail):
    waiting.on()
    other_round = waiting.round()

    assert (other_round.made, other_round.sent, len(mail.mails)) == (0, 0, 1)
    assert not waiting.store.notices.claim("acme", "digest:x", waiting.now, waiting.now)


# ---- failing --------------------------------------------------------------------------------------------------------


def test_a_mail_server_that_is_busy_is_asked_again_later(waiting, mail):
    mail.answers += ["451 later", "451 later"]

    assert waiting.on().later == 1
    assert "mail: the message is not taken now (451)" in failing_channels(waiting.store, "acme", waiting.now)["mail"][1]
    assert waiting.round(after=MINUTE).later == 0
    assert waiting.round(after=2 * MINUTE).later == 1
    assert waiting.round(after=4 * MINUTE).sent == 1
    assert failing_channels(waiting.store, "acme", waiting.now) == {}


def test_one_refused_recipient_keeps_no_other_from_their_mail(waiting, mail):
    for name in ("kim", "zoe"):
        waiting.member(name, "ops")
    mail.refuses.add("kim@example.com")

    tally = waiting.on()

    assert (tally.sent, tally.dropped) == (2, 1)
    assert failing_channels(waiting.store, "acme", waiting.now) == {}
    assert mail.connections == 1


def test_without_a_server_one_try_serves_for_all_and_after_a_day_they_are_given_up(waiting, mail, monkeypatch):
    waiting.member("zoe", "ops")
    tried = []
    monkeypatch.setattr(Mail, "_connect", lambda self, real=Mail._connect: (tried.append(1), real(self))[1])
    waiting.mails_by(mail, port=1)

    tally = waiting.on()
    assert (len(tried), tally.sent, tally.problems) == (
        1,
        0,
        {"mail": "mail server 127.0.0.1:1: no connection (ConnectionRefusedError)"},
    )
    for _ in range(9):
        waiting.round(after=3 * HOUR)

    found = waiting.store.notices.listed("acme", waiting.now - 3 * DAY)
    assert {one.state for one in found if one.made_at < waiting.now - DAY} == {"dropped"}
    assert mail.mails == []


def test_what_fails_until_the_evening_is_not_tried_in_the_night(waiting, mail, monkeypatch):
    tried = []
    monkeypatch.setattr(Mail, "_connect", lambda self, real=Mail._connect: (tried.append(waiting.now), real(self))[1])
    waiting.mails_by(mail, port=1)
    waiting.on()
    for _ in range(23):
        waiting.round(after=HOUR)

    assert len(tried) > 3
    assert all(7 <= at.hour < 17 for at in tried)  # UTC; 08:00 to 18:00 in Berlin


def test_the_digest_of_a_day_that_failed_is_left_to_the_next_day_s(waiting, mail, flag):
    waiting.flags(flag("agent", "ben"), first_seen=waiting.now - 2 * DAY)
    waiting.mails_by(mail, port=1)
    waiting.on()
    waiting.mails_by(mail)
    waiting.now += 23 * HOUR + 29 * MINUTE  # just before the next digest's time
    waiting.round()
    waiting.round(after=5 * MINUTE)

    assert len(mail.mails) == 1
    assert "1 new note" in mail.mails[0].get_body(("plain",)).get_content()


def test_an_urgent_notice_that_never_arrived_stands_in_the_digest_as_new(waiting, mail, flag):
    waiting.on()
    mail.answers.append("554 no")
    waiting.flags(flag("agent", "ben", "short_daily_rest", "critical"))
    assert waiting.round(after=HOUR).dropped == 1
    assert waiting.round(after=HOUR).made == 0

    waiting.round(after=22 * HOUR)

    assert "1 new note" in mail.mails[-1].get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("answer", "word", "posts"),
    [
        (500, "it fails (500)", 2),
        (429, "too many messages (429)", 2),
        ((429, {"Retry-After": "600"}), "too many messages (429)", 1),
        (404, "make a new one", 1),
        (410, "make a new one", 1),
        (418, "refused (418)", 1),
        (502, "may have arrived", 1),
        ("hang up", "may have arrived", 1),
        ("say nothing", "may have arrived", 1),
    ],
)
def test_each_answer_of_a_chat_service_has_its_meaning(desk, chat, monkeypatch, answer, word, posts):
    monkeypatch.setattr(posting, "ANSWER_S", 0.3)
    desk.room("billing", chat)
    desk.propose("team", "billing")
    chat.answers.append(answer)

    tally = desk.on()
    assert word in tally.problems["slack (billing)"]
    desk.round(after=3 * MINUTE)

    assert len(chat.posted) == posts


def test_a_mail_server_whose_certificate_does_not_hold_gets_nothing(waiting, mail, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")

    tally = waiting.on()

    assert "its certificate does not hold" in tally.problems["mail"]
    assert (mail.connections, mail.mails) == (0, [])


def test_a_wrong_password_is_said_and_never_shown(waiting, mail):
    waiting.store.put_secret("acme", "notices_smtp_password", "wrong horse")

    tally = waiting.on()

    assert tally.problems == {"mail": f"mail server 127.0.0.1:{mail.port}: user or password is not accepted (535)"}


def test_a_server_without_starttls_gets_no_password(waiting, mail, plain_server):
    waiting.mails_by(mail, port=plain_server.port)

    tally = waiting.on()

    assert "does not offer STARTTLS" in tally.problems["mail"]
    assert plain_server.mails == []


# ---- waiting --------------------------------------------------------------------------------------------------------


def test_while_acting_is_stopped_nobody_is_told_anything(waiting, mail):
    policy.change(waiting.store, "acme", "a test", waiting.now, stopped=True)
    assert waiting.on().state == "stopped"
    assert mail.mails == []

    policy.change(waiting.store, "acme", "a test", waiting.now, stopped=False)
    waiting.round(after=HOUR)

    assert len(mail.mails) == 1


def test_switched_off_what_waits_is_forgotten_and_nothing_is_looked_at(waiting, mail):
    mail.answers.append("451 later")
    waiting.on()
    waiting.set(on=False)

    assert waiting.round(after=HOUR).state == "off"
    assert waiting.store.notices.due(waiting.now + DAY) == {}
    assert mail.mails == []


def test_who_is_no_member_any_more_gets_nothing_that_waits(waiting, mail):
    mail.answers.append("451 later")
    waiting.on()
    waiting.drop_member("email:lea@example.com")

    assert waiting.round(after=HOUR).dropped == 1
    assert mail.mails == []


def test_who_is_on_leave_gets_nothing(waiting, mail):
    waiting.leave("lea", waiting.now.date(), (waiting.now + DAY).date())
    waiting.on()
    waiting.round(after=DAY)
    assert mail.mails == []

    waiting.round(after=DAY)

    assert len(mail.mails) == 1


def test_a_digest_goes_out_once_a_day_and_only_marks_are_kept_of_it(waiting, mail):
    waiting.on()
    for _ in range(15):
        waiting.round(after=2 * HOUR)

    assert len(mail.mails) == 2
    assert {frozenset(one.body) for one in waiting.store.notices.listed("acme", waiting.now - 3 * DAY)} == {
        frozenset({"about"})
    }


def test_the_next_look_is_planned_in_the_store(waiting, mail):
    waiting.on()

    assert waiting.store.notices.due(waiting.now + MINUTE) == {}
    assert list(waiting.store.notices.due(waiting.now + 2 * MINUTE)) == ["acme"]


# ---- headers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_writes_a_header_or_adds_a_recipient(name):
    to = Recipient("email:eve@example.com", "mail", name, frozenset({"lead"}), Hours("UTC"), "eve@example.com")
    message = Message(f"News: {name}", (Part(name, (Line(name, "https://wellbeing.example/x"),)),), "foot", "en")

    made = mail_of(message, to, "wellbeing@example.com", "key", datetime(2026, 3, 2, tzinfo=UTC))

    head = made.as_bytes().partition(b"\r\n\r\n")[0].decode("ascii")
    names = [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))]
    assert sorted(names) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version",
         "Content-Type", "Content-Language"]
    )  # fmt: skip
    assert [address.addr_spec for address in made["To"].addresses] == ["eve@example.com"]
    assert "<script>" not in made.get_body(("html",)).get_content()


def test_a_hostile_group_name_arrives_as_text(waiting, mail):
    waiting.name_group("billing", "<img src=x onerror=alert(1)>\r\nBcc: all@example.com")
    waiting.on()

    (envelope,) = mail.envelopes
    assert envelope.rcpt_tos == ["lea@example.com"]
    html = mail.mails[0].get_body(("html",)).get_content()
    assert "<img" not in html
    assert "&lt;img" in html
    assert mail.mails[0]["Bcc"] is None


@pytest.mark.parametrize(
    "address",
    [
        "a@b@c",
        "a b@example.com",
        "a@example.com, b@example.com",
        "a@example.com\r\nX: y",
        "<a@example.com>",
        "a",
        "@example.com",
        "é@example.com",
        "",
    ],
)
def test_a_member_whose_address_is_none_gets_no_mail(waiting, mail, address):
    waiting.member("eve", "ops", who=f"email:{address}")
    waiting.on()

    assert [parseaddr(message["To"])[1] for message in mail.mails] == ["lea@example.com"]


def test_mail_without_encryption_is_for_simulated_accounts_only(desk):
    desk.store.create_account("real", platform="zendesk", settings={"subdomain": "real"})
    smtp = {"host": "mail.example.com", "port": 25, "security": "none", "sender": "a@example.com"}

    with pytest.raises(ConfigError, match="encrypted"):
        desk.set(account="real", smtp=smtp)
    with pytest.raises(ConfigError, match="port"):
        desk.set(account="real", smtp={**smtp, "security": "starttls", "port": 6379})
    desk.set(smtp=smtp)


@pytest.mark.parametrize(
    "changes",
    [
        {"quiet_from": "08:30"},
        {"quiet_from": "8 o'clock"},
        {"urgent_a_day": 3},
        {"mail_to": ["hr"]},
        {"digest_at": "25:00"},
        {"rooms": [{"name": "x", "kind": "slack", "role": "lead"}]},
    ],
)
def test_settings_that_make_no_sense_are_refused(desk, changes):
    with pytest.raises(ConfigError, match="acme: notices"):
        desk.set(**changes)
