from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest

from webhooks.freshdesk.proof import HEADER, shows_secret

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def basic(text: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}


@pytest.mark.parametrize(
    ("headers", "secrets", "holds"),
    [
        ({HEADER: "one"}, ("one",), True),
        ({HEADER: "two"}, ("one", "two"), True),
        (basic("anybody:one"), ("one",), True),
        (basic("anybody:one:two"), ("one:two",), True),
        ({HEADER: "three"}, ("one", "two"), False),
        ({HEADER: ""}, ("",), False),
        ({}, (), False),
        ({HEADER: "none"}, (), False),
        (basic("one:"), ("one",), False),
        ({"Authorization": "Bearer one"}, ("one",), False),
        ({"Authorization": "Basic one"}, ("one",), False),
        ({"Authorization": "Basic é"}, ("one",), False),
    ],
)
def test_only_a_secret_of_the_account_opens(headers, secrets, holds):
    assert shows_secret(headers, b"{}", secrets, NOW) is holds
