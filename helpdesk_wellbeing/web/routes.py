"""Every part of the pages; each adds its routes with `add_to(pages, site)`, to the set-up with `add_to_setup`."""

from __future__ import annotations

from helpdesk_wellbeing.web import (
    audit,
    break_glass,
    choosing,
    connect,
    esat,
    flag,
    me,
    proposal,
    setup_begin,
    sign_in,
    teams,
    today,
)  # fmt: skip
from helpdesk_wellbeing.web.settings import (
    acting,
    agreement,
    backtest,
    entering,
    helpdesk,
    hours,
    keeping,
    leaving,
    notices,
    overview,
    people,
    requests,
    telling,
)

SETTINGS = (
    overview, hours, people, agreement, backtest, acting, helpdesk, entering, notices, keeping, telling, requests,
    leaving,
)  # fmt: skip
PARTS = (sign_in, break_glass, choosing, today, flag, proposal, teams, esat, me, audit, *SETTINGS)
SETUP_PARTS = (setup_begin, connect, choosing, leaving)
