"""Opening hours as our files write them, as minutes of a week."""

from __future__ import annotations

import re

DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


def intervals(schedule: str) -> list[dict[str, int]]:
    """Hours like "Mon-Fri 09:00-17:30" as minutes since Sunday 00:00, cut at midnight."""
    result: list[dict[str, int]] = []
    pattern = re.compile(r"\s*(\w{3})(?:-(\w{3}))?\s+(\d\d):(\d\d)-(\d\d):(\d\d)\s*$")
    for part in filter(None, (p.strip() for p in schedule.split(";"))):
        match = pattern.match(part)
        if match is None:
            raise ValueError(f"schedule {part!r} is not of the form 'Mon-Fri 09:00-17:30'")
        first, last = DAYS.index(match[1].title()), DAYS.index((match[2] or match[1]).title())
        begin, end = int(match[3]) * 60 + int(match[4]), int(match[5]) * 60 + int(match[6])
        for step in range((last - first) % 7 + 1):
            day = (first + step) % 7 * 1440
            if end > begin:
                result.append({"start_time": day + begin, "end_time": day + end})
            else:
                result.append({"start_time": day + begin, "end_time": day + 1440})
                if end:
                    tomorrow = (day + 1440) % 10_080
                    result.append({"start_time": tomorrow, "end_time": tomorrow + end})
    return sorted(result, key=lambda i: i["start_time"])
