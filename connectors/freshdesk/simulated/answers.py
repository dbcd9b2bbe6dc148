"""The platform's error bodies, and pages of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from connectors.simulating.answers import Answer

Query = dict[str, list[str]]
USUAL, LARGEST = 30, 100
ELSEWHERE = "http://localhost:9"


class BadRequest(ValueError):
    """What a client asks for can't be; `answer` is what the platform says."""

    def __init__(self, field: str, message: str, code: str = "invalid_value") -> None:
        super().__init__(message)
        self.answer = invalid((field, message, code))


def invalid(*errors: tuple[str, str, str]) -> Answer:
    """A 400; `errors` as (field, message, code)."""
    listed = [{"field": field, "message": message, "code": code} for field, message, code in errors]
    return Answer.of({"description": "Validation failed", "errors": listed}, 400)


def refused(status: int, code: str, message: str) -> Answer:
    """A 401, 403, 405 or 409."""
    return Answer.of({"code": code, "message": message}, status)


def not_found() -> Answer:
    """A 404 has no body."""
    return Answer(b"", 404)


def unknown_caller() -> Answer:
    """A 401."""
    return refused(401, "invalid_credentials", "You have to be logged in to perform this action.")


def denied() -> Answer:
    """A 403 of somebody who may not."""
    return refused(403, "access_denied", "You are not authorized to perform this action.")


def lacking(feature: str) -> Answer:
    """A 403 of an account that has not got it."""
    return refused(403, "require_feature", f"The {feature} feature is not supported in your plan.")


def wrong_method(allowed: str) -> Answer:
    """A 405."""
    return Answer.of({"message": f"Method not allowed. It should be one of these method(s): {allowed}"}, 405,
                     {"Allow": allowed})  # fmt: skip


def whole(query: Query, name: str, otherwise: int, most: int | None = None) -> int:
    """A positive whole number of the query. Raises BadRequest."""
    text = (query.get(name) or [str(otherwise)])[0]
    if not (text.isascii() and text.isdecimal()) or int(text) < 1 or (most is not None and int(text) > most):
        upper = f" and less than or equal to {most}" if most else ""
        raise BadRequest(name, f"It should be a Positive Integer{upper}", "datatype_mismatch")
    return int(text)


def page_of(query: Query, most_pages: int | None = None) -> tuple[int, int, int]:
    """The page that is asked for, and its rows as [low, high). Raises BadRequest."""
    page, size = whole(query, "page", 1), whole(query, "per_page", USUAL, LARGEST)
    if most_pages is not None and page > most_pages:
        raise BadRequest("page", f"You cannot access pages beyond {most_pages}")
    return page, (page - 1) * size, page * size


def link(base: str, path: str, query: Query, page: int) -> dict[str, str]:
    """The header that names the next page."""
    kept = "".join(f"&{quote(k)}={quote(v, safe='')}" for k, vs in query.items() for v in vs if k != "page")
    return {"Link": f'<{base}{path}?page={page}{kept}>; rel="next"'}


def paged(rows: Sequence[Any], base: str, path: str, query: Query, linked: bool = True) -> Answer:
    """One page of a list that is there as a whole."""
    page, low, high = page_of(query)
    headers = link(base, path, query, page + 1) if linked and high < len(rows) else {}
    return Answer.of(list(rows[low:high]), 200, headers)


Handler = Callable[..., Answer]
