"""The peer dlt: two exports merged by id into DuckDB. Runs in the peers' environment, which has nothing of ours.

Reads {"base_url", "token", "folder", "pages"} (at most so many of each export) from stdin, prints {"rows",
"seconds", "peak"} as its last line.
"""

import json
import sys
import time
from pathlib import Path

import dlt
from dlt.sources.helpers import requests

STREAMS = {
    "tickets": "/api/v2/incremental/tickets/cursor",
    "ticket_events": "/api/v2/incremental/ticket_events",
}


def pages(base_url: str, token: str, name: str, most: int, counts: dict[str, int]):  # type: ignore[no-untyped-def]
    """Pages of rows of one export."""
    place: dict[str, object] = {"start_time": 0}
    for _ in range(most):
        answer = requests.get(
            base_url + STREAMS[name],
            params={**place, "per_page": 1000},
            headers={"Authorization": f"Bearer {token}"},
        ).json()
        counts[name] = counts.get(name, 0) + len(answer[name])
        yield answer[name]
        if answer["end_of_stream"]:
            return
        cursor = answer.get("after_cursor")
        place = {"cursor": cursor} if cursor else {"start_time": answer["end_time"]}


def main() -> None:
    """Run one pipeline a stream, so that each has its own time."""
    given = json.load(sys.stdin)
    counts: dict[str, int] = {}
    seconds: dict[str, float] = {}
    database = Path(given["folder"]) / "dlt.duckdb"
    for name in STREAMS:
        pipeline = dlt.pipeline(
            f"bench_{name}", destination=dlt.destinations.duckdb(str(database)), dataset_name="zendesk"
        )
        resource = dlt.resource(
            pages(given["base_url"], given["token"], name, given["pages"], counts),
            name=name,
            primary_key="id",
            write_disposition="merge",
            max_table_nesting=0,
        )
        began = time.perf_counter()
        pipeline.run(resource)
        seconds[name] = time.perf_counter() - began
    status = Path("/proc/self/status").read_text("ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
    print(json.dumps({"rows": counts, "seconds": seconds, "peak": peak}))


main()
