"""How much open work is too much for somebody: from where on LD1 warns, by the own baseline and the account's rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpdesk_wellbeing.plan.situation import Flag, Situation
from helpdesk_wellbeing.remembered import once_per_object
from helpdesk_wellbeing.rules.model import Comparison, Rule
from helpdesk_wellbeing.signals.ld1 import SIGNAL, Usual, usual_now
from helpdesk_wellbeing.statistics import Z_PER_MAD

OPEN_WORK = SIGNAL.id


@once_per_object
def limits(situation: Situation) -> Mapping[str, float]:
    """Limits in normal tickets by agent; without those whose baseline is not known.

    Who is flagged is judged by the baseline of the flag, which stays while it is on.
    """
    rules = [rule for rule in situation.rules.values() if rule.signal == OPEN_WORK and rule.enabled]
    if not rules:
        return {}
    usual = usual_now(situation.facts) | _flagged(situation.flags)
    found = {agent: [limit(rule, own) for rule in rules] for agent, own in usual.items()}
    known = {agent: [one for one in every if one is not None] for agent, every in found.items()}
    return {agent: min(every) for agent, every in known.items() if every}


def _flagged(flags: Sequence[Flag]) -> dict[str, Usual]:
    found = {}
    for flag in flags:
        values = flag["values"]
        known = all(values.get(name) for name in ("open_weight", "median_weight", "z", "days_of_work"))
        if flag["signal"] == OPEN_WORK and known:
            weight, median = values["open_weight"], values["median_weight"]
            scale = Z_PER_MAD * (weight - median) / values["z"]
            found[flag["subject"]["id"]] = Usual(median, scale, weight / values["days_of_work"])
    return found


def limit(rule: Rule, usual: Usual) -> float | None:
    """The least open work in normal tickets at which the rule warns; None where it compares something else, too."""
    ways = [[_least(comparison, usual) for comparison in alternative.all] for alternative in rule.warn]
    reached = [max(one for one in way if one is not None) for way in ways if None not in way]
    return min(reached, default=None)


def _least(comparison: Comparison, usual: Usual) -> float | None:
    """The open work from which on one comparison holds."""
    bound = comparison.bound
    if comparison.operator not in ("at_least", "above"):
        return None
    if isinstance(bound, str):
        is_usual = (comparison.value, bound) == ("open_weight", "median_weight")
        return usual.median * comparison.times if is_usual else None
    if comparison.value == "z":
        return usual.median + usual.scale * bound / Z_PER_MAD
    if comparison.value == "days_of_work":
        return usual.solved * bound if usual.solved > 0 else None
    return bound if comparison.value == "open_weight" else None
