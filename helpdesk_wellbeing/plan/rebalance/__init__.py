"""Which tickets should go from whom to whom, why, what the loads become, and why the others stay."""

from helpdesk_wellbeing.plan.rebalance.answer import LOADS, STAYED, VERDICTS, Move, Plan, Why
from helpdesk_wellbeing.plan.rebalance.explain import explain
from helpdesk_wellbeing.plan.rebalance.planner import rebalance
from helpdesk_wellbeing.plan.rebalance.question import AGENTS, TICKETS, Question, Settings

__all__ = [
    "AGENTS",
    "LOADS",
    "STAYED",
    "TICKETS",
    "VERDICTS",
    "Move",
    "Plan",
    "Question",
    "Settings",
    "Why",
    "explain",
    "rebalance",
]
