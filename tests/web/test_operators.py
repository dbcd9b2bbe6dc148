"""What operators ask the web side: is it up, is it ready, how does the work go."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from prometheus_client.parser import text_string_to_metric_families

from helpdesk_wellbeing import app
from helpdesk_wellbeing.app import missing
from helpdesk_wellbeing.errors import StoreError
from helpdesk_wellbeing.settings import Settings

on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def beat(store, name="w1", role="worker", **counts):
    store.work.beat(name, role=role, version="1", host=socket.gethostname(), pid=1, counts=counts)


def samples(client):
    shown = client.get("/metrics")
    assert shown.status_code == 200
    return {
        (sample.name.removeprefix("helpdesk_wellbeing_"), *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(shown.get_data(as_text=True))
        for sample in family.samples
    }


def test_it_is_up_but_not_ready_before_a_worker_is_alive(client, store):
    assert client.get("/healthz").json["status"] == "up"
    unready = client.get("/readyz")
    assert unready.status_code == 503
    assert unready.json["missing"] == [
        "no worker has been heard of for 20 s; start helpdesk-wellbeing serve --role worker"
    ]

    beat(store)

    assert client.get("/readyz").status_code == 200


def test_a_web_process_on_its_own_is_ready_without_a_worker(store):
    assert missing(store, "web") == []
    assert len(missing(store, "all")) == 1


def test_without_any_account_webhooks_are_to_be_sent_again(tmp_path, tools):
    web = app.web(Settings(tmp_path, f"sqlite:///{tmp_path / 'wellbeing.db'}"))
    body = tools.call_of("acme")

    answer = web.test_client().post("/webhooks/zendesk/acme", data=body, headers=tools.signed("acme", body))

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    app.close(web)


def test_a_key_that_is_gone_or_another_one_makes_it_unready(settings, store, tmp_path, monkeypatch):
    assert missing(store, "web") == []

    (tmp_path / "secret.key").rename(tmp_path / "elsewhere.key")
    assert missing(store, "web") == [
        f"{tmp_path / 'secret.key'} is missing, HELPDESK_WELLBEING_KEY is not set; bring the key back"
    ]
    monkeypatch.setenv("HELPDESK_WELLBEING_KEY", Fernet.generate_key().decode())
    assert "was encrypted with another key than the one in HELPDESK_WELLBEING_KEY" in missing(store, "web")[0]


@on_sqlite
def test_a_database_that_does_not_answer_makes_it_unready_not_down(client, store, monkeypatch):
    def fail(self):
        raise StoreError("store: x: the server does not answer")

    monkeypatch.setattr("helpdesk_wellbeing.store.Store.check", fail)
    monkeypatch.setattr("helpdesk_wellbeing.store.work.Work.runs", fail)

    assert client.get("/readyz").json["missing"] == ["store: x: the server does not answer"]
    assert client.get("/healthz").status_code == 200
    assert samples(client)["store_up",] == 0


def test_metrics_tell_of_each_account(client, store):
    now = datetime.now(UTC)
    store.work.note_run(
        "acme", pulled_at=now - timedelta(minutes=5), evaluated_at=now - timedelta(minutes=4), quota_left=640,
        hook_at=now - timedelta(hours=5), news_at=now - timedelta(hours=1),
    )  # fmt: skip
    store.work.note_run("globex", paused_at=now, problem="no")
    beat(store, evaluations={"acme": {"count": 3, "seconds": 1.5}}, pulls={"acme": {"complete": 7}}, steps={"pull": 7})

    found = samples(client)

    acme, globex = ("account", "acme"), ("account", "globex")
    assert 299 < found["pull_lag_seconds", acme] < 330
    assert 239 < found["evaluated_age_seconds", acme] < 270
    assert ("evaluated_age_seconds", globex) not in found
    assert found["quota_left", acme] == 640
    assert found["inbox_waiting", acme] == 1
    assert found["inbox_oldest_age_seconds", acme] > 1000
    assert (found["paused", acme], found["paused", globex]) == (0, 1)
    assert (found["webhooks_silent", acme], found["webhooks_silent", globex]) == (1, 0)
    assert found["evaluation_seconds_sum", acme, ("process", "w1")] == 1.5
    assert found["evaluation_seconds_count", acme, ("process", "w1")] == 3
    assert found["pulls_total", acme, ("outcome", "complete"), ("process", "w1")] == 7
    assert found["steps_total", ("process", "w1"), ("step", "pull")] == 7
    assert found["processes", ("role", "worker")] == 1
    assert found["store_up",] == 1


@on_sqlite
def test_deliveries_are_counted_by_outcome_and_a_forged_one_leaves_only_that(client, store, tools):
    body = tools.call_of("acme")
    for secret, status in ((None, 200), (None, 200), ("somebody-else", 401)):
        answer = client.post("/webhooks/zendesk/acme", data=body, headers=tools.signed("acme", body, secret))
        assert answer.status_code == status
    client.post("/webhooks/zendesk/nobody-at-all", data=b"{}")

    counted = {
        dict(rest)["account"] + " " + dict(rest)["outcome"]: value
        for (name, *rest), value in samples(client).items()
        if name == "deliveries_total"
    }
    assert counted == {"acme kept": 1, "acme repeated": 1, "acme unproven": 1, " unproven": 1}
    assert "nobody-at-all" not in client.get("/metrics").get_data(as_text=True)
    assert store.inbox.depth()["acme"].waiting == 2


@on_sqlite
def test_flags_are_counted_without_a_person_and_not_at_all_about_agents_of_a_small_team(client, store, tools):
    team = tools.pl.concat([tools.row_of(tools.PEOPLE, agent=f"person-{n}", name=f"Ann {n}") for n in range(6)])
    store.replace_people("acme", "platform", team)
    flags = [tools.flag_of("person-1"), tools.flag_of("person-2", level="warn"), tools.flag_of("q", "ES1", "queue")]
    ended = tools.flag_of("person-3") | {"state": "cooling"}
    store.work.keep_answer("acme", datetime.now(UTC), tools.answer_of("acme", *flags, ended))

    shown = client.get("/metrics").get_data(as_text=True)
    flags = {key[1:]: value for key, value in samples(client).items() if key[0] == "flags"}

    assert flags == {
        (("account", "acme"), ("level", "any"), ("signal", "WT4")): 2,
        (("account", "acme"), ("level", "critical"), ("signal", "ES1")): 1,
        (("account", "globex"), ("level", "critical"), ("signal", "ES1")): 1,
    }
    assert "person" not in shown
    assert "Ann" not in shown


@on_sqlite
def test_a_new_answer_is_counted_anew(client, store, tools):
    assert samples(client)["flags", ("account", "acme"), ("level", "critical"), ("signal", "ES1")] == 1

    store.work.keep_answer("acme", datetime.now(UTC), tools.answer_of("acme"))

    assert ("flags", ("account", "acme"), ("level", "critical"), ("signal", "ES1")) not in samples(client)


@on_sqlite
def test_a_web_process_shows_what_the_others_have_counted_and_says_goodbye(settings, store):
    beat(store, "web-2", "web", deliveries={"acme": {"kept": 5}})
    web = app.web(settings)

    found = samples(web.test_client())
    assert found["deliveries_total", ("account", "acme"), ("outcome", "kept"), ("process", "web-2")] == 5
    app.close(web)

    assert [worker.name for worker in store.work.workers()] == ["web-2"]
