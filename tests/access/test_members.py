"""Whom an admin lets in."""

from __future__ import annotations

import pytest

from helpdesk_wellbeing.access import members
from helpdesk_wellbeing.errors import ConfigError


@pytest.fixture
def add(store, clock):
    return lambda who, *roles, **more: members.add(store, "acme", who, roles, by="a test", at=clock.at, **more)


@pytest.mark.parametrize(
    ("said", "kept"),
    [("email:Jo@Example.COM", "email:jo@example.com"), (" zendesk:12 ", "zendesk:12"),
     ("oidc:https://x.example:auth0|7", "oidc:https://x.example:auth0|7")],
)  # fmt: skip
def test_people_are_kept_as_they_sign_in(said, kept):
    assert members.checked_who(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "jo@example.com",
        "email:jo",
        "email:jo@x@a.com",
        "zendesk:jo",
        "entry link",
        "oidc:x",
        "email:a b@x.y",
        "",
        "email:<script>alert(1)</script>@x.example",
        "email:jo@<b>.example",
        'email:"jo"@x.example',
    ],
)
def test_who_could_never_sign_in_is_refused(said):
    with pytest.raises(ConfigError):
        members.checked_who(said)


def test_a_user_whom_the_helpdesk_does_not_know_is_let_in_but_known_as_such(add, store):
    assert members.is_unknown_there(store, "acme", add("zendesk:999999999", "ops"))
    assert not members.is_unknown_there(store, "acme", add("zendesk:1001", "hr"))
    assert not members.is_unknown_there(store, "acme", add("email:jo@x.example", "hr"))


@pytest.mark.parametrize("roles", [("lead",), ("agent",), ("root",), ()])
def test_only_roles_that_are_for_giving_are_given(add, roles):
    with pytest.raises(ConfigError):
        add("email:jo@example.com", *roles)


def test_an_agent_is_called_as_in_the_helpdesk(add, tools):
    assert add(f"zendesk:{tools.ADA}", "ops").name == "Ada"


def test_the_last_admin_stays(store, add, clock):
    add("email:a@example.com", "admin")
    with pytest.raises(members.LastAdmin):
        members.drop(store, "acme", "email:a@example.com", by="a test", at=clock.at)
    with pytest.raises(members.LastAdmin):
        add("email:a@example.com", "hr")
    add("email:b@example.com", "admin")
    members.drop(store, "acme", "email:a@example.com", by="a test", at=clock.at)

    assert [one.who for one in store.access.members("acme")] == ["email:b@example.com"]


def test_every_change_is_in_the_audit(store, add, clock):
    before = store.audit.head("acme").seq
    add("email:a@example.com", "hr")
    add("email:a@example.com", "dpo")
    members.drop(store, "acme", "email:a@example.com", by="a test", at=clock.at)

    assert [one.what for one in store.audit.entries("acme", before)] == ["let in", "role changed", "let in no more"]


def test_who_is_dropped_is_signed_out(store, add, clock, tools):
    add("email:a@example.com", "hr")
    at = clock.at
    store.access.begin_session("acme", "email:a@example.com", "A", None, "oidc", at, at + tools.HOUR)
    members.drop(store, "acme", "email:a@example.com", by="a test", at=at)

    assert store.access.sessions("acme", at) == []


def test_who_was_taken_for_another_agent_is_signed_out_when_that_is_mended(add, store, clock, tools):
    add("email:a@example.com", agent=tools.BO)
    at = clock.at
    store.access.begin_session("acme", "email:a@example.com", "A", tools.BO, "oidc", at, at + tools.HOUR)
    add("email:a@example.com", "hr", agent=tools.BO)
    assert len(store.access.sessions("acme", at)) == 1
    add("email:a@example.com", agent=tools.ADA)

    assert store.access.sessions("acme", at) == []


def test_other_roles_leave_who_somebody_is_and_what_they_are_called(add, store, tools):
    add("email:a@example.com", "hr", agent=tools.BO, name="Beau")
    add("email:b@example.com", "hr", name="Bea")

    changed = [add("email:a@example.com", "ops"), add("email:b@example.com", "ops")]

    assert [(one.agent, one.name) for one in changed] == [(tools.BO, "Bo"), (None, "Bea")]


def test_two_people_are_never_one_in_the_audit(add, store, clock):
    issuer = f"https://login.example/{'x' * 200}"
    with pytest.raises(ConfigError):
        add(f"oidc:{issuer}:anna", "hr")
    longest = [f"oidc:https://login.example/:{'x' * 168}{one}" for one in ("1", "2")]
    for who in longest:
        add(who, "hr")
        store.audit.add("acme", clock.at, "looked", by=who)

    assert {len(who) for who in longest} == {members.LONGEST_WHO}
    assert [one.body["by"] for one in store.audit.entries("acme")[-3::2]] == longest
