"""What is said in channels of Slack and Teams, where everybody reads along."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from helpdesk_wellbeing.errors import ConfigError, Refused
from helpdesk_wellbeing.notices.addresses import check_public, check_webhook
from helpdesk_wellbeing.notices.channels import posting, slack, teams
from helpdesk_wellbeing.notices.content import Line, Message, Part

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WORKFLOW = (
    "https://default0a1b2c.4d.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/x"
    "/triggers/manual/paths/invoke?api-version=1&sig=y"
)
HOSTILE = "<!channel> [x](https://evil.example) <https://evil.example|click> *b* `c` & \u202e"


def test_a_teams_channel_hears_of_the_team_and_never_of_people(desk, chat, flag):
    desk.room("billing", chat)
    desk.flags(flag("agent", "ana"), flag("queue", "billing", "backlog_growth"), first_seen=desk.now - 3 * DAY)
    desk.propose("team", "billing", at=desk.now - 2 * DAY)
    desk.propose("agent", "ana", "protect_break", at=desk.now - 3 * DAY)
    desk.propose("team", "leads")

    desk.on()

    (body,) = chat.of("/billing")
    said = json.dumps(body, ensure_ascii=False)
    assert "1 decision waits" in said
    assert "Share out tickets: Billing, for 2 days" in said
    assert "Billing: the backlog grows" in said
    assert "colleague" not in said


def test_a_channel_of_a_team_of_fewer_than_five_hears_nothing(desk, chat, flag):
    desk.room("tiny", chat, team="tiny")
    desk.flags(flag("queue", "tiny", "backlog_growth"), flag("agent", "tom", "long_day", "critical"))
    desk.propose("team", "tiny")

    desk.on()
    desk.round(after=DAY)

    assert chat.posted == []


def test_a_channel_never_hears_that_somebodys_limit_was_passed(desk, chat, flag):
    desk.room("billing", chat)
    desk.room("everything", chat, role="ops", team=None, kind="teams")
    desk.on()
    chat.posted.clear()

    desk.flags(flag("agent", "ana", "short_daily_rest", "critical"), flag("agent", "oda", "long_day", "critical"))
    for _ in range(10):
        desk.round(after=3 * HOUR)

    assert chat.posted == []


def test_teams_gets_a_card_in_which_no_text_is_markdown(desk, chat):
    desk.name_group("billing", HOSTILE)
    desk.room("ops", chat, kind="teams", role="ops", team=None)
    made = desk.propose("team", "billing")

    desk.on()

    (body,) = chat.of("/ops")
    card = body["attachments"][0]["content"]
    assert (body["type"], card["type"], card["version"]) == ("message", "AdaptiveCard", "1.4")
    runs = [run for block in card["body"] for run in block["inlines"]]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for run in runs} == {"TextRun"}
    links = [run["selectAction"]["url"] for run in runs if "selectAction" in run]
    assert links == [f"https://wellbeing.example/a/acme/proposals/{made}", "https://wellbeing.example/a/acme/today"]


def test_slack_shows_hostile_names_as_they_are_and_calls_nobody():
    line = Line(f"Share out tickets: {HOSTILE}", "https://wellbeing.example/a/acme/today")
    body = slack.payload(Message(HOSTILE, (Part(HOSTILE, (line,)),), "foot", "en"))

    text = body["text"] + "".join(block["text"]["text"] for block in body["blocks"][1:2])
    assert "<!channel" not in text
    assert "<https://evil" not in text
    assert "<https://wellbeing.example/a/acme/today|Share out" in text
    assert "&lt;!channel&gt;" in text


def test_long_messages_fit_into_what_slack_takes():
    lines = tuple(Line("x" * 400, "https://wellbeing.example/a/acme/today") for _ in range(11))
    body = slack.payload(Message("s" * 400, (Part("p", lines),), "foot", "en"))

    assert len(body["blocks"][0]["text"]["text"]) <= 150
    for block in body["blocks"][1:-1]:
        assert len(block["text"]["text"]) <= 3000
        assert block["text"]["text"].count("<") == block["text"]["text"].count(">")
    assert teams.payload(Message("s", (Part("p", lines),), "foot", "en"))


# ---- where it may be sent -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("slack", "https://hooks.slack.com/services/T0/B0/x"),
        ("slack", "https://hooks.slack.com/triggers/T0/1/x"),
        ("teams", WORKFLOW),
        ("teams", "https://prod-23.westeurope.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?sig=y"),
    ],
)
def test_addresses_of_the_services_are_taken(kind, url):
    check_webhook(kind, url, loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/x",
        "https://hooks.slack.com:8443/services/x",
        "https://hooks.slack.com.evil.example/services/x",
        "https://evil.example/hooks.slack.com",
        "https://hooks.slack.com@evil.example/x",
        "https://user:word@hooks.slack.com/x",
        "https://evil.example#@hooks.slack.com/",
        "https://evil.example\\@hooks.slack.com/",
        "https://127.0.0.1/x",
        "http://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/x",
        "https://hooks.slack.com:port/x",
        "file:///etc/passwd",
        "//hooks.slack.com/x",
        "https://hooks.slack.com/\r\nHost: evil.example",
        "https://hooks.slаck.com/x",  # a Cyrillic a
        "",
    ],
)
def test_addresses_of_others_are_refused_and_not_repeated(url):
    with pytest.raises(ConfigError) as refused:
        check_webhook("slack", url, loopback=False)

    assert not url or url not in str(refused.value)


def test_a_retired_connector_of_teams_is_refused_with_what_to_do():
    with pytest.raises(ConfigError, match="make a workflow"):
        check_webhook("teams", "https://acme.webhook.office.com/webhookb2/x", loopback=False)


def test_only_a_simulated_account_may_post_to_this_machine(desk, chat):
    desk.store.create_account("real", platform="zendesk", settings={"subdomain": "real"})

    with pytest.raises(ConfigError, match="only https"):
        desk.room("billing", chat, account="real")
    check_webhook("slack", chat.url, loopback=True)
    with pytest.raises(ConfigError):
        check_webhook("slack", "http://10.0.0.1/", loopback=True)


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0"]
)
def test_a_name_of_the_service_that_leads_to_a_private_machine_is_not_called(monkeypatch, address):
    monkeypatch.setattr(
        posting.check_public.__globals__["socket"], "getaddrinfo", lambda *a, **k: [(0, 0, 0, "", (address, 443))]
    )

    with pytest.raises(Refused, match="not public"):
        check_public("https://hooks.slack.com/x", loopback=False)


def test_redirects_are_not_followed(desk, chat):
    desk.room("billing", chat)
    desk.propose("team", "billing")
    chat.answers.append((307, {"Location": f"{chat.url}/elsewhere"}))

    tally = desk.on()

    assert [path for path, _ in chat.posted] == ["/billing"]
    assert tally.dropped == 1
    assert "redirects are not followed" in next(iter(tally.problems.values()))
    assert chat.url not in str(tally)
