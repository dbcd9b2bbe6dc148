"""`python -m connectors.zendesk.simulated`: a simulated Zendesk until Ctrl-C.

Prints the base URL on stdout; the credentials that were made for this run go to stderr.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from .bulk import bulk_site
from .faults import Faults
from .options import WRITE_SCOPES
from .server import SimulatedZendesk
from .site import Site


def _site(arguments: argparse.Namespace) -> Site:
    if arguments.bulk_tickets:
        return bulk_site(arguments.bulk_tickets, arguments.bulk_saves, arguments.seed)
    from helpdesk_wellbeing.demo import simulate

    site = Site.from_world(simulate(arguments.seed, end=_last_day(arguments)))
    limits = {"unlimited": arguments.unlimited, "minute": arguments.minute}
    options = replace(site.options, allowed_scopes=WRITE_SCOPES, **limits)
    return replace(site, options=options)


def _write_files(arguments: argparse.Namespace) -> None:
    from helpdesk_wellbeing.demo import simulate, write_files

    arguments.files.mkdir(parents=True, exist_ok=True)
    write_files(simulate(arguments.seed, end=_last_day(arguments)), arguments.files)


def _last_day(arguments: argparse.Namespace) -> date:
    return arguments.end or datetime.now(UTC).date() - timedelta(days=1)


def main(argv: list[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m connectors.zendesk.simulated", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--end", type=date.fromisoformat, help="last simulated date (default: yesterday)")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--minute", type=float, default=60.0, help="real seconds in a minute of the rate limits")
    parser.add_argument("--unlimited", action="store_true", help="no rate limits")
    parser.add_argument("--hostile", action="store_true", help="with every fault that can be overcome")
    parser.add_argument("--bulk-tickets", type=int, default=0, help="a plain large account instead of the team")
    parser.add_argument("--bulk-saves", type=int, default=5, help="saves per ticket of the large account")
    parser.add_argument("--files", type=Path, help="a folder for people.csv, groups.csv … of the team")
    arguments = parser.parse_args(argv)
    faults = Faults.hostile_to_writes(arguments.seed) if arguments.hostile else None
    if arguments.files:
        _write_files(arguments)
    front = SimulatedZendesk(_site(arguments), arguments.port, faults=faults)
    front.start(prepare=bool(arguments.bulk_tickets))
    print(front.base_url, flush=True)
    print(f"client id {front.client_id}, client secret {front.client_secret}", file=sys.stderr, flush=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        front.stop()


if __name__ == "__main__":
    main()
