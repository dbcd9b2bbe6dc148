"""The program as if it were another version of itself: `as_version.py VERSION COMMAND …`."""

from __future__ import annotations

import sys

import helpdesk_wellbeing

helpdesk_wellbeing.__version__ = sys.argv.pop(1)

from helpdesk_wellbeing.cli import main  # noqa: E402

main()
