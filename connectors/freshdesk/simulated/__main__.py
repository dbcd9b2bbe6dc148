"""`python -m connectors.freshdesk.simulated`: a simulated Freshdesk until Ctrl-C.

Prints the base URL on stdout; the API key that was made for this run goes to stderr.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .bulk import bulk_site
from .faults import Faults
from .options import PLANS, Options
from .server import SimulatedFreshdesk
from .site import Site

if TYPE_CHECKING:
    from helpdesk_wellbeing.demo.world import World


def _world(arguments: argparse.Namespace) -> World:
    from helpdesk_wellbeing.demo import simulate

    return simulate(arguments.seed, end=arguments.end or datetime.now(UTC).date() - timedelta(days=1))


def _site(arguments: argparse.Namespace) -> Site:
    options = Options(
        plan=arguments.plan, unlimited=arguments.unlimited, minute=arguments.minute,
        time_entries=arguments.time_entries,
    )  # fmt: skip
    if arguments.bulk_tickets:
        return bulk_site(arguments.bulk_tickets, arguments.bulk_saves, arguments.seed, options)
    site = Site.from_world(_world(arguments))
    return replace(site, options=replace(options, time_zone=site.options.time_zone))


def _write_files(arguments: argparse.Namespace) -> None:
    from helpdesk_wellbeing.demo import write_files

    arguments.files.mkdir(parents=True, exist_ok=True)
    write_files(_world(arguments), arguments.files)


def main(argv: list[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m connectors.freshdesk.simulated", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--end", type=date.fromisoformat, help="last simulated date (default: yesterday)")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--plan", choices=list(PLANS), default="growth")
    parser.add_argument("--minute", type=float, default=60.0, help="real seconds in a minute of the rate limits")
    parser.add_argument("--unlimited", action="store_true", help="no rate limits")
    parser.add_argument("--time-entries", action="store_true", help="agents book time")
    parser.add_argument("--hostile", action="store_true", help="with every fault that can be overcome")
    parser.add_argument("--bulk-tickets", type=int, default=0, help="a plain large account instead of the team")
    parser.add_argument("--bulk-saves", type=int, default=5, help="saves per ticket of the large account")
    parser.add_argument("--files", type=Path, help="a folder for people.csv, groups.csv … of the team")
    arguments = parser.parse_args(argv)
    faults = Faults.hostile_to_writes(arguments.seed) if arguments.hostile else None
    if arguments.files:
        _write_files(arguments)
    front = SimulatedFreshdesk(_site(arguments), arguments.port, faults=faults).start()
    print(front.base_url, flush=True)
    print(f"API key {front.api_key}", file=sys.stderr, flush=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        front.stop()


if __name__ == "__main__":
    main()
