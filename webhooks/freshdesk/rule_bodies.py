"""The body of an automation rule's webhook where it is no JSON, because a placeholder was pasted into it raw. Pure.

The platform fills placeholders in without quoting anything, so `"event": {{triggered_event}}` becomes
`"event": {status:{from:4,to:6}}`, and a customer's quotation mark ends a text. What stands before the first such place
is still sound, and the ticket's id is all that is wanted.
https://support.freshdesk.com/en/support/solutions/articles/132589
"""

from __future__ import annotations

import re

from webhooks.reading import NotJson, Payload, read_object

LARGEST = 64 * 1024  # bytes that are searched

_WRAPPED = re.compile(r'\s*\{\s*"freshdesk_webhook"\s*:(?=\s*\{)')
_BEGIN = re.compile(r"\s*\{")
_NAME = re.compile(r'\s*"([a-z_]{1,40})"\s*:\s*')
_TICKET = re.compile(r'(?:"([0-9]{1,20})"|([0-9]{1,20}))\s*(?=[,}])')
# Values that nobody outside could have written: numbers, words, ids, and what the platform says of a change.
_PLAIN = re.compile(r'(?:"[A-Za-z0-9_.:-]{0,80}"|[0-9]{1,20}|true|false|null|"?\{[A-Za-z0-9_:{}, -]{0,400}\}"?)\s*,')


def read_body(body: bytes) -> Payload:
    """The JSON object of the body, or {"ticket_id", "event": the whole text} of one that is broken like that.

    Raises NotJson for everything else. An id is taken only where it is named once, and where nothing stands before it
    that could be a customer's words.
    """
    try:
        return read_object(body)
    except NotJson:
        text = _text(body)
        ticket = None if text is None else _ticket_of(text)
        if text is None or ticket is None:
            raise
        return {"ticket_id": ticket, "event": text}


def _text(body: bytes) -> str | None:
    if len(body) > LARGEST:
        return None
    try:
        return body.decode("utf-8")
    except ValueError:
        return None


def _ticket_of(text: str) -> str | None:
    if text.count('"ticket_id"') != 1 or not text.rstrip().endswith("}"):
        return None
    wrapped = _WRAPPED.match(text)
    begin = _BEGIN.match(text, 0 if wrapped is None else wrapped.end())
    if begin is None:
        return None
    place = begin.end()
    while name := _NAME.match(text, place):
        if name[1] == "ticket_id":
            found = _TICKET.match(text, name.end())
            return None if found is None else found[1] or found[2]
        value = _PLAIN.match(text, name.end())
        if value is None:
            return None
        place = value.end()
    return None
