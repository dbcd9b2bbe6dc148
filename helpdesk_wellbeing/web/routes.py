"""Every part of the pages; each adds its routes with `add_to(pages, site)`, to the set-up with `add_to_setup`."""

from __future__ import annotations

from helpdesk_wellbeing.web import break_glass, choosing, setup_begin, sign_in

PARTS = (sign_in, break_glass, choosing)
SETUP_PARTS = (setup_begin,)
