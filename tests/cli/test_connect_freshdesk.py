"""`connect freshdesk`: an account that webhooks can reach, though it cannot be read yet."""

from __future__ import annotations

import pytest


def test_a_freshdesk_account_can_be_connected_for_its_webhooks(commands):
    ran = commands.here("connect", "freshdesk", "--account", "fd", "--domain", "acme.freshdesk.com")

    assert ran.code == 0
    assert "secrets set --account fd webhook_secret" in ran.err
    assert commands.here("connect", "freshdesk", "--account", "fd", "--domain", "other.freshdesk.com").code == 0


@pytest.mark.parametrize("domain", ["", "acme", "https://acme.freshdesk.com", "acme.freshdesk.com/x", "-a.b.com"])
def test_what_is_no_host_name_is_refused(commands, domain):
    ran = commands.here("connect", "freshdesk", "--account", "fd", "--domain", domain)

    assert ran.code == 2
    assert "looks like acme.freshdesk.com" in ran.err


def test_pulling_it_says_what_is_possible(commands):
    commands.here("connect", "freshdesk", "--account", "fd", "--domain", "acme.freshdesk.com")

    ran = commands.here("pull", "--account", "fd")

    assert ran.code == 2
    assert "takes in what its webhooks bring" in ran.err


def test_doctor_and_status_know_it(commands):
    commands.here("connect", "freshdesk", "--account", "fd", "--domain", "acme.freshdesk.com")

    ran = commands.here("doctor")

    assert ran.code in (0, 1)
    assert "freshdesk at acme.freshdesk.com, webhooks only" in ran.out
    assert "run pull" not in ran.out
    assert commands.here("status").code in (0, 1)


@pytest.mark.parametrize("again", ["acme.freshdesk.com", "Acme.Freshdesk.COM"])
def test_one_freshdesk_is_not_connected_under_two_names(commands, again):
    commands.here("connect", "freshdesk", "--account", "fd", "--domain", "acme.freshdesk.com")

    ran = commands.here("connect", "freshdesk", "--account", "other", "--domain", again)

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert ran.line.endswith("acme.freshdesk.com is connected already, as fd; use that name, or give another --domain")
    assert commands.here("connect", "freshdesk", "--account", "fd", "--domain", again).code == 0
    assert commands.here("connect", "freshdesk", "--account", "other", "--domain", "other.freshdesk.com").code == 0
    assert commands.here("connect", "freshdesk", "--account", "fd", "--domain", "other.freshdesk.com").code == 2


def test_a_new_installation_is_told_of_it(commands):
    assert "helpdesk-wellbeing connect freshdesk --account NAME --domain" in commands.here("doctor").out


SET = ("secrets", "set", "--account", "fd", "webhook_secret")
ROTATE = ("secrets", "rotate", "--account", "fd")


@pytest.mark.parametrize("command", [SET, ROTATE])
@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "HELPDESK_WELLBEING_WEBHOOK_SECRET is set but empty; put the webhook secret into it, or unset it to be"),
        (" \n", "HELPDESK_WELLBEING_WEBHOOK_SECRET is set but empty"),
        ("geheim-geheim-gehört", "the webhook secret has signs that no HTTP header takes"),
        ("sixteen-signs\tand-more", "the webhook secret has signs that no HTTP header takes"),
        ("too-short", "the webhook secret has fewer than 16 characters"),
    ],
)
def test_a_webhook_secret_that_cannot_be_is_said(commands, command, secret, said):
    commands.here("connect", "freshdesk", "--account", "fd", "--domain", "acme.freshdesk.com")
    commands.patch.setenv("HELPDESK_WELLBEING_WEBHOOK_SECRET", secret)

    ran = commands.here(*command)

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert said in ran.line
    assert "geh" not in ran.err


def test_without_a_terminal_and_a_variable_the_variable_is_named(commands):
    commands.here("connect", "freshdesk", "--account", "fd", "--domain", "acme.freshdesk.com")

    ran = commands.apart(*SET, start_new_session=True)

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert ran.line.endswith("no terminal to ask for the webhook secret; set HELPDESK_WELLBEING_WEBHOOK_SECRET")
