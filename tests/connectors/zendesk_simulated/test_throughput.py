"""How fast pages come, reported and not judged: the figures depend on what else the machine does."""

from __future__ import annotations

import time

import requests

from connectors.zendesk.simulated import SimulatedZendesk
from connectors.zendesk.simulated.bulk import bulk_site

TICKETS = 10_000


def test_pages_of_a_large_account_are_served_whole(record_property, capsys):
    with SimulatedZendesk(bulk_site(TICKETS, saves=4)).start(prepare=True) as front:
        body = {"grant_type": "client_credentials", "client_id": front.client_id,
                "client_secret": front.client_secret, "scope": "read"}  # fmt: skip
        token = requests.post(f"{front.base_url}/oauth/tokens", json=body, timeout=5).json()["access_token"]
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        for path, rows in (("tickets/cursor", TICKETS), ("ticket_events", 4 * TICKETS)):
            url = f"{front.base_url}/api/v2/incremental/{path}.json?start_time=0"
            began, pages, size = time.perf_counter(), 0, 0
            while True:
                page = session.get(url, timeout=30).content
                pages, size = pages + 1, size + len(page)
                if b'"end_of_stream":true' in page[-400:]:
                    break
                tail = page[-400:]
                name = b'"next_page":"' if b'"next_page":"' in tail else b'"after_url":"'
                url = tail.split(name)[1].split(b'"')[0].decode()
            rate = rows / (time.perf_counter() - began)
            record_property(path, round(rate))
            with capsys.disabled():
                print(f"\n  {path}: {rate:,.0f} rows/s in {pages} pages of {size // pages // 1024} KiB", end="")
            assert pages >= rows / 1000
