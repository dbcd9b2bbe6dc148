"""The log of a running service: one JSON object a line on stderr, with neither persons nor secrets.

An error that nobody foresaw shows its kind and where it happened, never its text: that may quote what was read.
"""

from __future__ import annotations

import logging
import os
import sys
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

ROOMS = ("/helpdesk_wellbeing/", "/connectors/", "/webhooks/")
_CHATTY = ("alembic", "urllib3", "dbos", "gunicorn.access")


def configure(**always: Any) -> None:
    """Send what structlog and the standard library log to stderr; `always` stands on every line.

    The same `account=` and `run=` stand on all lines of one piece of work: see `structlog.contextvars`.
    """

    def add_always(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
        return {**always, **line}  # threads begin with an empty context

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_always,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _say_errors_without_their_text,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def only_trouble() -> None:
    """For programs that a person watches: warnings and errors, in plain lines on stderr."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def place_of(error: BaseException) -> str:
    """File and line of ours where an error happened."""
    return _place(error.__traceback__)


def _place(trace: TracebackType | None) -> str:
    place = "outside"
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename.replace(os.sep, "/")
        for room in ROOMS:
            if room in file:
                place = f"{room[1:]}{file.rpartition(room)[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _say_errors_without_their_text(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    found = line.pop("exc_info", None)
    record = line.get("_record")
    if record is not None:
        found, record.exc_info, record.exc_text = record.exc_info, None, None
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        line["error"], line["place"] = type(error).__name__, place_of(error)
    return line
