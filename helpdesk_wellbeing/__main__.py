"""`python -m helpdesk_wellbeing`."""

from helpdesk_wellbeing.cli import main

main()
