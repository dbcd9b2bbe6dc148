"""Proposals, settings, audit and surveys as a caller sees and changes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from helpdesk_wellbeing.acting import policy, review, views
from helpdesk_wellbeing.plan.proposal import Subject, from_json
from tests.acting_helpdesk import MONDAY


def what(store, account="acme"):
    return [(one.what, one.body) for one in store.audit.entries(account)]


def approve(store):
    policy.change(store, "acme", "an admin", MONDAY, modes={"rebalance": "approve"})


def test_proposals_are_listed_oldest_first_with_all_that_became_of_them(call, store, proposed, a_proposal):
    older = a_proposal("acme", "9", at=MONDAY - timedelta(hours=1), subject=Subject("team", "another"))
    review.keep(store, "acme", [older], MONDAY)
    shown = call.get("proposals").json

    assert [one["id"] for one in shown["proposals"]] == [older.id, proposed["acme"]]
    assert shown["proposals"][1] == views.shown(store, "acme", proposed["acme"])
    assert call.get(f"proposals/{proposed['acme']}").json == shown["proposals"][1]


def test_long_lists_come_in_pieces_that_lose_nothing(call, store, a_proposal):
    made = [
        a_proposal("acme", "1", at=MONDAY + timedelta(seconds=second), subject=Subject("team", f"g{second}"))
        for second in range(7)
    ]
    review.keep(store, "acme", made, MONDAY)
    found, after = [], ""
    while after is not None:
        piece = call.get(f"proposals?most=3{after and '&after=' + after}").json
        found += [one["id"] for one in piece["proposals"]]
        after = piece["next"]

    assert found == [one.id for one in made]


def test_lists_are_of_the_states_asked_for(call, store, proposed):
    review.decline(store, "acme", proposed["acme"], "a lead", "other", MONDAY)

    waiting = call.get("proposals").json
    assert (waiting["proposals"], waiting["declined"]) == ([], {"rebalance": {"other": 1}})
    assert len(call.get("proposals?state=declined,done").json["proposals"]) == 1
    assert len(call.get("proposals?state=all").json["proposals"]) == 1
    assert call.get("proposals?state=best").status_code == 422


def test_what_an_agent_sees_first_is_not_there_for_others_until_then(call, store, a_proposal, clock):
    later = MONDAY + timedelta(hours=20)
    proposal = a_proposal("acme", action="check_in", subject=Subject("agent", "acme-anna"), lead_from=later)
    review.keep(store, "acme", [proposal], MONDAY)

    assert call.get("proposals").json["proposals"] == []
    assert call.post(f"proposals/{proposal.id}/accept").status_code == 404
    clock[0] = later
    assert call.get(f"proposals/{proposal.id}").status_code == 200


def test_a_reason_of_a_team_that_its_agent_sees_first_is_not_there_for_others_until_then(
    call, store, a_proposal, clock
):
    proposal = a_proposal("acme", "1")
    by_law, first = proposal.because[0], replace(proposal.because[0], rule="open_work_overload", signal="LD1")
    review.keep(store, "acme", [replace(proposal, because=(by_law, first))], MONDAY)

    def signals():
        listed, one = call.get("proposals").json["proposals"][0], call.get(f"proposals/{proposal.id}").json
        return [[because["signal"] for because in shown["because"]] for shown in (listed, one)]

    assert signals() == [["WT1"], ["WT1"]]
    declined = call.post(f"proposals/{proposal.id}/decline", json={"reason": "other"})
    assert [because["signal"] for because in declined.json["because"]] == ["WT1"]
    clock[0] = MONDAY + timedelta(hours=24)
    assert [one["signal"] for one in call.get(f"proposals/{proposal.id}").json["because"]] == ["WT1", "LD1"]


def test_accepting_some_tickets_plans_their_writes_in_the_tokens_name(call, store, proposed):
    approve(store)
    answer = call.post(f"proposals/{proposed['acme']}/accept", json={"only": ["2"]})

    assert (answer.status_code, answer.json["state"], answer.json["decided_by"]) == (200, "accepted", "acme lead")
    assert answer.json["summary"] == "accepted; 1 write to be made"
    assert [w.target for w in store.writes.of_proposal("acme", proposed["acme"])] == ["2"]
    assert [body["by"] for name, body in what(store) if name == "accepted"] == ["acme lead"]


def test_accepting_without_a_body_accepts_all(call, store, proposed):
    approve(store)
    call.post(f"proposals/{proposed['acme']}/accept")

    assert len(store.writes.of_proposal("acme", proposed["acme"])) == 2


def test_nobody_decides_twice(call, proposed):
    address = f"proposals/{proposed['acme']}"
    assert call.post(f"{address}/decline", json={"reason": "not needed"}).json["state"] == "declined"
    again = call.post(f"{address}/accept")

    assert again.status_code == 409
    assert "is declined by acme lead since" in again.json["error"]["message"]


def test_a_proposal_is_put_aside_until_a_time_that_comes(call, proposed, clock):
    address = f"proposals/{proposed['acme']}/snooze"
    soon = (clock[0] + timedelta(hours=2)).isoformat()

    assert call.post(address, json={"until": soon}).json["snoozed_until"] == soon
    assert call.post(address, json={"until": (clock[0] + timedelta(days=2)).isoformat()}).status_code == 409  # expires
    for wrong in (clock[0].isoformat(), "9999-12-31T23:59:59-01:00", "2026-03-02T12:00:00", "soon", None, 5):
        assert call.post(address, json={"until": wrong}).status_code == 422


def test_what_was_written_can_be_undone_and_nothing_else(call, store, proposed):
    approve(store)
    address = f"proposals/{proposed['acme']}"
    assert call.post(f"{address}/undo").status_code == 409
    call.post(f"{address}/accept")

    assert call.post(f"{address}/undo", json={}).json["state"] == "undone"


def test_what_was_decided_with_nothing_written_can_be_put_back(call, proposed):
    address = f"proposals/{proposed['acme']}"
    assert call.post(f"{address}/put-back").status_code == 409
    call.post(f"{address}/decline", json={"reason": "other"})

    back = call.post(f"{address}/put-back", json={})
    assert (back.status_code, back.json["state"], back.json["decided_by"]) == (200, "open", "acme lead")
    assert call.post(f"{address}/put-back", json={"why": "so"}).status_code == 422


def test_whoever_looks_at_persons_is_in_the_audit_once_a_call(call, store, proposed, a_proposal):
    review.keep(store, "acme", [a_proposal("acme", at=MONDAY - timedelta(hours=1), moves=(), because=())], MONDAY)
    before = len(what(store))
    call.get("proposals")
    call.get(f"proposals/{proposed['acme']}")
    for nameless in ("settings", "audit", "audit/verify", "surveys/waves", "surveys/themes", "proposals?state=done"):
        assert call.get(nameless).status_code == 200

    looked = ("looked", {"by": "acme lead", "proposals": [proposed["acme"]]})
    assert what(store)[before:] == [looked, looked]


def test_settings_change_by_what_is_named_and_the_audit_says_who(call, store):
    policy.change(store, "acme", "an admin", MONDAY, modes={"rebalance": "suggest"}, public_url="https://a.example")
    shown = call("PATCH", "settings", json={"stopped": True, "modes": {"check_in": "off"}}).json

    assert (shown["stopped"], shown["modes"]) == (True, {"rebalance": "suggest", "check_in": "off"})
    now = policy.policy_of(store, "acme").model_dump(mode="json", exclude={"not_asked"})
    assert shown == call.get("settings").json == now
    assert call("PATCH", "settings", json={"modes": {"check_in": None}}).json["modes"] == {"rebalance": "suggest"}
    assert [body["by"] for name, body in what(store) if name == "settings"] == ["an admin", "acme lead", "acme lead"]
    assert policy.policy_of(store, "globex") == policy.Acting()


def test_settings_do_not_say_who_wants_no_surveys(call, store):
    policy.change(store, "acme", "an admin", MONDAY, not_asked=["acme-anna"])

    assert "acme-anna" not in call.get("settings").text
    assert "acme-anna" not in call("PATCH", "settings", json={"stopped": True}).text
    assert policy.policy_of(store, "acme").not_asked == ("acme-anna",)


@pytest.mark.parametrize(
    "patch",
    [
        {"stopped": "yes"}, {"stopped": None}, {"stopped": 1}, {"modes": {"rebalance": "always"}},
        {"modes": {"sing": "off"}}, {"modes": ["off"]}, {"consent": 0}, {"updates_a_minute": 101},
        {"planning": {"k": 4}}, {"planning": {"nonsense": 1}}, {"planning": {"off": ["rebalance"]}},
        {"planning": {"rebalance": {"capacity_days": 0}}},
        {"planning": {"k": 10**30}}, {"planning": {"alerts_a_day": 10**30}},
        {"planning": {"rebalance": {"most_moves": 10**30}}}, {"language": "de"},
        {"standing": [{"action": "rebalance", "group": "g1", "by": "somebody else"}]},
        {"public_url": "https://evil.example"},
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_leave_everything_as_it_was(call, store, patch):
    assert call("PATCH", "settings", json=patch).status_code == 422
    assert policy.policy_of(store, "acme") == policy.Acting()


def test_the_audit_is_read_on_from_where_one_was_and_names_nobody(call, store, proposed):
    call.get("proposals")
    first = call.get("audit?most=2").json
    rest = call.get(f"audit?after={first['next']}").json

    entries = first["entries"] + rest["entries"]
    assert [one["seq"] for one in entries] == [1, 2, 3]
    assert [one["what"] for one in entries] == ["token added", "proposed", "looked"]
    assert (rest["next"], rest["head"]["hash"]) == (None, entries[-1]["hash"])
    assert "acme-anna" not in str(entries)


def test_the_audit_says_when_it_is_not_whole(call, store, proposed):
    whole = call.get("audit/verify").json
    head = whole["head"]
    assert (whole["is_whole"], whole["problem"]) == (True, None)
    assert call.get(f"audit/verify?seq={head['seq']}&hash={head['hash']}").json["is_whole"]
    assert not call.get(f"audit/verify?seq=1&hash={'0' * 64}").json["is_whole"]
    assert call.get("audit/verify?seq=1").status_code == 422

    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE audit SET body = replace(body, 'rebalance', 'rebelance')")
    assert call.get("audit/verify").json["problem"] == "entry 2 is not as it was written"


def test_waves_tell_neither_who_was_asked_nor_how_many(call, survey):
    (wave,) = call.get("surveys/waves").json["waves"]

    assert (wave["wave"], wave["state"], wave["teams"]) == (survey["waves"], "published", ["north"])
    assert not {"invited", "places", "answered"} & set(wave)


def test_results_that_are_hidden_say_why_and_unknown_teams_are_not_found(call, survey):
    address = f"surveys/waves/{survey['waves']}/results"

    hidden = call.get(address).json
    assert (hidden["shown"], hidden["reason"][:7]) == (False, "too few")
    assert call.get(f"{address}?team=south").status_code == 404
    assert call.get(f"{address}?dimension=site").status_code == 422


def test_results_come_through_the_one_function_that_hides(call, survey, monkeypatch):
    from helpdesk_wellbeing.api import surveys
    from helpdesk_wellbeing.surveys.results import Score, Shown

    def result(store, account, ask):
        return Shown(ask, 6, 8, 75, False, (Score("satisfaction", 50), None), None)

    monkeypatch.setattr(surveys, "results", result)
    shown = call.get(f"surveys/waves/{survey['waves']}/results?team=north").json

    assert shown["team"] == "north"
    assert shown["scores"] == [
        {"theme": "satisfaction", "percent": 50, "mean": None, "distribution": None}, None
    ]  # fmt: skip
    assert (shown["answered"], shown["comments"]) == (6, None)


def test_a_theme_is_raised_and_its_answer_published(call, store, survey):
    raised = call.post(
        f"surveys/waves/{survey['waves']}/themes", json={"title": "Tools", "owner": "the manager", "question": 3}
    )
    assert (raised.status_code, raised.json["question"]) == (201, 3)
    for theme in (raised.json["theme"], survey["themes"]):
        answer = call.post(f"surveys/themes/{theme}/answer", json={"text": "New rota.\nFrom May."})
        assert answer.status_code == 200
    again = call.post(f"surveys/themes/{survey['themes']}/answer", json={"text": "Once more."})

    assert answer.json["wave"]["state"] == "answered"
    assert again.status_code == 409
    assert [one["answer"] for one in call.get("surveys/themes").json["themes"]] == ["New rota.\nFrom May."] * 2
    assert call.get(f"surveys/themes/{survey['themes']}/effect").json["change"] is None
    assert [name for name, _ in what(store)][-3:] == ["theme added", "theme answered", "theme answered"]
    assert "rota" not in str(what(store))


@pytest.mark.parametrize(
    "theme", [{"title": "Tools"}, {"title": "", "owner": "x"}, {"title": "a\nb", "owner": "x"},
              {"title": "a\u0000", "owner": "x"}, {"title": "a", "owner": "x", "question": 6}],
)  # fmt: skip
def test_a_theme_that_does_not_fit_is_refused(call, survey, theme):
    assert call.post(f"surveys/waves/{survey['waves']}/themes", json=theme).status_code == 422


def test_nothing_is_accepted_that_says_something_else_than_what_was_looked_at(call, store, proposed, a_proposal):
    approve(store)
    address = f"proposals/{proposed['acme']}"
    seen = call.get(address).json["measured_at"]
    at = MONDAY + timedelta(minutes=5)
    old = store.proposals.get("acme", proposed["acme"])
    review.renew(store, "acme", [replace(from_json(old.body), renewed_at=at)], at)
    refused = call.post(f"{address}/accept", json={"measured_at": seen})

    assert refused.status_code == 409
    assert "look at it again" in refused.json["error"]["message"]
    assert store.writes.of_proposal("acme", proposed["acme"]) == []
    now = call.get(address).json
    assert now["renewed_at"] == now["measured_at"] == at.isoformat()
    assert call.post(f"{address}/accept", json={"measured_at": now["measured_at"]}).status_code == 200
