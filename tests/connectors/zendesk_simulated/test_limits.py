"""The rate limits and how they are announced."""

from __future__ import annotations

from connectors.zendesk.simulated.limits import Bucket


def test_exports_share_a_bucket_and_lists_do_not(serve, world):
    front, reader = serve(world, unlimited=False, export_limit=3)
    path = "incremental/ticket_events?start_time=0"
    assert [reader.raw(path).status_code for _ in range(3)] == [200, 200, 200]
    refused = reader.raw("incremental/tickets/cursor?start_time=0")
    assert refused.status_code == 429
    assert refused.json()["error"] == "APIRateLimitExceeded"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert reader.raw("users/me").status_code == 200
    assert front.limits.refused == 1


def test_headers_tell_what_is_left_in_both_spellings(serve, world):
    _, reader = serve(world, unlimited=False, limit=50)
    answer = reader.raw("incremental/ticket_events?start_time=0")
    assert answer.headers["x-rate-limit"] == answer.headers["ratelimit-limit"] == "50"
    assert answer.headers["x-rate-limit-remaining"] == answer.headers["ratelimit-remaining"] == "48"
    assert answer.headers["zendesk-ratelimit-incremental-exports"].startswith("total=10; remaining=9; resets=")


def test_the_account_bucket_counts_every_request(serve, world):
    _, reader = serve(world, unlimited=False, limit=2)
    assert reader.raw("users/me").status_code == 200
    assert reader.raw("users/me").status_code == 429


def test_a_bucket_fills_again_after_its_minute_however_long_that_is():
    bucket = Bucket(total=2, minute=0.5)
    assert [bucket.take(now) for now in (10.0, 10.1, 10.4)] == [True, True, False]
    assert (bucket.left(), bucket.resets(10.4)) == (0, 1)
    assert bucket.take(10.5) is True
    assert bucket.left() == 1


def test_requests_are_counted_by_endpoint(serve, world):
    front, reader = serve(world)
    reader.raw("tickets/3.json")
    reader.raw("tickets/4")
    assert front.requests["tickets/{id}"] == 2
    assert front.calls[-1] == ("GET", "/api/v2/tickets/4", 200)
