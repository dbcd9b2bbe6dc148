"""The forwarder of the Freshworks app under node: what it sends, and that the real door takes it over HTTP."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from helpdesk_wellbeing.arrivals import take_in
from tests.doors import SECRETS, Desk
from webhooks.freshdesk.app.package import finished
from webhooks.freshdesk.app_events import CHANGE_FIELDS, RECORD_FIELDS

PLATFORM = Path(__file__).parent / "platform.js"
URL = "https://wellbeing.acme.example"
FORWARDED = (
    "onTicketCreate", "onTicketUpdate", "onTicketDelete", "onConversationCreate", "onConversationUpdate",
    "onTimeEntryCreate", "onTimeEntryUpdate", "onTimeEntryDelete", "onTicketFieldCreate", "onTicketFieldDelete",
)  # fmt: skip
# What stands in the samples and may never leave Freshdesk.
PERSONAL = ("Agent Name", "Customer Name", "example.com", "+49", "192.0.2.7", "invoice", "Please", "Called", "Berlin",
            "Somebody", "Dear")  # fmt: skip
Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Path:
    """The package for the account `fresh`, unpacked."""
    folder = tmp_path_factory.mktemp("app")
    for name, data in finished(URL, "fresh").files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """The door on a loopback port."""
    server = make_server("127.0.0.1", 0, desk.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(app: Path, address: str) -> Run:
    """Lets things happen in Freshdesk; what the app did because of them."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed, so the forwarder cannot be run")

    def happen(*events: tuple[str, Any], secret: str = SECRETS["fresh"], statuses: tuple[int, ...] = ()) -> Any:
        calls = [{"handler": f"{event}Handler", "args": args or sample(app, event)} for event, args in events]
        told = {"folder": str(app), "base": address, "iparams": {"wellbeing_secret": secret}, "calls": calls,
                "statuses": list(statuses)}  # fmt: skip
        ran = subprocess.run([node, PLATFORM], input=json.dumps(told), capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return happen


def sample(app: Path, event: str) -> Any:
    return json.loads((app / f"server/test_data/{event}.json").read_text("utf-8"))


def bodies(did: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(sent["body"]) for sent in did["sent"]]


def test_what_happens_in_freshdesk_stands_in_the_store_as_app_events(run: Run, desk: Desk):
    did = run(*((event, None) for event in FORWARDED))

    assert [sent["status"] for sent in did["sent"]] == [200] * len(FORWARDED)
    taken = take_in(desk.store, "fresh")
    assert taken.deliveries == len(FORWARDED)
    assert taken.look  # a status of the account's own was made
    events = desk.store.all_events("fresh", None, None)
    told = {(row["kind"], row["actor"], row["actor_kind"], row["grade"]) for row in events.iter_rows(named=True)}
    assert told == {
        ("created", "81", "agent", "A"), ("tagged", "81", "agent", "A"), ("status", "81", "agent", "A"),
        ("assigned", "81", "agent", "A"), ("deleted", "81", "agent", "A"), ("replied", "81", "agent", "A"),
        ("handled", "81", "agent", "A"),
    }  # fmt: skip
    assert set(events["ticket"]) == {"205"}


def test_it_sends_no_text_no_name_and_no_address(run: Run):
    did = run(*((event, None) for event in FORWARDED))

    text = json.dumps([sent["body"] for sent in did["sent"]])
    assert [word for word in PERSONAL if word in text] == []
    for body in bodies(did):
        assert body.keys() == {"event", "timestamp", "actor", "record"}
        assert body["actor"].keys() <= {"id", "type"}
        assert body["record"].keys() <= set(RECORD_FIELDS)
        assert body["record"].get("changes", {}).keys() <= set(CHANGE_FIELDS)


def test_of_the_platforms_own_samples_it_sends_no_text_either(run: Run, shared: Path):
    events = [(event, json.loads((shared / f"specs/freshdesk-event-{event}.json").read_text("utf-8")))
              for event in FORWARDED if (shared / f"specs/freshdesk-event-{event}.json").exists()]  # fmt: skip

    did = run(*events)

    assert len(did["sent"]) >= 4
    for body in bodies(did):
        assert body["actor"].keys() <= {"id", "type"}
        assert body["record"].keys() <= set(RECORD_FIELDS)
        assert all("<" not in str(value) and "@" not in str(value) for value in body["record"].values())


def test_the_same_event_twice_counts_once(run: Run, desk: Desk):
    run(("onTicketUpdate", None), ("onTicketUpdate", None))

    assert desk.counts["kept", "fresh"] == 1
    assert desk.counts["repeated", "fresh"] == 1


def test_what_did_not_arrive_is_sent_again_later_as_the_same_event(run: Run, desk: Desk):
    lost = run(("onTicketUpdate", None), statuses=(503,))

    assert desk.inbox("fresh") == []
    (later,) = lost["scheduled"]
    assert datetime.fromisoformat(later["schedule_at"]).tzinfo is not None
    again = run(("onScheduledEvent", {"data": later["data"]}))
    assert [sent["status"] for sent in again["sent"]] == [200]
    first = bodies(lost)[0]
    assert bodies(again)[0] == first
    run(("onTicketUpdate", None))
    assert desk.counts["repeated", "fresh"] == 1


@pytest.mark.parametrize("status", [401, 413, 422])
def test_what_is_refused_is_not_sent_again(run: Run, status: int):
    assert run(("onTicketUpdate", None), statuses=(status,))["scheduled"] == []


def test_it_gives_up_after_three_more_tries(run: Run, app: Path):
    tries, args = 0, sample(app, "onTicketUpdate")
    event = "onTicketUpdate"
    while scheduled := run((event, args), statuses=(0,))["scheduled"]:
        tries, event, args = tries + 1, "onScheduledEvent", {"data": scheduled[0]["data"]}

    assert tries == 3


def test_it_can_be_installed_only_with_the_right_secret(run: Run):
    assert run(("onAppInstall", None))["rendered"] == [[]]

    (refused,) = run(("onAppInstall", None), secret="another one")["rendered"]
    assert "secrets show" in refused[0]["message"]


def test_it_is_not_installed_where_nobody_answers(run: Run):
    (refused,) = run(("onAppInstall", None), statuses=(0,))["rendered"]

    assert "does not answer" in refused[0]["message"]


def test_uninstalling_always_ends(run: Run):
    assert run(("onAppUninstall", None))["rendered"] == [[]]


def test_fields_that_are_not_of_statuses_are_not_told(run: Run):
    field = {"id": 1, "name": "cf_customer", "field_type": "custom_text", "label": "Customer Name"}

    assert run(("onTicketFieldCreate", {"timestamp": 1772443798.25, "data": {"ticket_field": field}}))["sent"] == []
