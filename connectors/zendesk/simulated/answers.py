"""Answers and the platform's several error bodies."""

from __future__ import annotations

from typing import Any

from connectors.simulating.answers import Answer

__all__ = ["Answer"]


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
