"""The one HTTP session: what is repeated, what is refused, what is never said."""

from __future__ import annotations

import gzip
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import responses

from connectors.budget import BucketRule, Budget, read_headers
from connectors.session import HttpRefused, Limits, Platform, PlatformSession, TimedOut
from helpdesk_wellbeing.errors import BadPayload, Refused, RetryLater, WellbeingError

HOST = "https://acme.example"
RULES = (
    BucketRule("account", lambda path: path.startswith("/api/"), per_minute=100),
    BucketRule("export", lambda path: "/incremental/" in path, per_minute=10, header="incremental-exports"),
)
PLATFORM = Platform("helpdesk", RULES, codes=frozenset({"RecordNotFound", "Forbidden", "invalid_token"}))


class Clock:
    def __init__(self):
        self.at = 0.0
        self.slept = []

    def __call__(self):
        return self.at

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += seconds


class Secret:
    def __init__(self):
        self.renewed = 0

    def header(self):
        return f"Bearer secret{self.renewed}"

    def renew(self):
        self.renewed += 1
        return True


def session(base=HOST, credentials=None, said=None, **limits):
    clock = Clock()
    given = {"first_backoff_s": 1.0, "attempts": 4} | limits
    made = PlatformSession(
        base,
        PLATFORM,
        credentials,
        limits=Limits(**given),
        sleep=clock.sleep,
        now=clock,
        say=(said if said is not None else []).append,
    )
    made.clock = clock
    return made


@pytest.fixture
def http():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_an_answer_is_parsed_and_counted(http):
    http.get(f"{HOST}/api/v2/tickets/77.json", json={"ticket": {}})
    asking = session()

    assert asking.answer("GET", "/api/v2/tickets/77.json") == {"ticket": {}}
    assert asking.requests_made == {"GET /api/v2/tickets/{id}": 1}


def test_waits_as_long_as_the_platform_asks(http):
    http.get(f"{HOST}/api/a", status=429, headers={"Retry-After": "37"})
    http.get(f"{HOST}/api/a", json={})
    said = []
    asking = session(said=said)

    asking.answer("GET", "/api/a?key=hidden")

    assert asking.clock.slept == [37.0]
    assert said == ["helpdesk: 429 for GET /api/a; waiting 37 s as told (try 1 of 4)"]


def test_a_retry_after_may_be_a_date_which_is_read_by_the_platforms_clock(http):
    headers = {"Retry-After": "Fri, 20 Nov 2026 12:00:30 GMT", "Date": "Fri, 20 Nov 2026 12:00:00 GMT"}
    http.get(f"{HOST}/api/a", status=503, headers=headers)
    http.get(f"{HOST}/api/a", json={})
    asking = session()

    asking.answer("GET", "/api/a")

    assert asking.clock.slept == [30.0]


def test_a_wait_of_hours_is_not_waited_but_said(http):
    http.get(f"{HOST}/api/a", status=429, headers={"Retry-After": "7200"})

    with pytest.raises(RetryLater, match="asks to wait 7200 s, more than we wait") as caught:
        session().answer("GET", "/api/a")

    assert caught.value.after == 7200


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_trouble_of_the_platform_is_tried_again_and_then_said(http, status):
    http.get(f"{HOST}/api/a", status=status, body="<html>sorry</html>")
    asking = session()

    with pytest.raises(RetryLater, match=rf"^helpdesk: {status} for GET /api/a: .*run it again later$"):
        asking.answer("GET", "/api/a")

    assert len(http.calls) == 4
    assert len(asking.clock.slept) == 3
    assert asking.clock.slept[2] > asking.clock.slept[0] / 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_other_refusals_are_not_repeated_and_carry_no_free_text(http, status):
    http.get(f"{HOST}/api/a", status=status, json={"error": "Forbidden", "description": "Mrs Private called"})

    with pytest.raises(HttpRefused) as caught:
        session().answer("GET", "/api/a?query=private")

    assert str(caught.value) == f"helpdesk: {status} Forbidden for GET /api/a: ask the platform's admin"
    assert (caught.value.status, caught.value.code) == (status, "Forbidden")
    assert len(http.calls) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": "RecordNotFound", "description": "x"}, "RecordNotFound"),
        ({"error": {"title": "Forbidden", "message": "x"}}, "Forbidden"),
        ({"errors": [{"code": "invalid_token", "detail": "x"}]}, "invalid_token"),
        ({"error": "Mrs Private could not be found"}, None),
        (["x"], None),
    ],
)
def test_error_codes_are_found_in_every_shape_and_only_known_ones_are_said(http, body, code):
    http.get(f"{HOST}/api/a", status=404, json=body)

    with pytest.raises(HttpRefused) as caught:
        session().answer("GET", "/api/a")

    assert caught.value.code == code
    assert "Private" not in str(caught.value)


