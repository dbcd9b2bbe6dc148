"""The letter to agents: what is looked at about them and what is not, on one page, the same text for everybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache

from helpdesk_wellbeing.agreement.model import STATUTORY
from helpdesk_wellbeing.rules.model import Alternative, Rule
from helpdesk_wellbeing.upkeep.documents.running import Running
from helpdesk_wellbeing.upkeep.documents.wording import Wording
from helpdesk_wellbeing.upkeep.retention import Kind

_KEPT = (Kind.EVENTS, Kind.FACTS, Kind.FLAGS, Kind.SURVEYS, Kind.AUDIT)
_NEVER_READ = ("texts", "screens", "moods", "health", "customers", "ranks")
_RIGHTS = ("see", "object", "wrong", "hours", "export", "erase", "surveys")


@dataclass(frozen=True)
class Point:
    """One line of a list; `head` stands before it, `tag` marks it."""

    text: str
    head: str = ""
    tag: str = ""


@dataclass(frozen=True)
class Section:
    """One heading with what stands below it: a paragraph, a list, a last paragraph; each may be missing."""

    title: str
    text: str = ""
    points: tuple[Point, ...] = ()
    end: str = ""


@dataclass(frozen=True)
class Letter:
    """The whole letter, in one language."""

    language: str
    title: str
    opening: str
    sections: tuple[Section, ...]
    made: str


def letter_of(running: Running, say: Wording) -> Letter:
    """The letter as the account is set to now."""
    sections = (
        _source(running, say),
        _looked_at(running, say),
        Section(say("letter never"), points=tuple(Point(say(f"letter never {one}")) for one in _NEVER_READ)),
        _seen(running, say),
        Section(say("letter not for"), say("letter not for text")),
        _kept(running, say),
        Section(say("letter surveys"), say("letter surveys text")),
        Section(
            say("letter rights"), say("letter rights text"),
            tuple(Point(say(f"letter right {one}"), say(f"letter right {one} head")) for one in _RIGHTS),
        ),
        _agreed(running, say),
        _reaching(running, say),
    )  # fmt: skip
    return Letter(
        say.language, say("letter title"), say("letter opening", account=running.account), sections,
        say("letter made", on=say.day(running.at.date())),
    )  # fmt: skip


def as_markdown(letter: Letter) -> str:
    """The letter as one text."""
    parts = [f"# {letter.title}", letter.opening]
    for section in letter.sections:
        parts.append(f"## {section.title}")
        points = "\n".join(_line(point) for point in section.points)
        parts += [part for part in (section.text, points, section.end) if part]
    return "\n\n".join([*parts, f"*{letter.made}*"]) + "\n"


def _line(point: Point) -> str:
    tag = f" ({point.tag})" if point.tag else ""
    head = f"**{point.head}**{tag}: " if point.head else ""
    return f"- {head}{point.text}"


def _source(running: Running, say: Wording) -> Section:
    platform = (running.platform or "").title()
    where = f"{platform} ({running.address})" if platform and running.address else platform or say("file")
    return Section(say("letter source"), say("letter source text", where=where))


def _looked_at(running: Running, say: Wording) -> Section:
    spoken = [rule for rule, about in running.rules if about == "agent" and running.speaks_of(rule)]
    spoken.sort(key=lambda rule: (not rule.signal.startswith("WT"), rule.signal))  # hours first, then load
    if not spoken:
        return Section(say("letter looked at"), say("letter looked at nothing"))
    limits, by_law = _limits(running), say("letter by law")
    points = [
        Point(limit(rule, say, limits), say.of_rule(rule.title), by_law if rule.signal in STATUTORY else "")
        for rule in spoken
    ]
    hints = say("letter no law") if "us_flsa" in running.presets else ""
    return Section(
        say("letter looked at"), say("letter looked at text"), tuple(points), f"{say('letter by law text')} {hints}"
    )  # fmt: skip


def _seen(running: Running, say: Wording) -> Section:
    roles = running.agreement.get("roles", ("agent", "lead", "ops"))
    words = ["you", *(role for role in ("lead", "ops") if role in roles), "others", "admin", "need"]
    points = tuple(Point(say(f"letter seen {one}"), say(f"letter seen {one} head")) for one in words)
    return Section(say("letter seen"), points=points)


def _kept(running: Running, say: Wording) -> Section:
    if running.exempt:
        return Section(say("letter kept"), say("letter kept exempt"))
    points = tuple(
        Point(say("letter for days", days=running.days[kind]), say(f"letter keep {kind.value}")) for kind in _KEPT
    )
    return Section(say("letter kept"), points=points, end=say("letter kept text"))


def _agreed(running: Running, say: Wording) -> Section:
    held = running.agreement
    if not held:
        text = say("letter agreed none" if running.needs_agreement else "letter agreed exempt")
        return Section(say("letter agreed"), text)
    council = held.get("works_council", "not recorded")
    text = say("agreed by", on=say.day(held["agreed_on"]), by=", ".join(held.get("parties", ()))) + "."
    if council != "not recorded":
        text += " " + say("agreed council", decision=say(f"decision {council}")) + "."
    return Section(say("letter agreed"), f"{text} {say('letter agreed text')}")


def _reaching(running: Running, say: Wording) -> Section:
    way = say("letter sign in", address=running.sign_in) if running.sign_in else say("letter sign in unknown")
    ask = say("letter ask", contact=running.contact) if running.contact else say("letter ask nobody")
    return Section(say("letter reaching"), f"{way} {ask}")


# limits in words


def limit(rule: Rule, say: Wording, limits: Mapping[str, str]) -> str:
    """From when on a rule speaks. Where an admin's own rule is built otherwise than ours, its own words and numbers."""
    shipped = _shipped().get(rule.id)
    key = f"limit {rule.id}"
    if shipped is None or key not in say or shipped.title != rule.title or not _fits(say.values_of(key), shipped, rule):
        return f"{say.of_rule(rule.why)} {say('warn')}: {say.level(rule, rule.warn)}."
    numbers = {**limits, **dict(_numbers("", rule.warn)), **dict(_numbers("critical_", rule.critical))}
    comma = say("decimal comma")
    return say(key, **{name: number.replace(".", comma) for name, number in numbers.items()})


