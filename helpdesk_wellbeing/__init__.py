"""The thinking: events, facts, signals, rules; the store; the command line."""

__version__ = "0.1.0"