def test_a_401_renews_the_credentials_once(http):
    http.get(f"{HOST}/api/a", status=401)
    http.get(f"{HOST}/api/a", json={})
    secret = Secret()

    session(credentials=secret).answer("GET", "/api/a")

    assert [call.request.headers["Authorization"] for call in http.calls] == [
        "Bearer secret0",
        "Bearer secret1",
    ]


def test_a_second_401_is_a_refusal(http):
    http.get(f"{HOST}/api/a", status=401)
    secret = Secret()

    with pytest.raises(HttpRefused, match="401") as caught:
        session(credentials=secret).answer("GET", "/api/a")

    assert secret.renewed == 1
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/api/a",
        "http://acme.example/api/a",
        "https://acme.example:8443/api/a",
        "//evil.example/a",
    ],
)
def test_an_address_on_another_host_is_not_asked(http, url):
    with pytest.raises(Refused, match="another host"):
        session().answer("GET", url)
    assert len(http.calls) == 0


def test_the_usual_port_may_be_spelled_out(http):
    http.get("https://acme.example:443/api/a", json={})
    http.get(f"{HOST}/api/a", json={})
    assert session().answer("GET", "https://acme.example:443/api/a") == {}


def test_a_redirect_to_another_host_is_not_followed(http):
    http.get(f"{HOST}/api/a", status=302, headers={"Location": "https://evil.example/login?key=1"})

    with pytest.raises(Refused, match=r"redirected to another host \(evil.example\); not followed"):
        session(credentials=Secret()).answer("GET", "/api/a")
    assert len(http.calls) == 1


def test_a_redirect_on_the_own_host_is_followed_and_a_circle_is_not(http):
    http.get(f"{HOST}/api/a", status=301, headers={"Location": "/api/b"})
    http.get(f"{HOST}/api/b", json={"b": 1})
    http.get(f"{HOST}/api/c", status=301, headers={"Location": "/api/d"})
    http.get(f"{HOST}/api/d", status=301, headers={"Location": "/api/c"})

    assert session().answer("GET", "/api/a") == {"b": 1}
    with pytest.raises(Refused, match="without end"):
        session().answer("GET", "/api/c")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!DOCTYPE html><html>Log in", "web page, not with JSON"),
        (b'{"a": [1, 2', "not readable JSON"),
        (b"", "not readable JSON"),
        (b"null", r"empty \(null\)"),
        (b"\xff\xfe", "not readable JSON"),
    ],
)
def test_an_answer_that_is_not_json_is_one_clear_line(http, body, said):
    http.get(f"{HOST}/api/a", body=body, content_type="application/json")

    with pytest.raises(BadPayload, match=said) as caught:
        session().answer("GET", "/api/a")

    assert "\n" not in str(caught.value)


def test_ten_megabytes_are_read_and_more_than_the_limit_are_not(http):
    big = b'["' + b"x" * 10_000_000 + b'"]'
    http.get(f"{HOST}/api/a", body=big)
    assert len(session().answer("GET", "/api/a")[0]) == 10_000_000
    with pytest.raises(BadPayload, match="larger than 5 MB; not read"):
        session(max_bytes=5 * 1024 * 1024).answer("GET", "/api/a")