def _numbers(prefix: str, alternatives: tuple[Alternative, ...]) -> Iterator[tuple[str, str]]:
    for alternative in alternatives:
        for one in alternative.all:
            if not isinstance(one.bound, str):
                yield f"{prefix}{one.value}", f"{one.bound:g}"
                yield f"{prefix}{one.value}_percent", f"{100 * one.bound:.0f}"
            yield f"{prefix}{one.value}_times", f"{one.times:g}"
            yield f"{prefix}{one.value}_after", f"{alternative.after}"


def _fits(told: Set[str], shipped: Rule, rule: Rule) -> bool:
    """Whether it compares as ours does, but for the numbers that our words fill in."""
    return all(
        _shape(told, prefix, ours) == _shape(told, prefix, own)
        for prefix, ours, own in (("", shipped.warn, rule.warn), ("critical_", shipped.critical, rule.critical))
    )


def _shape(told: Set[str], prefix: str, alternatives: tuple[Alternative, ...]) -> list[object]:
    found: list[object] = []
    for alternative in alternatives:
        for one in alternative.all:
            name = f"{prefix}{one.value}"
            is_filled_in = not isinstance(one.bound, str) and not told.isdisjoint((name, f"{name}_percent"))
            bound = None if is_filled_in else one.bound
            times = None if f"{name}_times" in told else one.times
            after = None if f"{name}_after" in told else alternative.after
            found.append((one.value, one.operator, bound, times, after))
        found.append("or")
    return found


@cache
def _shipped() -> Mapping[str, Rule]:
    from helpdesk_wellbeing.rules.load import load_rules
    from helpdesk_wellbeing.signals.catalogue import SIGNALS

    return load_rules(SIGNALS)


def _limits(running: Running) -> dict[str, str]:
    """The numbers that depend on the country: one, or from the least to the most of those in use."""
    from helpdesk_wellbeing.signals import wt2
    from helpdesk_wellbeing.signals.presets import presets

    used = [presets()[name] for name in running.presets]
    averages = [average.limit_h for preset in used for average in preset.averages]
    return {
        "day_warn_h": _span([preset.warn_h for preset in used]),
        "day_limit_h": _span([preset.limit_h for preset in used]),
        "daily_rest_h": _span([preset.daily_rest_h for preset in used]),
        "weekly_rest_h": _span([preset.weekly_rest_h for preset in used]),
        "average_h": _span(averages or [preset.limit_h for preset in presets()["eu_floor"].averages]),
        "week_share": f"{100 * wt2.WARN_SHARE:.0f}",
        "week_h": f"{wt2.CRITICAL_H:g}",
    }


def _span(numbers: list[float]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"
