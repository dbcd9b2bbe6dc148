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
