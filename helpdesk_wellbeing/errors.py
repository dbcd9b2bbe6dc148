"""What can go wrong, named by what the caller should do about it.

Every message says who, what, where and the next step, in one line that can be read aloud; no secret, no ticket
text, no customer name, URLs without their query.
"""

from __future__ import annotations


class WellbeingError(Exception):
    """Everything we raise on purpose. The command line prints it as one line and exits with 2."""


class ConfigError(WellbeingError):
    """A setting, rule, mapping or file must be mended before anything runs."""


class NothingToPull(ConfigError):
    """The account's events come by other ways."""


class StoreError(WellbeingError):
    """The database cannot be used: busy, read-only, full, damaged or of another version."""


class NothingStored(StoreError):
    """There is no database yet, or it has no tables."""


class StoreBusy(StoreError):
    """Another process holds the account's write lease; the message names the holder."""

    holder: str = "another process"


class DatabaseIsNewer(StoreError):
    """A newer version of the program made tables that this one does not understand; nothing helps but updating it."""


class PlatformError(WellbeingError):
    """The helpdesk platform did not do what we asked."""


class RetryLater(PlatformError):
    """It may work in a while; `after` says when, in seconds, if the platform told us."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class Refused(PlatformError):
    """It won't work by asking again. 401 and 403 say that the credentials must be mended first."""

    status: int | None = None  # what the platform answered, where that is what was refused


class BadPayload(WellbeingError):
    """What came in does not fit what was agreed on."""


class CannotDecide(WellbeingError):
    """A proposal cannot be accepted, declined, snoozed or undone as it stands; the message says why."""


class HasChanged(CannotDecide):
    """What a person decides about says something else than what they looked at."""


class NotLetIn(Refused):
    """The platform does not accept our credentials (any more); nothing goes until they are mended."""


def in_a_line(trouble: Exception, what: str) -> str:
    """Our own errors can be read aloud; what others' say may hold anything, so only their place is named."""
    if isinstance(trouble, WellbeingError):
        return str(trouble)
    at = trouble.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f" in {at.tb_frame.f_code.co_name}, line {at.tb_lineno}" if at is not None else ""
    return f"{what}: {type(trouble).__name__}{where}; a defect of this program, please report it"
