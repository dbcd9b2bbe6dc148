"""Whatever the platform answers: one clear line, the right exit code, a store that is whole, nothing given away."""

from __future__ import annotations

import json
import re

import pytest

from connectors.zendesk.simulated import Faults
from connectors.zendesk.simulated.answers import Answer

EVENTS = "/incremental/ticket_events"
TEN_MB = b'{"ticket_events": [' + b'{"CANARY": "' + b"x" * 10_000_000 + b'"}]'

pytestmark = pytest.mark.usefixtures("impatient", "unfolded")


def replaced(path, answer, after=0):
    """Spoils the answers whose path contains `path`, the first `after` left out."""
    passed = [0]

    def spoil(request):
        if path not in request.path:
            return None
        passed[0] += 1
        return answer if passed[0] > after else None

    return spoil


def error(status, word="CANARY", **headers):
    body = {"error": word, "description": "CANARY customer@example.com"}
    return Answer.of(body, status, headers)


def web_page():
    return Answer(b"<!DOCTYPE html><title>CANARY</title>", 200, {}, "text/html")


ANSWERS = {
    "malformed": (Answer(b'{"ticket_events": [}CANARY'), "is not readable JSON; run the command again"),
    "cut in the middle": (Answer(b'{"ticket_events": [{"CANARY": 1'), "is not readable JSON"),
    "empty": (Answer(b""), "is not readable JSON"),
    "a web page": (web_page(), "answered with a web page, not with JSON; check the subdomain or base URL"),
    "null": (Answer(b"null"), "is empty (null); run it again later"),
    "all null": (Answer(b'{"ticket_events": null, "end_time": null}'), 'has no list "ticket_events"'),
    "a list": (Answer(b'["CANARY"]'), 'has no list "ticket_events"'),
    "10 MB that end too early": (Answer(TEN_MB), "is not readable JSON"),
    "400": (error(400), "400 for GET"),
    "401": (error(401, "invalid_token"), "401 invalid_token for GET"),
    "403": (error(403, "Forbidden"), "403 Forbidden for GET"),
    "404": (error(404, "RecordNotFound"), "404 RecordNotFound for GET"),
    "409": (error(409, "UpdateConflict"), "409 UpdateConflict for GET"),
    "422": (error(422, "UnprocessableEntity"), "422 UnprocessableEntity for GET"),
    "429": (error(429, **{"Retry-After": "0"}), "429 for GET"),
    "429 for an hour": (error(429, **{"Retry-After": "3600"}), "it asks to wait 3600 s"),
    "500": (error(500), "500 for GET"),
    "502": (Answer(b"<html>CANARY</html>", 502, {}, "text/html"), "502 for GET"),
    "503": (error(503), "the platform has trouble; run it again later"),
    "504": (error(504), "504 for GET"),
    "redirect": (
        Answer(b"", 302, {"Location": "http://elsewhere.example/CANARY?token=CANARY"}),
        "was redirected to another host (elsewhere.example); not followed",
    ),
    "redirect in a circle": (Answer(b"", 302, {"Location": f"/api/v2{EVENTS}"}), "is redirected without end"),
}


def is_one_clear_line(ran, server):
    assert "Traceback" not in ran.err
    said = ran.out + ran.err
    for secret in ("CANARY", "customer@", "Bearer", server.client_secret):
        assert secret not in said
    assert re.match(r"(helpdesk-wellbeing|acme): ", ran.line), ran.line
    assert len(ran.line) < 400


@pytest.mark.parametrize("name", ANSWERS)
def test_a_bad_answer_in_the_middle_stops_the_pull_and_the_next_one_completes_it(name, commands, zendesk, undisturbed):
    answer, said = ANSWERS[name]
    commands.connect(zendesk)
    zendesk.spoil = replaced(EVENTS, answer, after=1)

    ran = commands.here("pull", "--account", "acme")

    assert ran.code == 1, ran.err
    assert said in ran.line
    assert "acme: stopped before the end; what is stored is whole, run pull again to go on" in ran.line
    is_one_clear_line(ran, zendesk)
    assert 0 < commands.exported().count("\n") - 1 < undisturbed.count("\n") - 1
    zendesk.behave()
    assert commands.here("pull", "--account", "acme").code == 0
    assert commands.exported() == undisturbed


@pytest.mark.parametrize("name", ["a web page", "null", "403", "404", "429", "503", "redirect"])
def test_a_bad_answer_at_the_start_means_that_nothing_ran(name, commands, zendesk):
    answer, _ = ANSWERS[name]
    commands.connect(zendesk)
    zendesk.spoil = replaced("/api/v2/", answer)

    ran = commands.here("pull", "--account", "acme")

    assert ran.code == 2, ran.err
    assert ran.line.startswith("helpdesk-wellbeing: zendesk: ")
    is_one_clear_line(ran, zendesk)


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_connection_that_keeps_breaking_stops_the_pull(kind, commands, zendesk, undisturbed):
    commands.connect(zendesk)
    zendesk.faults = Faults(share={kind: 1.0}, only=EVENTS, in_a_row=99)

    ran = commands.here("pull", "--account", "acme")

    assert ran.code == 1, ran.err
    assert "the connection broke during GET /api/v2/incremental/ticket_events: check the network" in ran.line
    is_one_clear_line(ran, zendesk)
    zendesk.behave()
    assert commands.here("pull", "--account", "acme").code == 0
    assert commands.exported() == undisturbed


