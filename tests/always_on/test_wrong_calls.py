"""Each way to be wrong, and the answer: over real HTTP, to a running `serve`."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.always_on.installation import SECRETS, make_installation
from webhooks import wsgi
from webhooks.door import Door
from webhooks.zendesk.signature import PUBLIC_TEST_SECRET, SIGNATURE, TIMESTAMP, sign

CANARY = "a-customer-wrote-this"
# The platform's own example: https://developer.zendesk.com/documentation/webhooks/verifying/
VECTOR_AT = "2021-03-25T05:09:27Z"
VECTOR_BODY = b'{"event":"ticket.updated","id":123}'
VECTOR_SIGNATURE = "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM="


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """An installation, and one process that serves it."""
    installation = make_installation(tmp_path_factory.mktemp("answers"))
    with installation.fleet("all") as fleet:
        yield installation, fleet


@pytest.fixture
def port(running):
    return running[1].ports[0]


@pytest.fixture
def leaves_nothing(running) -> Iterator[None]:
    """Around a test: no key and no event more than before."""
    installation, _ = running
    before = installation.keys()
    yield
    assert installation.keys() == before


def status_changed(number=1, **changes):
    said = {
        "type": "zen:event-type:ticket.status_changed", "account_id": 1, "id": f"wrong-{number}",
        "time": stamp(), "subject": "zen:ticket:35", "detail": {"id": "35", "subject": CANARY, "status": "OPEN"},
        "event": {"current": "OPEN", "previous": "NEW", "meta": {"sequence": {"id": "S", "position": 1}}},
    }  # fmt: skip
    return json.dumps(said | changes).encode()


def stamp(**ago):
    return (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def post(port, body, headers, path="/webhooks/zendesk/acme", method="POST"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def signed(body, secret=SECRETS["acme"], at=None):
    at = at or stamp()
    return {SIGNATURE: sign(secret, at, body), TIMESTAMP: at}


def test_a_good_call_is_kept_once(port):
    body = status_changed(number="good")

    first, again = (post(port, body, signed(body)) for _ in range(2))

    assert (first[0], json.loads(first[1])) == (200, {"kept": 1})
    assert (again[0], json.loads(again[1])) == (200, {"kept": 0, "repeated": True})


def test_a_kind_that_is_not_read_is_answered_200_so_that_it_does_not_come_again(port, leaves_nothing):
    body = status_changed(type="zen:event-type:ticket.unheard_of")

    status, answer = post(port, body, signed(body))

    assert (status, json.loads(answer)) == (200, {"kept": 0, "ignored": True})


def test_what_has_not_happened_yet_is_refused_and_counted(port, leaves_nothing):
    body = status_changed(time=stamp(days=-3))

    status, answer = post(port, body, signed(body))

    assert (status, json.loads(answer)) == (200, {"kept": 0, "refused": "dated more than a day ahead of now"})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as metrics:
        counted = [line for line in metrics.read().decode().splitlines() if 'outcome="future"' in line]
    assert [line.rpartition(" ")[2] for line in counted] == ["1.0"]
    assert 'account="acme"' in counted[0]


BODY = status_changed()
OURS = SECRETS["acme"]
UNPROVEN = {
    "nothing is signed": lambda: {},
    "no timestamp": lambda: {SIGNATURE: sign(OURS, "", BODY)},
    "no signature": lambda: {TIMESTAMP: stamp()},
    "an empty signature": lambda: {SIGNATURE: "", TIMESTAMP: stamp()},
    "a guessed secret": lambda: signed(BODY, "guessed"),
    "an empty secret": lambda: signed(BODY, ""),
    "another account's secret": lambda: signed(BODY, SECRETS["globex"]),
    "the public test secret": lambda: signed(BODY, PUBLIC_TEST_SECRET),
    "the public test secret, decoded": lambda: signed(BODY, base64.b64decode(PUBLIC_TEST_SECRET).decode()),
    "another body was signed": lambda: signed(BODY + b" "),
    "another time was signed": lambda: signed(BODY) | {TIMESTAMP: stamp(seconds=7)},
    "signed five and a half minutes ago": lambda: signed(BODY, at=stamp(seconds=330)),
    "signed five and a half minutes ahead": lambda: signed(BODY, at=stamp(seconds=-330)),
    "a time without an offset": lambda: signed(BODY, at=stamp().removesuffix("Z")),
    "a time that is none": lambda: signed(BODY, at="soon"),
    "hexadecimal": lambda: signed(BODY) | {SIGNATURE: base64.b64decode(sign(OURS, stamp(), BODY)).hex()},
    "not ASCII": lambda: {SIGNATURE: "\xe9\xff", TIMESTAMP: "\xe9"},
}


@pytest.mark.parametrize("headers", UNPROVEN.values(), ids=UNPROVEN.keys())
def test_a_call_that_is_not_proven_is_answered_401(port, leaves_nothing, headers):
    status, answer = post(port, BODY, headers())

    assert status == 401
    assert json.loads(answer) == {"error": "the call is not proven to come from this account's helpdesk"}


@pytest.mark.parametrize("account", ["nobody", "ACME", "acme%20", "%00", "acme/acme", "..%2Facme", "a" * 3000])
def test_an_account_that_is_not_there_is_answered_like_a_wrong_proof(port, leaves_nothing, account):
    status, answer = post(port, BODY, signed(BODY), f"/webhooks/zendesk/{account}")

    assert status == 401
    assert answer == post(port, BODY, {})[1]


def test_one_platforms_account_is_not_reached_through_the_others_door(port, leaves_nothing):
    headers = signed(BODY) | {"X-Helpdesk-Wellbeing-Secret": SECRETS["acme"]}

    assert post(port, BODY, headers, "/webhooks/freshdesk/acme")[0] == 401


NESTED = b'{"a":' * 33 + b"1" + b"}" * 33
UNREADABLE = {
    "nothing": b"",
    "half": BODY[:100],
    "a list": b"[]",
    "a word": b'"zen"',
    "null": b"null",
    "a name twice": b'{"id": "1", "id": "2"}',
    "NaN": b'{"id": NaN}',
    "33 levels": NESTED,
    "a hundred thousand brackets": b"[" * 100_000,
    "not UTF-8": b'{"id": "\xff"}',
    "UTF-16": '{"id": "1"}'.encode("utf-16"),
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_not_a_json_object_is_answered_400(port, leaves_nothing, body):
    assert post(port, body, signed(body))[0] == 400


WRONG_TYPES = {
    "text": {"Content-Type": "text/plain"},
    "a form": {"Content-Type": "application/x-www-form-urlencoded"},
    "Latin-1": {"Content-Type": "application/json; charset=latin-1"},
    "compressed": {"Content-Encoding": "gzip"},
}


@pytest.mark.parametrize("headers", WRONG_TYPES.values(), ids=WRONG_TYPES.keys())
def test_what_is_not_plain_json_is_answered_415(port, leaves_nothing, headers):
    assert post(port, BODY, signed(BODY) | headers)[0] == 415


UNFIT = {
    "id": status_changed(id=7),
    "time": status_changed(time="yesterday"),
    "detail.id": status_changed(detail=[]),
    "ticket": b'{"helpdesk_wellbeing": "ticket", "ticket": "{{ticket.id}}"}',
}


@pytest.mark.parametrize(("field", "body"), UNFIT.items(), ids=UNFIT.keys())
def test_a_field_that_does_not_fit_is_answered_422_with_its_name(port, leaves_nothing, field, body):
    status, answer = post(port, body, signed(body))

    assert status == 422
    assert field in json.loads(answer)["error"]


def test_a_body_over_256_kib_is_answered_413(port, leaves_nothing):
    body = status_changed(padding="x" * 256 * 1024)

    assert post(port, body, signed(body))[0] == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post_is_a_call(port, leaves_nothing, method):
    assert post(port, BODY, signed(BODY), method=method)[0] == 405


@pytest.mark.parametrize("path", ["/", "/webhooks", "/webhooks/zendesk", "/webhooks/jira/acme", "/api/v2/tickets"])
def test_there_is_nothing_elsewhere(port, leaves_nothing, path):
    assert post(port, BODY, signed(BODY), path)[0] == (405 if path == "/" else 404)  # the pages begin at /


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"POST /webhooks/zendesk/acme HTTP/1.1\r\n" * 400,
     b"POST /webhooks/zendesk/acme HTTP/1.1\r\nContent-Length: -5\r\n\r\n{}",
     b"POST /webhooks/zendesk/acme HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"],
    ids=["TLS", "half a request", "endless headers", "a negative length", "two lengths"],
)  # fmt: skip
def test_what_is_not_http_gets_nothing_and_disturbs_nobody(port, leaves_nothing, sent):
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(5)
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(1000)
        except ConnectionError:
            answer = b""

    assert answer == b"" or answer.split()[1] in (b"400", b"411", b"431", b"501")
    assert post(port, BODY, {})[0] == 401


def test_the_public_test_vector_is_refused_by_a_running_installation(port, leaves_nothing):
    assert post(port, VECTOR_BODY, {SIGNATURE: VECTOR_SIGNATURE, TIMESTAMP: VECTOR_AT})[0] == 401


@pytest.mark.parametrize(("test_mode", "status"), [(True, 200), (False, 401)])
def test_the_public_test_vector_proves_a_call_in_test_mode_only(test_mode, status):
    def refuse_to_keep(receipt):
        raise AssertionError("an unknown kind is not kept")

    then = datetime.fromisoformat(VECTOR_AT)
    door = Door(
        lambda platform, account: (), refuse_to_keep, lambda outcome, account: None,
        now=lambda: then, test_mode=test_mode,
    )  # fmt: skip
    app = Flask("door")
    app.wsgi_app = wsgi.before(app.wsgi_app, door)
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        headers = {SIGNATURE: VECTOR_SIGNATURE, TIMESTAMP: VECTOR_AT}
        assert post(server.server_port, VECTOR_BODY, headers)[0] == status
        tampered = VECTOR_BODY.replace(b"123", b"124")
        assert post(server.server_port, tampered, headers)[0] == 401
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_nothing_of_all_this_is_in_the_log(running, port):
    _, fleet = running
    post(port, BODY, signed(BODY, "guessed"))

    log = fleet.log()

    assert CANARY not in log
    assert "Traceback" not in log
    assert not any(secret in log for secret in [*SECRETS.values(), "guessed"])
