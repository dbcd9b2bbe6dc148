"""What may never be kept or shown: secrets, tokens, ticket text, customers. And `connect` with every wrong grant."""

from __future__ import annotations

import os
import sqlite3
import stat

import pytest

from connectors.zendesk.simulated import Faults, SimulatedZendesk
from connectors.zendesk.simulated.answers import Answer

pytestmark = pytest.mark.usefixtures("impatient")


def everything_under(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def grant(word, status=400):
    return Answer.of({"error": word, "error_description": "CANARY"}, status)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (grant("invalid_client", 401), "the client id or its secret isn't accepted; copy both anew"),
        (grant("invalid_scope"), "the client may not have the scopes asked for; allow `read`"),
        (grant("unauthorized_client"), "its kind must be *confidential*"),
        (grant("unsupported_grant_type"), "make a *confidential* one"),
        (grant("invalid_grant"), "make a client as another admin"),
        (grant("access_denied", 403), "it must be an admin"),
        (grant("invalid_request"), "check the client id and the base URL"),
        (grant("CANARY"), "check its id, its secret and its kind"),
        (grant("RecordNotFound", 404), "check the subdomain"),
        (Answer.of({"token": "CANARY"}, 201), "answered without an access token; check the base URL"),
        (Answer.of({"access_token": None}, 201), "answered without an access token; check the base URL"),
        (Answer(b"<html>CANARY", 200, {}, "text/html"), "answered with a web page, not with JSON"),
        (Answer(b"", 302, {"Location": "https://evil.example/oauth?CANARY"}), "another host (evil.example)"),
        (grant("server_error", 503), "the platform has trouble; run it again later"),
    ],
)
def test_each_wrong_grant_has_its_own_line_and_nothing_is_kept(commands, zendesk, answer, said):
    commands.tells(zendesk.client_secret)
    zendesk.spoil = lambda request: answer if request.path == "/oauth/tokens" else None

    ran = commands.here(
        "connect", "zendesk", "--account", "acme", "--subdomain", "acme",
        "--client-id", zendesk.client_id, "--base-url", zendesk.base_url,
    )  # fmt: skip

    assert ran.code == 2
    assert said in ran.line
    assert ran.line.startswith("helpdesk-wellbeing: zendesk: ")
    for secret in ("CANARY", zendesk.client_secret):
        assert secret not in ran.err
    assert commands.here("pull", "--account", "acme").line.endswith('no account "acme"; run import or connect first')


def test_a_name_with_the_activity_of_one_zendesk_is_not_given_to_another(commands, zendesk, unfolded):
    commands.connect(zendesk)
    assert commands.here("pull", "--account", "acme").code == 0

    ran = commands.here(
        "connect", "zendesk", "--account", "acme", "--subdomain", "other",
        "--client-id", zendesk.client_id, "--base-url", zendesk.base_url,
    )  # fmt: skip

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert ran.line.endswith(
        'acme has the activity of acme, and "other" is another helpdesk; connect it under another name'
    )
    commands.connect(zendesk)


def test_a_user_who_is_no_admin_is_told_what_is_lacking(commands, zendesk):
    commands.tells(zendesk.client_secret)
    agent = Answer.of({"user": {"id": 7, "role": "agent", "name": "CANARY", "email": "CANARY@example.com"}})
    zendesk.spoil = lambda request: agent if request.path.startswith("/api/v2/users/me") else None

    ran = commands.here(
        "connect", "zendesk", "--account", "acme", "--subdomain", "acme",
        "--client-id", zendesk.client_id, "--base-url", zendesk.base_url,
    )  # fmt: skip

    assert ran.code == 2
    assert ran.line.endswith(
        f"acme: not connected: OAuth client {zendesk.client_id} of user 7 lacks role admin (the exports are for "
        "admins); give the user an admin role, then connect again"
    )
    assert "CANARY" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--subdomain", "acme"), "give either --client-id (OAuth) or --email (legacy API token)"),
        (("--subdomain", "acme", "--client-id", "c", "--email", "a@b.c"), "give either --client-id"),
        (("--subdomain", "acme.zendesk.com", "--client-id", "c"), "give the part before .zendesk.com"),
        (("--subdomain", "acme", "--client-id", "c", "--base-url", "http://example.com"), "must be https://host"),
        (("--subdomain", "acme", "--client-id", "c", "--base-url", "https://u:hush@h.example"), "must be https://host"),
        (("--subdomain", "acme", "--client-id", "c", "--base-url", "https://h.example/api/v2"), "without a path"),
    ],
)
def test_a_connection_that_cannot_be_is_said_before_anything_is_asked(commands, arguments, said):
    commands.tells("hush-hush", "hush-hush")

    ran = commands.here("connect", "zendesk", "--account", "acme", *arguments)

    assert ran.code == 2
    assert len(ran.lines) == 1
    assert said in ran.line
    assert "hush" not in ran.err


