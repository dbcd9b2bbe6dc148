"""Signals turn facts into values; every signal is one file, listed in `catalogue.py`."""
