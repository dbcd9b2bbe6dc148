"""Logs from files: CSV and Parquet in the event log format, or in any other that a mapping tells."""

from connectors.eventlog.mapping import Mapping, load_mapping
from connectors.eventlog.read import Log, LogRead, read_log, write_rejects

__all__ = ["Log", "LogRead", "Mapping", "load_mapping", "read_log", "write_rejects"]
