"""A simulated support team, with planted problems and planted innocents, for demos, rule trials and tests."""

from helpdesk_wellbeing.demo.changes import Change
from helpdesk_wellbeing.demo.files import write_files
from helpdesk_wellbeing.demo.living import LivingTeam
from helpdesk_wellbeing.demo.simulation import simulate
from helpdesk_wellbeing.demo.world import Companion, Innocent, Planted, Roster, Verdict, World, judge

__all__ = [
    "Change",
    "Companion",
    "Innocent",
    "LivingTeam",
    "Planted",
    "Roster",
    "Verdict",
    "World",
    "judge",
    "simulate",
    "write_files",
]
