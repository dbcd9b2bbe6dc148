"""A Freshdesk account on a loopback port, for demos, trying rules, and tests."""

from __future__ import annotations

from .faults import Faults
from .options import Account, Options
from .record import Write
from .server import SimulatedFreshdesk
from .site import Site

__all__ = ["Account", "Faults", "Options", "SimulatedFreshdesk", "Site", "Write"]
