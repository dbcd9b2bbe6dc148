"""Which of an account's own rules a survey ticket of ours could set off.

Zendesk has no way to keep a ticket out of triggers, automations and SLA policies but a condition in each of them; a
trigger of ours, first or last, could stop none: all of them run, one after the other, and each only sets things. So
the rules are read and an admin is told which of them lack the condition. Nobody's rules are changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from connectors.session import HttpRefused
from helpdesk_wellbeing.acting.helpdesk import SURVEY_TAG
from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.said import N_, Said
from webhooks.guarding import UNREAD, Guard, Rule

if TYPE_CHECKING:
    from connectors.zendesk.writing import Writing

RuleKind = Literal["trigger", "automation", "SLA policy", "group SLA policy"]
Effect = Literal["asks for a rating", "notifies", "changes the ticket", "starts a clock"]
CONDITION = f"Tags · Contains none of the following · {SURVEY_TAG}"
_WHERE: Mapping[RuleKind, str] = {
    "trigger": "Objects and rules > Business rules > Triggers",
    "automation": "Objects and rules > Business rules > Automations",
    "SLA policy": "Objects and rules > Business rules > Service level agreements",
    "group SLA policy": "Objects and rules > Business rules > Service level agreements > Group SLAs",
}
_LISTS: tuple[tuple[RuleKind, str, str], ...] = (
    ("trigger", "/api/v2/triggers", "triggers"),
    ("automation", "/api/v2/automations", "automations"),
    ("SLA policy", "/api/v2/slas/policies", "sla_policies"),
    ("group SLA policy", "/api/v2/group_slas/policies", "group_sla_policies"),
)
_UNDER = "Meet all of the following conditions"
_SURVEYS = ("customer_satisfaction", "customer_satisfaction_survey")


def look(writing: Writing) -> Guard:
    """Read the account's rules. What its plan lacks has no rules; what may not be read is said."""
    found: list[Rule] = []
    unread: list[str] = []
    asks_customers = False
    for kind, path, name in _LISTS:
        try:
            rows = [row for page in writing.api.listed(path, name) for row in page if isinstance(row, dict)]
        except HttpRefused as refused:
            if refused.status == 401:
                raise
            if refused.status != 404:  # then the plan has none
                unread.append(_unread(kind, f"{refused.status}: plan or rights"))
            continue
        except BadPayload:
            unread.append(_unread(kind, "an answer that we can't read"))
            continue
        active = [row for row in rows if row.get("active") is not False]
        asks_customers |= any("satisfaction" in f"{row.get('conditions')}{row.get('actions')}" for row in active)
        found += [
            Rule(
                kind,
                str(row.get("id")),
                str(row.get("title") or ""),
                _effect(kind, row),
                f"Admin Center > {_WHERE[kind]}",
                CONDITION,
            )
            for row in active
            if not leaves_out(row)
        ]
    return Guard(_UNDER, tuple(found), tuple(unread), tuple(_about_satisfaction(writing, asks_customers)))


def leaves_out(rule: Mapping[str, Any]) -> bool:
    """Whether a rule's conditions keep tickets with our survey tag out, whatever else they say."""
    conditions = rule.get("conditions") or rule.get("filter") or {}
    return any(
        c.get("field") == "current_tags" and c.get("operator") == "not_includes" and SURVEY_TAG in _tags(c.get("value"))
        for c in conditions.get("all") or ()
        if isinstance(c, dict)
    )


def _effect(kind: RuleKind, row: Mapping[str, Any]) -> Effect:
    """The most that it does to a survey ticket."""
    actions = row.get("actions") or ()
    if "SLA" in kind:
        return "starts a clock"
    if "satisfaction" in str(actions):
        return "asks for a rating"
    does = (str(action.get("field")) for action in actions if isinstance(action, dict))
    return "notifies" if any(field.startswith("notification") for field in does) else "changes the ticket"


def _tags(value: object) -> set[str]:
    words: Iterable[object] = value if isinstance(value, list) else (value,)
    return {tag for word in words for tag in str(word).replace(",", " ").split()}


def _unread(kind: RuleKind, why: str) -> str:
    what = kind.replace("policy", "policies") if "policy" in kind else f"{kind}s"
    return Said(UNREAD, what=what, why=why, where=f"Admin Center > {_WHERE[kind]}", condition=CONDITION)


def _about_satisfaction(writing: Writing, is_among_rules: bool) -> Iterator[str]:
    """Surveys to customers are sent by a rule; where one is on and its rule isn't shown, only a person can look."""
    try:
        features = writing.api.object("/api/v2/account/settings", "settings").get("active_features") or {}
    except (HttpRefused, BadPayload):
        yield Said(
            N_("whether satisfaction surveys are on could not be read; if so, look at the rule that sends them, too")
        )
        return
    if any(features.get(name) is True for name in _SURVEYS) and not is_among_rules:
        yield Said(
            N_("satisfaction surveys are on, but no trigger or automation that the API shows sends them; find the rule "
               "that sends them in Admin Center, and give it the condition: %(condition)s"),
            condition=CONDITION,
        )  # fmt: skip
