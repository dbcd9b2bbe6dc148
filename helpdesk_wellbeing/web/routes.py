"""Every part of the pages; each adds its routes with `add_to(pages, site)`."""

from __future__ import annotations

from helpdesk_wellbeing.web import audit, choosing, esat, proposal, sign_in, today

PARTS = (sign_in, choosing, today, proposal, esat, audit)
