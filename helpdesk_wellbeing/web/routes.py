"""Every part of the pages; each adds its routes with `add_to(pages, site)`."""

from __future__ import annotations

from helpdesk_wellbeing.web import audit, choosing, esat, flag, me, proposal, sign_in, teams, today

PARTS = (sign_in, choosing, today, flag, proposal, teams, esat, me, audit)