def test_writes_are_not_repeated_after_they_may_have_arrived(http):
    http.post(f"{HOST}/api/a", status=500)
    with pytest.raises(RetryLater):
        session().answer("POST", "/api/a", json={})
    assert len(http.calls) == 1
    http.post(f"{HOST}/api/b", body=requests.exceptions.ReadTimeout())
    with pytest.raises(TimedOut):
        session().answer("POST", "/api/b", json={})
    assert len(http.calls) == 2


def test_a_write_that_was_turned_away_for_speed_is_repeated(http):
    http.post(f"{HOST}/api/a", status=429, headers={"Retry-After": "1"})
    http.post(f"{HOST}/api/a", json={})

    assert session().answer("POST", "/api/a", json={}) == {}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.exceptions.ConnectionError("secret url"), "connection broke"),
        (requests.exceptions.ReadTimeout("secret url"), "no answer within 60 s"),
        (requests.exceptions.ConnectTimeout("secret url"), "no connection"),
    ],
)
def test_broken_connections_are_tried_again_and_then_said(http, error, said):
    http.get(f"{HOST}/api/a", body=error)

    with pytest.raises(RetryLater, match=said) as caught:
        session().answer("GET", "/api/a")

    assert len(http.calls) == 4
    assert "secret" not in str(caught.value)


# Rate limits


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"X-Rate-Limit": "700", "x-rate-limit-remaining": "699"}, ("account", 700, 699, None)),
        (
            {"RateLimit-Limit": "700", "ratelimit-remaining": "5", "ratelimit-reset": "41"},
            ("account", 700, 5, 41.0),
        ),
        (
            {"rate-limit": "700", "rate-limit-remaining": "5", "rate-limit-reset": "8"},
            ("account", 700, 5, 8.0),
        ),
        ({"X-RateLimit-Total": "50", "X-RateLimit-Remaining": "49"}, ("account", 50, 49, None)),
        (
            {"Zendesk-RateLimit-incremental-exports": "total=10; remaining=9; resets=2"},
            ("incremental-exports", 10, 9, 2.0),
        ),
    ],
)
def test_rate_headers_are_read_in_every_spelling(headers, found):
    name, total, left, resets = found
    reading = read_headers(headers)[name]
    assert (reading.total, reading.remaining, reading.resets) == (total, left, resets)


def test_the_export_bucket_is_kept_and_a_share_left_to_others(http):
    http.get(f"{HOST}/api/v2/incremental/tickets", json={})
    http.get(f"{HOST}/api/v2/incremental/users", json={})
    asking = session()

    for turn in range(14):
        asking.answer("GET", f"/api/v2/incremental/{'tickets' if turn % 2 else 'users'}")

    assert asking.budget.per_minute("export") == 7
    assert asking.clock.slept == [60.0]


def test_a_small_quota_is_told_of_once_a_minute_and_short_waits_never(http):
    http.get(f"{HOST}/api/v2/incremental/tickets", json={})
    said = []
    asking = session(said=said)

    for _ in range(4):
        asking.answer("GET", "/api/v2/incremental/tickets")
    asking.clock.at = 58
    for _ in range(14):
        asking.answer("GET", "/api/v2/incremental/tickets")

    assert asking.clock.slept == [2.0, 58.0, 2.0]
    assert said == [
        "helpdesk: the account's limit for this minute is used up as far as it is ours; going on in 58 s",
    ]


def test_frequent_faults_are_told_of_once_a_minute_with_their_number(http):
    for _ in range(12):
        http.get(f"{HOST}/api/a", status=429, headers={"Retry-After": "9"})
        http.get(f"{HOST}/api/a", json={})
    said = []
    asking = session(said=said)

    for _ in range(12):
        asking.answer("GET", "/api/a")

    line = "helpdesk: 429 for GET /api/a; waiting 9 s as told (try 1 of 4)"
    assert said == [line, f"{line}; 6 other tries failed since the last such line"]


