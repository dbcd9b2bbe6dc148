"""`python -m helpdesk_wellbeing.cli`."""

from helpdesk_wellbeing.cli import main

main()
