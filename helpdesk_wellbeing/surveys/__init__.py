"""Asking teams how it is going, so that nobody can find out what one person said. Knows no platform."""
