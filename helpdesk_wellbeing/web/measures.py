"""The values of signals in words: what each number is called, and its unit."""

from __future__ import annotations

from flask_babel import format_decimal, format_percent

from helpdesk_wellbeing.web.texts import by_language
from helpdesk_wellbeing.web.texts import gettext as _

_PERCENT = frozenset(["share", "rate", "p0", "wilson_low", "wilson_high", "shrunk"])
_CHANCES = frozenset(["p", "p_adjusted"])
LEAST_CHANCE = 0.001


def name_of(value: str) -> str:
    """What a value is called; its own name where nobody has given it another (an admin's own signal)."""
    return _names().get(value, (value.replace("_", " "), ""))[0]


def axis_of(value: str) -> str:
    """The same with its unit, for an axis."""
    name, unit = _names().get(value, (value.replace("_", " "), ""))
    return f"{name} ({unit})" if unit else name


def amount(name: str, number: float | None) -> str:
    """A value as the reader writes it, with its unit; missing is said."""
    if number is None:
        return _("not known")
    if name in _PERCENT:
        return str(format_percent(number, "0.0%"))
    if name in _CHANCES and number < LEAST_CHANCE:
        return _("less than %(number)s", number=format_decimal(LEAST_CHANCE))
    unit = _names().get(name, ("", ""))[1]
    return f"{format_decimal(round(number, 2))} {unit}".rstrip()


@by_language
def _names() -> dict[str, tuple[str, str]]:
    hours, tickets = _("h"), _("normal tickets")
    return {
        "active_h": (_("active hours"), hours), "span_h": (_("from first to last"), hours),
        "limit_h": (_("limit"), hours),
        "warn_h": (_("flagged from"), hours),
        "week_h": (_("active hours in the week"), hours),
        "average_h": (_("average week"), hours), "weeks": (_("weeks of the average"), ""),
        "rest_h": (_("rest"), hours), "required_h": (_("needed rest"), hours),
        "longest_rest_7d_h": (_("longest rest in 7 days"), hours),
        "rest_14d_h": (_("rest in 14 days, in long parts"), hours),
        "missed_of_5": (_("shifts without the needed break, of the last 5"),
        ""),
        "needed_min": (_("needed break"), _("min")),
        "breaks_min": (_("pauses of 15 minutes or more"), _("min")),
        "after_hours_h_per_week": (_("outside own hours, a week"), hours),
        "after_hours_h": (_("outside own hours"), hours),
        "share": (_("share of the time worked"), ""), "days_of_10": (_("days with work outside own hours, of 10"), ""),
        "leave_days": (_("leave days with work"), ""), "nights_16w": (_("late nights in 16 weeks"), ""),
        "series": (_("longest series of nights"), ""), "longest_night_h": (_("longest night shift"), hours),
        "night_h": (_("hours between midnight and six"), hours),
        "open_weight": (_("open work"), tickets), "fair_share": (_("share of what is fair"), "%"),
        "median_weight": (_("usual open work"), tickets),
        "z": (_("distance from the usual, in scaled deviations"), ""), "days_of_work": (_("days of work"), ""),
        "cusum": (_("rise added up"), ""), "touched_weight": (_("work touched"), tickets),
        "max_ratio": (_("highest share, 1 is fair"), ""), "min_ratio": (_("lowest share, 1 is fair"), ""),
        "slope_per_day": (_("growth a day"), _("tickets")), "p": (_("chance that this is chance"), ""),
        "ratio": (_("times what is usual or expected"), ""), "days_to_clear": (_("days to clear"), ""),
        "hard": (_("hard tickets"), ""), "expected": (_("expected by the hours"), ""),
        "p_adjusted": (_("chance that this is chance"), ""), "x": (_("tickets that became hard"), ""),
        "n": (_("tickets with activity"), ""), "rate": (_("share that became hard"), ""),
        "p0": (_("share in comparable queues"), ""), "wilson_low": (_("share, at least"), ""),
        "wilson_high": (_("share, at most"), ""), "shrunk": (_("share, careful with few tickets"), ""),
    }  # fmt: skip
