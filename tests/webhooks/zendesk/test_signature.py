from __future__ import annotations

from datetime import UTC, datetime

from webhooks.zendesk.signature import PUBLIC_TEST_SECRET, SIGNATURE, TIMESTAMP, is_signed, sign

STAMP = "2021-03-25T05:09:27Z"
BODY = b'{"event":"ticket.updated","id":123}'
SIGNED = "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM="
THEN = datetime(2021, 3, 25, 5, 9, 30, tzinfo=UTC)


def test_signs_as_zendesk_documents_it():
    assert sign(PUBLIC_TEST_SECRET, STAMP, BODY) == SIGNED


def test_the_known_signature_holds_in_test_mode_only():
    headers = {SIGNATURE: SIGNED, TIMESTAMP: STAMP}

    assert is_signed(headers, BODY, (), THEN, test_mode=True)
    assert not is_signed(headers, BODY, (), THEN)
    assert not is_signed(headers, BODY, (PUBLIC_TEST_SECRET,), THEN)


def test_the_bytes_count_as_they_came():
    headers = {SIGNATURE: SIGNED, TIMESTAMP: STAMP}

    assert not is_signed(headers, b'{"event": "ticket.updated", "id": 123}', (), THEN, test_mode=True)


def test_an_empty_body_can_be_signed():
    headers = {SIGNATURE: sign("secret", STAMP, b""), TIMESTAMP: STAMP}

    assert is_signed(headers, b"", ("secret",), THEN)
