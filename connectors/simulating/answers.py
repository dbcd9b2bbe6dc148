"""One HTTP answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

JSON = "application/json; charset=utf-8"


@dataclass
class Answer:
    """One HTTP answer, its body ready to send."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON

    @staticmethod
    def of(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
        """An answer whose body is `value` as JSON."""
        return Answer(orjson.dumps(value), status, headers or {})

    @staticmethod
    def rows(name: str, rows: str, rest: dict[str, Any]) -> Answer:
        """`{"<name>": [rows], …rest}` around rows that are JSON text already."""
        tail = orjson.dumps(rest)[1:]
        comma = b"," if rest else b""
        return Answer(b"".join((b'{"', name.encode(), b'":[', rows.encode(), b"]", comma, tail)))
