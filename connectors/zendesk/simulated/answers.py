"""Answers and the platform's several error bodies."""

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
        return Answer(orjson.dumps(value), status, headers or {})

    @staticmethod
    def rows(name: str, rows: str, rest: dict[str, Any]) -> Answer:
        """`{"<name>": [rows], …rest}` around rows that are JSON text already."""
        tail = orjson.dumps(rest)[1:]
        comma = b"," if rest else b""
        return Answer(b"".join((b'{"', name.encode(), b'":[', rows.encode(), b"]", comma, tail)))


def plain_error(word: str, text: str) -> dict[str, Any]:
    return {"error": word, "description": text}


NOT_FOUND = (plain_error("RecordNotFound", "Not found"), 404)
NO_ENDPOINT = (plain_error("InvalidEndpoint", "Not found"), 404)
UNKNOWN_CALLER = ({"error": "Couldn't authenticate you"}, 401)
BAD_TOKEN = ({"error": "invalid_token", "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons."}, 401)  # fmt: skip  # noqa: E501
FORBIDDEN = (
    {
        "error": {
            "title": "Forbidden",
            "message": "You do not have access to this page. Please contact the account owner.",
        }
    },
    403,
)
TOO_RECENT = (
    plain_error("StartTimeTooRecent", "Too recent start_time. Use a start_time older than 60 seconds"),
    400,
)
BAD_CURSOR = (plain_error("InvalidCursor", "Invalid cursor"), 400)
TOO_DEEP = (plain_error("InvalidPaginationDepth", "Number of records returned exceeds 10000"), 400)


def invalid(name: str) -> tuple[dict[str, Any], int]:
    return {
        "error": {
            "title": "Invalid attribute",
            "message": f"You passed an invalid value for the {name} attribute.",
        }
    }, 400
