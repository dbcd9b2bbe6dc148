"""What rules measure and compare, in words with units, for pages and papers in any language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from babel.numbers import format_decimal, format_percent

from helpdesk_wellbeing.rules.model import Alternative, Comparison, Exit, Operator
from helpdesk_wellbeing.translations import catalogue, translated

_PERCENT = frozenset(["share", "rate", "p0", "wilson_low", "wilson_high", "shrunk"])
_CHANCES = frozenset(["p", "p_adjusted"])
LEAST_CHANCE = 0.001
_Say = Callable[[str], str]


@cache
def saying(language: str) -> Saying:
    """The words of one language; English ones where a catalogue has none."""
    return Saying(language)


class Saying:
    """One language. `signal` is the id of the one whose rule compares: some numbers are several signals' own."""

    def __init__(self, language: str) -> None:
        self.language = language
        say: _Say = lambda text: str(catalogue(language).gettext(text))  # noqa: E731
        self._names, self._facts, self._bounds = _names(say), _facts(say), _bounds(say)

    def of_rule(self, text: str) -> str:
        """A text of a rule's file; as its author wrote it where the rule does not ship with the program."""
        return translated(self.language, text)

    def name_of(self, value: str) -> str:
        """What a value is called; its own name where nobody has given it another (an admin's own signal)."""
        return self._names.get(value, (value.replace("_", " "), ""))[0]

    def axis_of(self, value: str) -> str:
        """The same with its unit, for an axis."""
        name, unit = self._names.get(value, (value.replace("_", " "), ""))
        return f"{name} ({unit})" if unit else name

    def amount(self, name: str, number: float | None) -> str:
        """A value as the reader writes it, with its unit; missing is said."""
        if number is None:
            return self._("not known")
        if name in _PERCENT:
            return str(format_percent(number, "0.0%", locale=self.language))
        if name in _CHANCES and number < LEAST_CHANCE:
            return self._("less than %(number)s", number=self._number(LEAST_CHANCE))
        unit = self._names.get(name, ("", ""))[1]
        return f"{self._number(number)} {unit}".rstrip()

    def level(self, alternatives: Sequence[Alternative], signal: str = "") -> str:
        """From where on a level holds: any of these is enough."""
        return f"; {self._('or')} ".join(self.alternative(one, signal) for one in alternatives)

    def alternative(self, one: Alternative, signal: str = "") -> str:
        """All of these together."""
        return self._times_over(self._all(one.all, signal), one.after)

    def exit(self, end: Exit, signal: str = "") -> str:
        """What ends a flag."""
        text = f"; {self._('or')} ".join(self._all(group, signal) for group in end.any)
        return self._times_over(text, end.after)

    def comparison(self, one: Comparison, signal: str = "") -> str:
        """One value against what it is compared with."""
        if (one.value, one.operator) in self._facts:
            return self._facts[one.value, one.operator]
        if one.value == "fails_7" and signal == "WT5":  # the number that it is made of says more
            operator: Operator = "below" if one.operator in ("at_least", "above") else "at_least"
            return self.against("longest_rest_7d_h", operator, self._bounds["required_h", signal])
        if signal == "WT3" and one.value == "ratio" and not isinstance(one.bound, str):
            share = format_percent(one.bound * one.times, locale=self.language)
            return self.against("average_h", one.operator, self._("%(share)s of %(what)s", share=share,
                                                                  what=self._bounds["limit_h", signal]))  # fmt: skip
        if not isinstance(one.bound, str):
            return self.than(one.value, one.operator, one.bound * one.times)
        bound = self._bounds.get((one.bound, signal)) or self._bounds.get((one.bound, "")) or self.name_of(one.bound)
        if one.times != 1.0:
            share = format_percent(one.times, locale=self.language)
            bound = self._("%(share)s of %(what)s", share=share, what=bound)
        return self.against(one.value, one.operator, bound)

    def than(self, value: str, operator: Operator, bound: float) -> str:
        """A value against a number."""
        is_below, of_hundred = operator in ("below", "at_most"), self._number(bound * 100)
        if value == "p" and is_below:
            return self._("it would come about by chance in fewer than %(number)s of 100 cases", number=of_hundred)
        if value == "p_adjusted" and is_below:
            return self._("of 100 such findings at most %(number)s are expected to be chance", number=of_hundred)
        return self.against(value, operator, self.amount(value, bound))

    def against(self, value: str, operator: Operator, bound: str) -> str:
        """A value against what is said already."""
        what = self.name_of(value)
        return {
            "below": self._("%(what)s: less than %(bound)s", what=what, bound=bound),
            "at_most": self._("%(what)s: %(bound)s or less", what=what, bound=bound),
            "above": self._("%(what)s: more than %(bound)s", what=what, bound=bound),
            "at_least": self._("%(what)s: %(bound)s or more", what=what, bound=bound),
        }[operator]

    def _all(self, together: Sequence[Comparison], signal: str) -> str:
        return f", {self._('and')} ".join(self.comparison(one, signal) for one in together)

    def _times_over(self, text: str, times: int) -> str:
        return text if times == 1 else self._("%(text)s (%(number)s times in a row)", text=text, number=times)

    def _number(self, number: float) -> str:
        return str(format_decimal(round(number, 3 if number < 0.01 else 2), locale=self.language))

    def _(self, text: str, /, **values: object) -> str:
        return translated(self.language, text, **values)


