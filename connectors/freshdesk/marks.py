"""How a text of ours is known again: Freshdesk keeps no word of ours with a write but what people can read.

A note or a new ticket ends with a short reference in small print. It is text, not an attribute or a comment of the
HTML, because those are cleaned away; it is one word, because spaces come back in other forms; and it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Any

_LINK = re.compile(r"https?://[^\s<>\"]+")
_SMALL = "color:#8a8a8a;font-size:11px"


def reference(marker: str) -> str:
    """The word that stands for a marker: 64 bits of its digest."""
    return f"wb-{sha256(marker.encode()).hexdigest()[:16]}"


def html_of(text: str, marker: str | None) -> str:
    """Plain text as HTML, every character escaped, addresses as links, the marker's reference below."""
    lines = "<br>".join(_with_links(line) for line in text.splitlines())
    small = "" if marker is None else f'<p style="{_SMALL}">{reference(marker)}</p>'
    return f"<p>{lines}</p>{small}"


def is_marked(row: Mapping[str, Any], marker: str, *names: str) -> bool:
    """Whether one of the texts `names` of a row has the reference of a marker."""
    word = reference(marker)
    return any(word in text for name in names if isinstance(text := row.get(name), str))


def _with_links(line: str) -> str:
    parts, done = [], 0
    for found in _LINK.finditer(line):
        address = escape(found[0], quote=True)
        parts += [escape(line[done : found.start()]), f'<a href="{address}">{address}</a>']
        done = found.end()
    return "".join([*parts, escape(line[done:])])
