"""The peer tap-freshdesk: one sync at each poll. Runs in the peers' environment, which has nothing of ours.

The first line of stdin is {"base_url", "api_key", "start_date"}; every further line asks for a poll. Each is answered
on stdout by {"said": [ids of conversations]}, with "failed" where the tap gave up. On its way come lines with {"sleep":
seconds}: the time is not ours, so whoever reads lets it pass and answers with a line.
"""

import io
import json
import logging
import sys
import time

import singer
from singer.catalog import Catalog
from tap_freshdesk import client as clients
from tap_freshdesk.discover import discover
from tap_freshdesk.streams import abstracts
from tap_freshdesk.sync import sync

STREAMS = ("tickets", "conversations")
ANSWERS = sys.stdout
sys.stdout = io.StringIO()  # what the tap says in singer's format is not read; `tell` has its own way
said: list[int] = []


def tell(answer: dict[str, object]) -> None:
    """One line to whoever asked."""
    ANSWERS.write(json.dumps(answer) + "\n")
    ANSWERS.flush()


def sleep(seconds: float) -> None:
    """Let time pass there."""
    tell({"sleep": seconds})
    sys.stdin.readline()


def keep(stream: str, record: dict[str, object], **_: object) -> None:
    """What the tap would write."""
    if stream == "conversations":
        said.append(int(str(record["id"])))


def chosen() -> Catalog:
    """The catalog with the streams that the comparison is about; the tap wants the others to be there, too."""
    catalog = discover()
    for entry in catalog.streams:
        for place in entry.metadata:
            place["metadata"]["selected"] = entry.tap_stream_id in STREAMS
    return catalog


def main() -> None:
    """Poll until stdin ends."""
    given = json.loads(sys.stdin.readline())
    time.sleep = sleep  # type: ignore[assignment]
    abstracts.write_record = keep
    logging.disable(logging.CRITICAL)
    config = {"api_key": given["api_key"], "domain": "acme", "start_date": given["start_date"], "user_agent": "bench"}
    client = clients.Client(config)
    client.base_url = given["base_url"] + "/api/v2"
    state: dict[str, object] = {}
    while sys.stdin.readline():
        said.clear()
        answer: dict[str, object] = {"said": said}
        try:
            sync(client, config, chosen(), state)
        except Exception as trouble:  # the next poll goes on from its state
            singer.set_currently_syncing(state, None)
            answer["failed"] = str(trouble)
        tell(answer)


main()
