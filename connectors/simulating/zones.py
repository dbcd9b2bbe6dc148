"""Zones under the display names of Rails, which helpdesks use, for where simulated teams live."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

RAILS = {
    "UTC": "UTC",
    "Europe/London": "London",
    "Europe/Dublin": "Dublin",
    "Europe/Lisbon": "Lisbon",
    "Europe/Copenhagen": "Copenhagen",
    "Europe/Berlin": "Berlin",
    "Europe/Paris": "Paris",
    "Europe/Madrid": "Madrid",
    "Europe/Amsterdam": "Amsterdam",
    "Europe/Rome": "Rome",
    "Europe/Stockholm": "Stockholm",
    "Europe/Vienna": "Vienna",
    "Europe/Brussels": "Brussels",
    "Europe/Prague": "Prague",
    "Europe/Warsaw": "Warsaw",
    "Europe/Helsinki": "Helsinki",
    "Europe/Athens": "Athens",
    "Europe/Istanbul": "Istanbul",
    "America/New_York": "Eastern Time (US & Canada)",
    "America/Chicago": "Central Time (US & Canada)",
    "America/Denver": "Mountain Time (US & Canada)",
    "America/Phoenix": "Arizona",
    "America/Los_Angeles": "Pacific Time (US & Canada)",
    "America/Halifax": "Atlantic Time (Canada)",
    "America/Sao_Paulo": "Brasilia",
    "America/Argentina/Buenos_Aires": "Buenos Aires",
    "America/Bogota": "Bogota",
    "America/Mexico_City": "Mexico City",
    "Africa/Johannesburg": "Pretoria",
    "Africa/Cairo": "Cairo",
    "Africa/Nairobi": "Nairobi",
    "Asia/Kolkata": "Mumbai",
    "Asia/Dubai": "Abu Dhabi",
    "Asia/Karachi": "Karachi",
    "Asia/Manila": "Singapore",
    "Asia/Singapore": "Singapore",
    "Asia/Tokyo": "Tokyo",
    "Asia/Seoul": "Seoul",
    "Asia/Shanghai": "Beijing",
    "Asia/Hong_Kong": "Hong Kong",
    "Australia/Sydney": "Sydney",
    "Australia/Perth": "Perth",
    "Pacific/Auckland": "Auckland",
}


def rails_name(zone: str) -> str:
    """The display name of an IANA zone; zones without one keep their own name, as live accounts do."""
    return RAILS.get(zone, zone)


def listed(at: datetime) -> list[dict[str, object]]:
    """The answer of `time_zones`; offsets are minutes at `at`."""
    result: list[dict[str, object]] = []
    for zone, name in sorted(RAILS.items(), key=lambda pair: pair[1]):
        offset = at.astimezone(ZoneInfo(zone)).utcoffset()
        minutes = int(offset.total_seconds() // 60) if offset else 0
        sign = "-" if minutes < 0 else "+"
        formatted = f"GMT {sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
        result.append({"name": name, "translated_name": name, "offset": minutes, "formatted_offset": formatted})
    return result
