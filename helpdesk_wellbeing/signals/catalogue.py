"""All signals, by the id of the catalogue."""

from __future__ import annotations

from helpdesk_wellbeing.signals import es1, es2, ld1, ld3, ld4, ld6, wt1, wt2, wt3, wt4, wt5, wt6, wt7, wt8
from helpdesk_wellbeing.signals.base import Signal

SIGNALS: dict[str, Signal] = {
    module.SIGNAL.id: module.SIGNAL for module in (wt1, wt2, wt3, wt4, wt5, wt6, wt7, wt8, ld1, ld3, ld4, ld6, es1, es2)
}
