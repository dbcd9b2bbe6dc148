"""Flags, rules and what is said of them in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from flask_babel import format_date, format_datetime

from helpdesk_wellbeing.pages.counterfactual import Change, Threshold
from helpdesk_wellbeing.pages.flag import FlagPage, Measured
from helpdesk_wellbeing.pages.series import OverTime
from helpdesk_wellbeing.rules.model import Rule
from helpdesk_wellbeing.web import words
from helpdesk_wellbeing.web.measures import amount, here, name_of
from helpdesk_wellbeing.web.texts import gettext as _

_COUNTED = frozenset(["open_weight", "touched_weight", "hard"])


def said(page: FlagPage) -> str:
    """The sentence of a flag."""
    return told(page.said, page.name, is_own=page.is_own)


def told(sentence: Mapping[str, str], name: str, *, is_own: bool) -> str:
    """The sentence of a flag about somebody or a team; to oneself without the own name."""
    return words.without_name(sentence, name) if is_own else str(words.in_words(sentence))


def of_rule(text: str) -> str:
    """A text of a rule file: translated where the rule ships with the product, else as its author wrote it."""
    return str(_(text))


def rule_title(rule: Rule) -> str:
    """What a rule is called."""
    return title(rule.id, rule.title)


def title(id: str, told: str) -> str:
    """The same of a rule's id and title."""
    return words.rule(id, of_rule(told))


def measured(one: Measured) -> str:
    """A number with what is known of it."""
    number = amount(one.name, one.value)
    if one.value is None or one.is_limit:
        return number
    if one.bound == "at least":
        return _("at least %(number)s", number=number)
    if one.bound == "about":
        return _("about %(number)s", number=number)
    return _("at most %(number)s", number=number) if one.bound == "at most" else number


def place(word: str) -> str:
    """Where a value stands against its limit."""
    return {
        "beyond": _("beyond the limit"), "at": _("at the limit"), "near": _("near the limit"),
        "below": _("below the limit"), "too short": _("shorter than needed"),
    }.get(word, word)  # fmt: skip


def threshold(one: Threshold, signal: str) -> str:
    """From where on something is flagged: all of this together."""
    return here().alternative(one.way, signal)


def bound_explained(page: FlagPage) -> str | None:
    """Why it is a bound."""
    bounds = {one.bound for one in page.measured if not one.is_limit}
    if "about" in bounds:
        return _(
            "Gaps of up to half an hour count as work, though some may have been pauses, and work that leaves no trace"
            " in the helpdesk is missing. So the real time may have been shorter or longer."
        )
    if "at least" in bounds:
        return _(
            "Only work that leaves a trace in the helpdesk is seen. The real time may have been longer, not shorter."
        )
    if "at most" in bounds:
        return _(
            "Only work that leaves a trace in the helpdesk is seen. The real rest may have been shorter, not longer."
        )
    return None


def grade(word: str) -> str:
    """How sure it is who did what."""
    if word == "A":
        return _("Sure: the helpdesk says who did each of the changes counted here.")
    return _("Less sure: for some of the changes the helpdesk does not say who made them or exactly when.")


def change(one: Change) -> str:
    """What one value would have had to be."""
    bound = amount(one.value, one.bound)
    return {
        "below": _("%(what)s had been below %(bound)s", what=name_of(one.value), bound=bound),
        "at_most": _("%(what)s had been %(bound)s or less", what=name_of(one.value), bound=bound),
        "above": _("%(what)s had been above %(bound)s", what=name_of(one.value), bound=bound),
        "at_least": _("%(what)s had been %(bound)s or more", what=name_of(one.value), bound=bound),
    }[one.operator]


def reason(word: str) -> str:
    """Why a flag is wrong: the closed list."""
    return {
        "automation": _("A machine did this, or a bulk change"),
        "not me": _("Somebody else did this"),
        "on-call swap": _("On-call duty was swapped"),
        "agreed overtime": _("This overtime was agreed"),
        "other": _("Another reason"),
    }.get(word, word)