def _names(_: _Say) -> dict[str, tuple[str, str]]:
    """What values are called, and their units."""
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
        "z": (_("how far from the usual (z, in scaled deviations)"), ""), "days_of_work": (_("days of work"), ""),
        "cusum": (_("rise added up"), _("usual deviations")), "touched_weight": (_("work touched"), tickets),
        "max_ratio": (_("highest share, 1 is fair"), ""), "min_ratio": (_("lowest share, 1 is fair"), ""),
        "slope_per_day": (_("growth a day"), _("tickets")), "p": (_("chance that this is chance"), ""),
        "ratio": (_("times what is usual or expected"), ""), "days_to_clear": (_("days to clear"), ""),
        "hard": (_("hard tickets"), ""), "expected": (_("expected by the hours"), ""),
        "p_adjusted": (_("chance that this is chance"), ""), "x": (_("tickets that became hard"), ""),
        "n": (_("tickets with activity"), ""), "hard_in_shift": (_("hard tickets in one shift"), ""),
        "short_rests_7d": (_("rests too short in 7 days"), ""), "rate": (_("share that became hard"), ""),
        "p0": (_("share in comparable queues"), ""), "wilson_low": (_("share, at least"), ""),
        "wilson_high": (_("share, at most"), ""), "shrunk": (_("share, careful with few tickets"), ""),
    }  # fmt: skip


def _facts(_: _Say) -> dict[tuple[str, Operator], str]:
    """Comparisons of what only holds or not."""
    return {
        ("health_only", "below"): _("the law of the country sets such a limit"),
        ("alternative_open", "below"): _("rest in parts, where the law allows it, is not enough either"),
        ("short_today", "below"): _("no rest of the day too short"),
        ("long_unbroken", "at_least"): _("a shift of more than ten hours with less than 15 minutes of pauses"),
        ("leave_day_now", "at_least"): _("work on a day of leave"),
        ("wilson_low", "above"): _("the share that became hard is surely higher than in comparable queues"),
        ("slope_per_day", "above"): _("it grows"),
        ("slope_per_day", "at_most"): _("it does not grow"),
    }  # fmt: skip


def _bounds(_: _Say) -> dict[tuple[str, str], str]:
    """Numbers of countries and contracts that values are compared with, by signal."""
    from helpdesk_wellbeing.signals.presets import presets
    from helpdesk_wellbeing.signals.wt2 import CRITICAL_H, EXIT_SHARE, WARN_SHARE

    def by_country(what: str, *names: str) -> str:
        hours = sorted({getattr(one, name) for one in presets().values() for name in names})
        return _("%(what)s (%(hours)s h, by country)") % {
            "what": what, "hours": f" {_('or')} ".join(f"{one:g}" for one in hours),
        }  # fmt: skip

    def of_contract(share: float) -> str:
        return _("%(share)s%% of the hours of the contract") % {"share": f"{share * 100:.0f}"}

    return {
        ("limit_h", "WT1"): by_country(_("the limit"), "limit_h"),
        ("warn_h", "WT1"): by_country(_("the warning line"), "warn_h"),
        ("limit_h", "WT2"): f"{CRITICAL_H:g} {_('h')}",
        ("warn_h", "WT2"): of_contract(WARN_SHARE),
        ("exit_h", "WT2"): of_contract(EXIT_SHARE),
        ("limit_h", "WT3"): _("the limit of the country"),
        ("required_h", "WT4"): by_country(_("what is needed"), "daily_rest_h", "night_rest_h"),
        ("required_h", "WT5"): by_country(_("what is needed"), "weekly_rest_h"),
        ("limit_h", ""): _("the limit"),
        ("warn_h", ""): _("the warning line"),
        ("required_h", ""): _("what is needed"),
        ("median_weight", ""): _("what is usual"),
    }  # fmt: skip
