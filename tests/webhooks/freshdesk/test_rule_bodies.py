"""Of a body that a pasted placeholder broke, the ticket's id is read where that is safe."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from webhooks.freshdesk.rule_bodies import LARGEST, read_body
from webhooks.reading import NotJson, read_object

PASTED = "{status:{from:4,to:6}}"


@pytest.mark.parametrize(
    "body",
    [
        '{"ticket_id": "205", "event": {status:{from:4,to:6}}}',
        '{"ticket_id": 205, "event": {responder_id:{from:150006383528,to:150014937111}}}',
        '{"event": {status:{from:4,to:6}}, "ticket_id": "205"}',
        '{"event": "{ticket_action:created}", "ticket_id": "205", "x": {note_type:private}}',
        '{"freshdesk_webhook": {"ticket_id": "205", "ticket_subject": "He said "no" to me"}}',
        '{"freshdesk_webhook":{"ticket_priority":"Low","ticket_id":205,"ticket_description":"two\nlines"}}',
        ' {\n "ticket_id" : "205" , "event" : }\n',
    ],
)
def test_the_ticket_is_found(body):
    with pytest.raises(NotJson):
        read_object(body.encode())

    assert read_body(body.encode()) == {"ticket_id": "205", "event": body}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "nothing"),
        ("ticket_id=205&event=x", "a form"),
        ("<ticket_id>205</ticket_id>", "XML"),
        ('{"ticket_id": "205", "event": ', "cut off"),
        ('{"ticket_id": "205, "event": x}', "the id itself is broken"),
        ('{"ticket_id": {{ticket.id}}, "event": x}', "not filled in"),
        ('{"ticket_id": "205", "event": x, "ticket_id": "6"}', "named twice"),
        ('{"subject": "a", "ticket_id": "6", "b": "", "ticket_id": "205", "event": x}', "a customer named another one"),
        ('{"subject": "Printer on fire", "ticket_id": "205", "event": x}', "words before it"),
        ('{"x": {"ticket_id": "205"}, "event": x}', "inside something else"),
        ('["ticket_id", "205", x}', "no object"),
        ('{"ticket_id": "-5", "event": x}', "not an id"),
        ('{"ticket_id": "123456789012345678901", "event": x}', "too long"),
    ],
    ids=lambda value: value if " " not in value[:1] else "",
)
def test_garbage_stays_garbage(body, why):
    with pytest.raises(NotJson):
        read_body(body.encode())


@pytest.mark.parametrize(
    "body", [b'{"ticket_id": "205", "event": \xff}', b'{"ticket_id": "205", "e": x' + b" " * LARGEST + b"}"]
)
def test_what_is_no_text_or_too_much_of_it_is_not_searched(body):
    with pytest.raises(NotJson):
        read_body(body)


@given(st.integers(1, 10**20 - 1), st.text(max_size=60))
@example(205, '", "ticket_id": "6')
@example(205, PASTED)
def test_a_customers_words_never_name_another_ticket(ticket, words):
    body = f'{{"ticket_id": "{ticket}", "subject": "{words}", "event": {PASTED}}}'.encode("utf-8", "replace")
    try:
        found = read_body(body)
    except NotJson:
        return
    assert found["ticket_id"] == str(ticket)


@given(st.binary(max_size=200))
def test_bytes_never_break_it(body):
    with contextlib.suppress(NotJson):
        assert isinstance(read_body(body), dict)