def gap(word: str) -> str:
    """Why something could not be assessed."""
    return {
        "no events in window": _("nothing was seen in this time"),
        "no schedule": _("no schedule is known"),
        "no zone": _("no time zone is known"),
        "too few days": _("too few days with work"),
        "too few events": _("too little was seen"),
        "too few tickets": _("too few tickets"),
        "too few comparisons": _("too few others to compare with"),
        "no baseline": _("what is usual is not known yet"),
        "no input on this platform": _("the helpdesk does not tell this"),
        "shared or automated": _("a shared or automated account"),
        "identity review": _("it must be looked at first whether this is one person"),
        "projection": _("only a projection"),
        "excluded": _("left out on request"),
        "no limit in preset": _("the law sets no limit"),
        "not available": _("not available"),
    }.get(word, word)


def action(word: str) -> str:
    """What may be proposed."""
    return {
        "rebalance": _("spread open tickets"),
        "esat_wave": _("ask the team how it goes"),
        "pause_intake": _("pause new tickets"),
        "protect_break": _("protect the break"),
        "recovery_slot": _("give time to recover"),
        "no_new_escalations": _("no new hard tickets for a while"),
        "check_in": _("a talk"),
        "staffing_note": _("look at the staffing"),
    }.get(word, word)


def state(word: str) -> str:
    """What became of a proposal."""
    text = words.state(word)
    return text[:1].lower() + text[1:]


def signal(word: str) -> str:
    """What a signal is about."""
    return {
        "WT1": _("long days"), "WT2": _("long weeks"), "WT3": _("average week"), "WT4": _("rest between shifts"),
        "WT5": _("weekly rest"), "WT6": _("breaks"), "WT7": _("work outside own hours"), "WT8": _("night work"),
        "LD1": _("open work"), "LD3": _("more work than usual"), "LD4": _("spread of work in the team"),
        "LD6": _("growing queue"), "ES1": _("hard tickets in a queue"), "ES2": _("hard tickets handled"),
    }.get(word, word)  # fmt: skip


def evidence(word: str) -> str:
    """What kind of measurement a flag rests on."""
    return {
        "length of shifts": _("length of shifts"), "hours of a week": _("hours of a week"),
        "average hours over weeks": _("average hours over weeks"),
        "time between two shifts": _("time between two shifts"),
        "longest free time in a week": _("longest free time in a week"),
        "breaks within shifts": _("breaks within shifts"),
        "hours outside the own schedule, by week": _("hours outside the own schedule, by week"),
        "night shifts": _("night shifts"), "open work against the own usual": _("open work against the own usual"),
        "work touched a day against the own usual": _("work touched a day against the own usual"),
        "hard tickets against the team's hours": _("hard tickets against the team's hours"),
    }.get(word, word)  # fmt: skip


def past_caption(past: OverTime) -> str:
    """What a chart of somebody's own past shows, in a sentence."""
    if past.measure in _COUNTED:
        return _("As counted in the helpdesk. Only your own weeks are shown, nobody else's.")
    if past.measure == "longest_rest_7d_h":
        return _(
            "For each shift: the longest rest that ended within the seven days up to the end of that shift, at most. A"
            " dash: less than seven days are known. Only your own shifts are shown, nobody else's."
        )
    if past.side == "below":
        return _("What is seen is the most it can have been. Only your own weeks are shown, nobody else's.")
    return _(
        "Short gaps between two traces count as work, longer ones do not. Only your own weeks are shown, nobody else's."
    )


def day(value: date) -> str:
    """A date."""
    return str(format_date(value, "d MMM y"))


def stretch(start: datetime, end: datetime, *, exact: bool) -> str:
    """From when to when; in days for who does not see the timeline."""
    if exact:
        return f"{format_datetime(start, 'd MMM y HH:mm')} – {format_datetime(end, 'd MMM y HH:mm')}"
    first, last = day(start.date()), day(end.date())
    return first if first == last else f"{first} – {last}"
