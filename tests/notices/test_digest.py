"""What each role is told by mail, from the store to the server."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_wellbeing.notices.picture import picture_of
from helpdesk_wellbeing.store.audit import Person

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PERSONAL = ("ana", "ben", "Ana", "Ben", "after_hours", "after hours", "Secret", "short_daily_rest", "tom", "Tom")


def text_of(message):
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def only(mail):
    assert len(mail.mails) == 1
    return mail.mails[0]


@pytest.fixture
def told(desk, mail):
    """Switches on and gives what came to an address."""
    desk.mails_by(mail)

    def mails_to(address: str):
        return [message for message in mail.mails if address in message["To"]]

    return mails_to


def test_a_lead_reads_what_is_to_be_decided_oldest_first_with_links_and_no_person(desk, mail, told):
    desk.member("lea", "lead", "agent", agent="lea")
    newer = desk.propose("team", "billing", "rebalance", at=desk.now - HOUR)
    older = desk.propose("agent", "ana", "protect_break", at=desk.now - 3 * DAY)
    desk.propose("team", "leads", at=desk.now - DAY)  # not hers

    desk.on()

    message = only(mail)
    assert message["Subject"] == "Helpdesk wellbeing, acme: 2 decisions wait"
    assert text_of(message).startswith(
        "2 decisions wait for you\n"
        "- A decision about a colleague, for 3 days\n"
        f"  https://wellbeing.example/a/acme/proposals/{older}\n"
        "- Share out tickets: Billing, new today\n"
        f"  https://wellbeing.example/a/acme/proposals/{newer}\n"
        "- Open Today\n"
        "  https://wellbeing.example/a/acme/today\n"
    )
    assert not [word for word in PERSONAL if word in text_of(message)]


def test_a_lead_hears_of_a_note_about_a_colleague_a_day_after_the_colleague(desk, mail, told, flag):
    desk.member("lea", "lead", agent="lea")
    desk.member("ana", "agent", agent="ana")
    desk.flags(flag("agent", "ana"), first_seen=desk.now - HOUR)

    desk.on()
    first = [(message["To"], message["Subject"]) for message in mail.mails]
    desk.round(after=DAY)

    assert first == [("Ana <ana@example.com>", "Helpdesk wellbeing, acme: something new for you to see")]
    (to_lea,) = told("lea@")
    assert to_lea["Subject"] == "Helpdesk wellbeing, acme: 1 new note"
    assert "1 new note about a colleague" in text_of(to_lea)
    assert len(told("ana@")) == 1  # nothing new for her since


def test_an_agent_reads_only_that_there_is_something_to_see(desk, mail, told, flag):
    desk.member("ana", "agent", agent="ana")
    desk.flags(flag("agent", "ana"), flag("agent", "ben"))
    desk.propose("agent", "ana", "protect_break")

    desk.on()

    body = text_of(only(mail))
    assert body.startswith("There is something new for you to see.\n")
    assert "https://wellbeing.example/a/acme/me" in body
    assert "break" not in body
    assert "hours" not in body


def test_what_is_about_a_lead_goes_to_who_leads_them_or_to_nobody(desk, mail, told, flag):
    desk.member("lea", "lead", agent="lea")
    desk.member("oda", "ops")
    desk.flags(flag("agent", "lea"), first_seen=desk.now - 2 * DAY)
    desk.propose("agent", "lea", "check_in", at=desk.now - 2 * DAY)

    desk.on()

    message = only(mail)
    assert message["To"] == "Lea <lea@example.com>"
    assert message["Subject"] == "Helpdesk wellbeing, acme: something new for you to see"


def test_operations_hear_of_all_teams(desk, mail, told):
    desk.member("oda", "ops", agent="oda")
    desk.propose("team", "billing")
    desk.propose("agent", "tom", "check_in")

    desk.on()

    assert "2 decisions" in only(mail)["Subject"]


def test_a_proposal_about_a_person_that_leads_do_not_see_yet_is_not_counted(desk, mail, told):
    desk.member("lea", "lead", agent="lea")
    desk.propose("agent", "ana", "check_in", lead_from=desk.now + HOUR)

    desk.on()

    assert mail.mails == []


def test_a_team_of_fewer_than_five_is_not_named_except_for_its_tickets(desk, mail, told, flag):
    desk.member("lea", "lead", agent="lea")
    desk.propose("team", "tiny", "rebalance")
    desk.flags(flag("team", "tiny", "team_imbalance"), flag("queue", "tiny", "backlog_growth"))

    desk.on()

    body = text_of(only(mail))
    assert "A decision about one of the teams" in body
    assert "Tiny: the backlog grows, since 2 Mar" in body
    assert "unevenly" not in body


def test_an_admin_hears_of_connections_and_of_nothing_personal(desk, mail, told, flag):
    desk.member("max", "admin")
    desk.flags(flag("agent", "ana"), flag("queue", "billing", "backlog_growth"), first_seen=desk.now - 3 * DAY)
    desk.propose("team", "billing")
    desk.on()
    assert mail.mails == []

    desk.store.work.note_run("acme", paused_at=desk.now, problem="zendesk: 401 for GET /secret/place")
    desk.round()

    body = text_of(mail.mails[-1])
    assert "The helpdesk no longer lets us in, so nothing is read since 2 Mar 07:30 UTC." in body
    assert "secret/place" not in body


def test_hr_and_the_council_are_told_nothing_and_who_has_no_mail_address_neither(desk, mail, told):
    desk.member("hanna", "hr")
    desk.member("carl", "council")
    desk.member("zoe", "ops", who="zendesk:81")
    desk.propose("team", "billing")

    desk.on()

    assert mail.mails == []


def test_there_is_one_good_thing_and_each_is_told_once(desk, mail, told, flag):
    desk.member("lea", "lead", agent="lea")
    desk.propose("team", "billing")
    for number, rule in enumerate(("backlog_growth", "escalation_heavy_queue")):
        desk.seen(flag("queue", "billing", rule), desk.now - 9 * DAY, gone_at=desk.now - (number + 1) * DAY)

    desk.on()
    for _ in range(2):
        desk.round(after=DAY)

    good = [text_of(message).partition("Good news\n")[2].partition("\n")[0] for message in told("lea@")]
    assert good == ["- Billing: the backlog no longer grows.", "- Billing: escalations are back to what is usual.", ""]


def test_nothing_good_is_made_of_a_flag_that_somebody_called_wrong_or_that_is_back(desk, mail, told, flag):
    desk.member("lea", "lead", agent="lea")
    wrong, back = flag("queue", "billing", "backlog_growth"), flag("queue", "billing", "escalation_heavy_queue")
    desk.seen(wrong, desk.now - 9 * DAY, gone_at=desk.now - DAY)
    desk.contest(wrong)
    desk.seen(back, desk.now - 9 * DAY, gone_at=desk.now - DAY)
    desk.flags({**back, "since": "2026-03-01"})
    desk.propose("team", "billing")

    desk.on()

    assert "Good news" not in text_of(only(mail))


def test_dutch_is_dutch(desk, mail, told):
    desk.member("lea", "lead", agent="lea")
    desk.propose("agent", "ana", "protect_break", at=desk.now - 3 * DAY)
    desk.set(language="nl")

    desk.on()

    message = only(mail)
    assert message["Subject"] == "Helpdeskwelzijn, acme: 1 besluit wacht"
    assert "Een besluit over een collega, al 3 dagen" in text_of(message)
    assert message["Content-Language"] == "nl"


def test_ten_decisions_are_listed_and_the_others_counted(desk, mail, told):
    desk.member("lea", "lead", agent="lea")
    for number in range(13):
        desk.propose("team", "billing", at=desk.now - number * HOUR)

    desk.on()

    assert text_of(only(mail)).count("Share out tickets") == 10
    assert "and 3 more" in text_of(only(mail))


def test_who_leads_may_break_the_glass_but_the_agent_hears_that_there_is_something(desk, mail, told):
    desk.member("ana", "agent", agent="ana")
    desk.break_glass("ana")

    desk.on()
    desk.round(after=DAY)

    assert only(mail)["Subject"] == "Helpdesk wellbeing, acme: something new for you to see"


@pytest.mark.parametrize(
    ("agreed", "hears"),
    [
        ({"roles": ["agent", "lead"], "notices": ["email"]}, True),
        ({"roles": ["agent", "ops"], "notices": ["email"]}, False),
        ({"roles": ["agent", "lead"], "notices": []}, False),
        ({"roles": ["agent", "lead"], "notices": ["email"], "signals": ["WT1"]}, False),
    ],
)
def test_a_lead_hears_of_colleagues_as_far_as_was_agreed(desk, mail, told, flag, agreed, hears):
    desk.member("lea", agent="lea")
    desk.flags(flag("agent", "ana", "short_daily_rest", "critical"))
    desk.agree(**agreed)

    desk.on()
    desk.round(after=DAY)

    assert bool(mail.mails) == hears


def test_without_an_agreement_nothing_is_said_of_single_people(desk, flag):
    desk.flags(flag("agent", "ana", "short_daily_rest", "critical"), flag("queue", "billing", "backlog_growth"))
    desk.propose("agent", "ana", "check_in")
    whole = picture_of(desk.store, "acme", desk.now, "https://x.example", (), {})
    desk.store.update_account("acme", settings={"subdomain": "real"})

    gated = picture_of(desk.store, "acme", desk.now, "https://x.example", (), {})

    assert ({one.kind for one in whole.flags}, {one.kind for one in whole.decisions}) == ({"agent", "queue"}, {"agent"})
    assert ({one.kind for one in gated.flags}, gated.decisions) == ({"queue"}, ())


# ---- urgent ---------------------------------------------------------------------------------------------------------


def test_a_legal_limit_is_urgent_for_the_agent_and_the_lead_and_names_nobody(desk, mail, told, flag):
    for name, role in (("lea", "lead"), ("ana", "agent"), ("oda", "ops"), ("max", "admin")):
        desk.member(name, role, agent=name)
    desk.on()

    desk.flags(flag("agent", "ana", "short_daily_rest", "critical"))
    desk.round(after=2 * HOUR)

    subjects = {message["To"].partition(" ")[0]: message["Subject"] for message in mail.mails}
    assert subjects == {
        "Lea": "Helpdesk wellbeing, acme, urgent: a legal limit was passed",
        "Ana": "Helpdesk wellbeing, acme: something new for you to see",
    }
    assert not [word for word in PERSONAL if word in text_of(told("lea@")[0])]
    assert desk.round(after=HOUR).made == 0


def test_where_nobody_leads_operations_hear_of_a_legal_limit(desk, mail, told, flag):
    desk.member("oda", "ops")
    desk.on()

    desk.flags(flag("agent", "oda", "long_day", "critical"))
    desk.round(after=2 * HOUR)

    assert "urgent" in only(mail)["Subject"]


def test_what_was_urgent_when_notices_were_switched_on_alarms_nobody(desk, mail, told, flag):
    desk.member("lea", "lead", agent="lea")
    desk.flags(flag("agent", "ana", "short_daily_rest", "critical"))

    desk.on()

    assert [message["Subject"] for message in mail.mails] == ["Helpdesk wellbeing, acme: 1 new note"]


def test_two_urgent_notices_a_day_are_the_most(desk, mail, told, flag):
    desk.member("lea", "lead", agent="lea")
    desk.on()
    for number in range(4):
        flags = [
            flag("agent", one, "short_daily_rest", "critical") for one in ("ana", "ben", "cas", "dia")[: number + 1]
        ]
        desk.flags(*flags)
        desk.round(after=HOUR)
    assert len(mail.mails) == 2

    desk.round(after=20 * HOUR)  # the next morning: one for both others

    assert len(mail.mails) == 3
    assert "2 legal limits" in text_of(mail.mails[2])


def test_nothing_urgent_goes_out_in_the_evening_or_at_the_weekend(desk, mail, told, flag):
    desk.member("lea", "lead", agent="lea")
    desk.on()
    desk.round(after=4 * DAY + 10 * HOUR)  # Friday, 18:30 in Berlin
    mail.forget()

    desk.flags(flag("agent", "ana", "short_daily_rest", "critical", "2026-03-06"))
    for _ in range(20):
        desk.round(after=3 * HOUR)
        assert mail.mails == []
    desk.round(after=2 * HOUR)

    assert [message["Subject"] for message in mail.mails][:1] == [
        "Helpdesk wellbeing, acme, urgent: a legal limit was passed"
    ]


def test_a_broken_audit_is_urgent_for_admin_and_data_protection(desk, mail, told):
    for name, role in (("max", "admin"), ("dora", "dpo"), ("oda", "ops")):
        desk.member(name, role)
    desk.on()
    desk.store.audit.add("acme", desk.now, "accepted", agent=Person("ana"))
    desk.tamper()

    desk.round(after=DAY)

    assert sorted(message["To"].partition(" ")[0] for message in mail.mails) == ["Dora", "Max"]
    assert all("not as it was written" in text_of(message) for message in mail.mails)
