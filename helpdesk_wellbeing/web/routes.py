"""Every part of the pages; each adds its routes with `add_to(pages, site)`."""

from __future__ import annotations

from helpdesk_wellbeing.web import choosing, sign_in

PARTS = (sign_in, choosing)
