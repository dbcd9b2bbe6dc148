"""A simulated support team, with planted problems and planted innocents, for demos, rule trials and tests."""

from helpdesk_wellbeing.demo.files import write_files
from helpdesk_wellbeing.demo.simulation import simulate
from helpdesk_wellbeing.demo.world import Companion, Innocent, Planted, Roster, Verdict, World, judge

__all__ = [
    "Companion",
    "Innocent",
    "Planted",
    "Roster",
    "Verdict",
    "World",
    "judge",
    "simulate",
    "write_files",
]