def test_ten_megabytes_of_one_page_are_read_and_more_than_the_limit_is_refused(commands, zendesk, undisturbed):
    commands.connect(zendesk)
    right = zendesk.answer

    def padded(size):
        def answer(request):
            given, spoiler = right(request)
            if EVENTS in request.path and given.status == 200:
                given.body = given.body[:-1] + b', "padding": "' + b"x" * size + b'"}'
            return given, spoiler

        return answer

    commands.patch.setattr(zendesk, "answer", padded(65 * 1024 * 1024))
    ran = commands.here("pull", "--account", "acme")
    assert ran.code == 1, ran.err
    assert "is larger than 64 MB; not read" in ran.line
    commands.patch.setattr(zendesk, "answer", padded(10_000_000))
    assert commands.here("pull", "--account", "acme").code == 0
    assert commands.exported() == undisturbed


def changed_rows(zendesk, path, change):
    """Lets `change` mend the JSON of every answer to `path`."""
    right = zendesk.answer

    def answer(request):
        given, spoiler = right(request)
        if path in request.path and given.status == 200:
            table = json.loads(given.body)
            change(table)
            given.body = json.dumps(table).encode()
        return given, spoiler

    return answer


def test_unknown_kinds_and_words_are_counted_and_named_but_end_nothing(commands, zendesk):
    def strange(table):
        for place, row in enumerate(table["ticket_events"][:20]):
            for child in row["child_events"]:
                if place % 2:
                    child["event_type"] = "Levitate"
                elif "status" in child:
                    child["status"] = "sleeping"

    commands.connect(zendesk)
    commands.patch.setattr(zendesk, "answer", changed_rows(zendesk, EVENTS, strange))

    ran = commands.here("pull", "--account", "acme")

    assert ran.code == 0, ran.err
    assert "not known and ignored or taken for the nearest word" in ran.err
    assert "Levitate" in ran.err
    assert "status (" in ran.err


def test_rows_that_are_no_rows_are_left_out_and_counted(commands, zendesk, undisturbed):
    def add(table):
        table["ticket_events"] += [None, [], "text", {}, {"id": None}, {"id": 7, "timestamp": "soon"}, 12]

    commands.connect(zendesk)
    with commands.patch.context() as patch:
        patch.setattr(zendesk, "answer", changed_rows(zendesk, EVENTS, add))
        ran = commands.here("pull", "--account", "acme")

    assert ran.code == 0, ran.err
    assert re.search(r"zendesk: \d+ rows of ticket_events could not be read and were left out", ran.err), ran.err
    assert commands.exported() == undisturbed


def test_a_zone_name_that_does_not_exist_is_named_and_its_agent_is_kept(commands, zendesk):
    def lost(table):
        for user in table.get("users", ()):
            user["time_zone"], user["iana_time_zone"] = "Atlantis", "Atlantis/Poseidonis"

    commands.connect(zendesk)
    commands.patch.setattr(zendesk, "answer", changed_rows(zendesk, "/users", lost))

    ran = commands.here("pull", "--account", "acme")

    assert ran.code == 0, ran.err
    assert "people carry a zone name that isn't known" in ran.err


@pytest.mark.parametrize("minutes", [-7, 7])
def test_a_clock_that_is_off_by_minutes_changes_no_event(minutes, commands, zendesk, undisturbed):
    from datetime import timedelta

    commands.connect(zendesk)
    right = zendesk.now
    commands.patch.setattr(zendesk, "now", lambda: right() + timedelta(minutes=minutes))

    assert commands.here("pull", "--account", "acme").code == 0

    assert commands.exported() == undisturbed


def test_the_next_page_on_another_host_is_not_asked(commands, zendesk):
    commands.connect(zendesk)
    zendesk.faults = zendesk.api.faults = Faults(share={"elsewhere": 1.0})

    ran = commands.here("pull", "--account", "acme")

    assert ran.code == 0, ran.err
    assert zendesk.strayed == 0


def test_a_platform_that_is_not_there_is_said_in_one_line(commands, zendesk):
    commands.connect(zendesk)
    gone = "http://127.0.0.1:9"

    ran = commands.here(
        "connect", "zendesk", "--account", "other", "--subdomain", "acme", "--client-id", "c", "--base-url", gone
    )

    assert ran.code == 2
    assert ran.line.endswith("no connection for POST /oauth/tokens: check the network, then run it again")
    assert commands.here("pull", "--account", "other").line.endswith('no account "other"; run import or connect first')
