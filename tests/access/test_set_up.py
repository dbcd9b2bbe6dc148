"""The link into an installation without an account, and the commands about access."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from helpdesk_wellbeing.cli import cli


@pytest.fixture
def run(settings, monkeypatch):
    monkeypatch.setenv("HELPDESK_WELLBEING_HOME", str(settings.home))

    def call(*words, **environment):
        return CliRunner().invoke(cli, ["access", *words], env=environment)

    return call


def test_the_set_up_opens_with_a_link_and_its_session_is_for_the_set_up_alone(app, run, tools):
    link = run("link").stdout.strip()
    browser = app.test_client()
    assert browser.get("/setup/").status_code == 403
    path = "/" + link.split("/", 3)[3]
    answer = browser.post("/setup/enter", data={"token": path.rsplit("/")[-1],
                                                "csrf_token": tools.token_in(browser.get(path).text)})  # fmt: skip

    assert answer.headers["Location"] == "/setup/"
    assert any("wellbeing=" in one and "Path=/setup/" in one for one in answer.headers.getlist("Set-Cookie"))
    shown = browser.get("/setup/")
    assert "acme" in shown.text
    assert browser.get("/a/acme/sessions").status_code == 303
    gone_on = browser.post("/setup/open", data={"account": "acme", "csrf_token": tools.token_in(shown.text)})
    assert gone_on.headers["Location"] == "/a/acme/"
    assert browser.get("/a/acme/sessions").status_code == 200
    out = browser.post("/setup/sign-out", data={"csrf_token": tools.token_in(browser.get("/setup/").text)})
    assert (out.status_code, browser.get("/setup/").status_code) == (200, 403)


def test_commands_about_members(run, store):
    assert run("add", "--account", "acme", "--who", "email:a@example.com", "--role", "admin").exit_code == 0
    assert run("add", "--account", "acme", "--who", "zendesk:1001", "--role", "ops", "--role", "hr").exit_code == 0
    listed = json.loads(run("list", "--account", "acme", "--format", "json").stdout)

    assert [(one["who"], one["roles"]) for one in listed["members"]] == [
        ("zendesk:1001", ["hr", "ops"]), ("email:a@example.com", ["admin"])
    ]  # fmt: skip
    assert run("drop", "--account", "acme", "--who", "email:a@example.com").exit_code != 0
    assert run("drop", "--account", "acme", "--who", "zendesk:1001").exit_code == 0


def test_commands_about_ways(run, store):
    made = run(
        "set", "--account", "acme", "--oidc-issuer", "https://login.example.com", "--oidc-client-id", "c",
        HELPDESK_WELLBEING_SIGN_IN_SECRET="a secret of the client",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    assert "http://127.0.0.1:8765/a/acme/sign-in/oidc/back" in made.stdout
    assert "a secret" not in made.output
    assert store.get_secret("acme", "sign_in_oidc_secret") == "a secret of the client"

    run("set", "--account", "acme", "--no-oidc", "--no-zendesk")
    assert json.loads(run("show", "--account", "acme", "--format", "json").stdout)["oidc"] is None


def test_serve_names_a_link_for_each_account_that_has_no_admin(run, store, tools):
    from helpdesk_wellbeing.cli.access import first_links

    def about_acme():
        return [line for line in first_links(store, "http://127.0.0.1:8000") if line.startswith("acme has no admin")]

    assert "http://127.0.0.1:8000/a/acme/enter/" in about_acme()[0]
    run("add", "--account", "acme", "--who", "email:a@example.com", "--role", "admin")

    assert about_acme() == []


def test_serve_names_a_link_for_the_set_up_where_there_is_no_account(tmp_path):
    from helpdesk_wellbeing.cli.access import first_links
    from helpdesk_wellbeing.store import open_store

    with open_store(str(f"sqlite:///{tmp_path / 'new.db'}")) as store:
        assert "/setup/enter/" in first_links(store, "http://127.0.0.1:8000")[0]
