"""What can be proposed, by name. One file an action; which rule suggests which is data (`Rule.suggests`)."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk_wellbeing.plan.actions import (
    check_in,
    esat_wave,
    no_new_escalations,
    pause_intake,
    protect_break,
    rebalance,
    recovery_slot,
    staffing_note,
)
from helpdesk_wellbeing.plan.actions.base import Way
from helpdesk_wellbeing.plan.proposal import Action

WAYS: Mapping[Action, Way] = {
    "rebalance": rebalance.WAY,
    "esat_wave": esat_wave.WAY,
    "pause_intake": pause_intake.WAY,
    "protect_break": protect_break.WAY,
    "recovery_slot": recovery_slot.WAY,
    "no_new_escalations": no_new_escalations.WAY,
    "check_in": check_in.WAY,
    "staffing_note": staffing_note.WAY,
}