def test_a_long_wait_that_the_platform_asks_for_is_told_of_even_after_a_short_one(http):
    for told in ("1", "300"):
        http.get(f"{HOST}/api/a", status=429, headers={"Retry-After": told})
    http.get(f"{HOST}/api/a", json={})
    said = []

    session(said=said).answer("GET", "/api/a")

    assert "waiting 300 s as told (try 2 of 4)" in said[-1]


def test_headers_win_over_what_is_documented(http):
    left = iter(range(30, 0, -1))

    def answer(request):
        now_left = next(left)
        return (
            200,
            {"zendesk-ratelimit-incremental-exports": f"total=30; remaining={now_left}; resets=20"},
            "{}",
        )

    http.add_callback(responses.GET, f"{HOST}/api/v2/incremental/tickets", callback=answer)
    asking = session()

    for _ in range(23):
        asking.answer("GET", "/api/v2/incremental/tickets")

    assert asking.budget.per_minute("export") == 21
    assert asking.clock.slept == [20.0]


def test_requests_of_others_count_too(http):
    http.get(f"{HOST}/api/a", json={}, headers={"x-rate-limit": "100", "x-rate-limit-remaining": "25"})
    asking = session()

    asking.answer("GET", "/api/a")
    asking.answer("GET", "/api/a")

    assert asking.clock.slept == [60.0]


def test_a_bucket_named_in_an_answer_counts_for_that_endpoint():
    clock = Clock()
    budget = Budget(RULES, now=clock, reserve=0.0)
    budget.learn("/api/search", "GET /api/search", {"zendesk-ratelimit-search-index": "total=5; remaining=0; resets=9"})

    assert budget.take("/api/search", "GET /api/search") == 9.0
    assert budget.take("/api/other", "GET /api/other") == 0.0


def test_no_limits_hold_on_loopback_until_the_server_names_some(http):
    http.get("http://127.0.0.1:9/api/v2/incremental/x", json={})
    asking = session(base="http://127.0.0.1:9")

    for _ in range(50):
        asking.answer("GET", "/api/v2/incremental/x")

    assert asking.clock.slept == []
    assert asking.budget.per_minute("export") is None


# Raw sockets


@pytest.fixture
def server():
    """A server whose answers are raw bytes; it hangs up after each."""
    answers: list[bytes] = []
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = answers.pop(0) if len(answers) > 1 else answers[0]
            if not body:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self.connection.close()
                return
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *words):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", answers, asked
    running.shutdown()
    running.server_close()


def raw(body: bytes, length: int | None = None, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_a_reset_connection_is_tried_again(server):
    base, answers, asked = server
    answers += [b"", b"", raw(b'{"ok": 1}')]

    assert session(base).answer("GET", "/api/a") == {"ok": 1}
    assert len(asked) == 3


def test_an_answer_that_breaks_off_is_tried_again_and_then_said(server):
    base, answers, asked = server
    answers += [raw(b'{"ok": 1', 500)]

    with pytest.raises(RetryLater, match="the connection broke during GET /api/a"):
        session(base).answer("GET", "/api/a")
    assert len(asked) == 4


def test_a_compressed_answer_is_opened_and_a_bomb_is_not(server):
    base, answers, _ = server
    answers += [raw(gzip.compress(b'{"ok": 1}'), None, "Content-Encoding: gzip")]
    assert session(base).answer("GET", "/api/a") == {"ok": 1}
    answers[:] = [raw(gzip.compress(b"[" + b" " * 50_000_000 + b"]"), None, "Content-Encoding: gzip")]
    with pytest.raises(BadPayload, match="larger than 2 MB"):
        session(base, max_bytes=2 * 1024 * 1024).answer("GET", "/api/a")


def test_a_server_that_is_silent_times_out(server):
    base, answers, _ = server
    answers += [raw(b"", 10)]

    with pytest.raises(WellbeingError) as caught:
        session(base, read_s=0.05, attempts=2).answer("GET", "/api/a")
    assert "\n" not in str(caught.value)