def test_without_a_terminal_the_secret_is_not_asked_for(commands):
    ran = commands.apart(
        "connect", "zendesk", "--account", "acme", "--subdomain", "acme", "--client-id", "c", start_new_session=True
    )

    assert (ran.code, ran.out) == (2, "")
    assert ran.line == (
        "helpdesk-wellbeing: no terminal to ask for the OAuth client secret; set HELPDESK_WELLBEING_CLIENT_SECRET"
    )
    assert len(ran.lines) == 1


def test_a_secret_on_the_command_line_is_no_option_and_not_repeated(commands):
    ran = commands.here("connect", "zendesk", "--account", "a", "--subdomain", "a", "--client-secret=hush")

    assert ran.code == 2
    assert "hush" not in ran.err


def test_the_legacy_token_connects_says_its_end_and_another_way_replaces_it(commands, zendesk):
    commands.tells(zendesk.client_secret, zendesk.api_token)
    email = zendesk.site.options.service_email
    arguments = ("connect", "zendesk", "--account", "acme", "--subdomain", "acme", "--base-url", zendesk.base_url)

    by_token = commands.here(*arguments, "--email", email)
    assert by_token.code == 0, by_token.err
    assert "API tokens end on 2027-04-30" in by_token.err
    assert "legacy API token (ends 2027-04-30)" in commands.here("doctor").out
    wrong = commands.here(*arguments, "--email", "nobody@example.com")
    assert (wrong.code, "e-mail or API token isn't accepted" in wrong.line) == (2, True)
    assert commands.here(*arguments, "--client-id", zendesk.client_id).code == 0
    assert "OAuth client" in commands.here("doctor").out
    back = commands.here(*arguments, "--email", email)
    assert back.code == 0
    assert "legacy API token" in commands.here("doctor").out


def test_a_hostile_pull_leaves_no_secret_no_text_and_no_customer_anywhere(commands, desk):
    faults = Faults.hostile(3, slow=0.0, html=0.02, null_page=0.02)
    faults.retry_after = 0
    with SimulatedZendesk(desk, faults=faults) as server:
        commands.tells(server.client_secret)
        said = ""
        for _ in range(12):
            ran = commands.here(
                "connect", "zendesk", "--account", "acme", "--subdomain", "acme",
                "--client-id", server.client_id, "--base-url", server.base_url,
            )  # fmt: skip
            said += ran.out + ran.err
            if ran.code == 0:
                break
        for _ in range(12):
            ran = commands.here("pull", "--account", "acme")
            said += ran.out + ran.err
            if ran.code == 0:
                break
        assert ran.code == 0, ran.err
        tokens = list(server.access._tokens)
    for shown in (("check", "--account", "acme", "--verbose", "--as-of", "2026-11-13T23:00:00Z"), ("doctor",)):
        ran = commands.here(*shown)
        said += ran.out + ran.err
    said += commands.exported()

    kept = everything_under(commands.home)
    assert any(file.name == "wellbeing.db" for file in kept)
    with sqlite3.connect(commands.home / "wellbeing.db") as database:
        text = "\n".join(database.iterdump())
    forbidden = [server.client_secret, server.api_token, *tokens, "CANARY", "customer-", "@example.com", "Bearer "]
    for word in forbidden:
        assert word not in said
        assert word not in text
        assert not [file for file, content in kept.items() if word.encode() in content]
    assert "Traceback" not in said


def test_what_is_kept_can_be_read_by_its_owner_only(commands, zendesk):
    os.umask(0o022)
    commands.connect(zendesk)

    assert stat.S_IMODE(commands.home.stat().st_mode) == 0o700
    for file in commands.home.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_a_lost_or_open_key_is_said(commands, zendesk):
    commands.connect(zendesk)
    key = commands.home / "secret.key"

    key.chmod(0o644)
    assert commands.here("pull", "--account", "acme").line.endswith(f"can be read by others; run: chmod 600 {key}")
    key.unlink()
    ran = commands.here("pull", "--account", "acme")
    assert ran.code == 2
    assert "secret.key is missing" in ran.line
