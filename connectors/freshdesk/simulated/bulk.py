"""A large plain account for measurements."""

from __future__ import annotations

from connectors.simulating.bulk import bulk_events

from .options import Options
from .site import Site


def bulk_site(tickets: int, saves: int = 5, seed: int = 1, options: Options | None = None) -> Site:
    """A large account; without `options`, one without rate limits."""
    return Site(bulk_events(tickets, saves, seed=seed), options=options or Options(unlimited=True))
