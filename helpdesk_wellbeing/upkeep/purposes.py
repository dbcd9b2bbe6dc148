"""What data may be used for: a closed list. Whatever leaves the installation is for one of them, and says so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from helpdesk_wellbeing.errors import ConfigError


class Purpose(StrEnum):
    """Why personal data is used. Appraisal, pay and discipline are none of these."""

    WORKING_TIME = "working_time"
    WORKLOAD = "workload"
    SURVEY = "team_survey"
    AUDIT = "security_audit"
    LEGAL = "legal_duty"


# What each part of an export, and each call of the JSON API, is for; LEGAL (a person asks what is held) opens all.
OF_PART: Mapping[str, Purpose] = {
    "events": Purpose.WORKING_TIME,
    "facts": Purpose.WORKING_TIME,
    "flags": Purpose.WORKING_TIME,
    "proposals": Purpose.WORKLOAD,
    "surveys": Purpose.SURVEY,
    "settings": Purpose.WORKLOAD,
    "audit": Purpose.AUDIT,
}


def stated(code: str | None, part: str) -> Purpose:
    """The purpose that was stated for a part of the data, or its own where none was.

    Raises ConfigError for what is no purpose, and for one that the part is not kept for.
    """
    own = OF_PART[part]
    if code is None:
        return own
    known = [purpose.value for purpose in Purpose]
    if code not in known:
        raise ConfigError(f"purpose: {code!r} is none; there are {', '.join(known)}")
    if code not in allowed(part):
        raise ConfigError(f"purpose: {part} are kept for {own.value}, not for {code}; nothing was given out")
    return Purpose(code)


def allowed(part: str) -> Collection[Purpose]:
    """What a part of the data may be given out for."""
    own = OF_PART[part]
    extra = (Purpose.WORKLOAD,) if part in ("events", "facts", "flags") else ()
    return (own, *extra, Purpose.LEGAL)
