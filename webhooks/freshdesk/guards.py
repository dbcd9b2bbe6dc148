"""Which of an account's own rules a survey ticket of ours could set off.

A rule of ours could stop none of them. So they are read, and an admin is told which lack a condition that leaves survey
tickets out. Nobody's rules are changed. How a rule names tags in the API is not documented: whatever is not understood
counts as no such condition, and is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.freshdesk.admin import Kind
from connectors.session import HttpRefused
from helpdesk_wellbeing.acting.helpdesk import SURVEY_TAG
from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.said import N_, Said
from webhooks.freshdesk.things import WHERE, marked
from webhooks.guarding import UNREAD, Guard, Rule

if TYPE_CHECKING:
    from connectors.freshdesk.admin import Admin

CONDITION = f"In Tickets · if · Tag · does not contain · {SURVEY_TAG}"
_UNDER = "Match ALL of the below"
_KINDS: Mapping[Kind, str] = {
    "creation_rules": "rule on creation", "update_rules": "rule on updates", "hourly_rules": "time trigger",
}  # fmt: skip
_MAILS = N_(
    "Freshdesk's own notifications are not shown by the API: survey tickets are the key's own agent's, so what "
    "customers are mailed goes to that agent alone; look in Admin > Workflows > Email Notifications at what other "
    "agents are mailed"
)
_CLOCKS = N_(
    "survey tickets are pending, so no SLA clock runs on them unless yours run in that status; then give their group a "
    "policy of its own in Admin > Workflows > SLA Policies, which know no exception by tag"
)


def look(admin: Admin) -> Guard:
    """Read the account's rules. What its plan lacks has no rules; what may not be read is said."""
    found: list[Rule] = []
    unread: list[str] = []
    for kind, word in _KINDS.items():
        try:
            rows = admin.things(kind)
        except HttpRefused as refused:
            if refused.status == 401:
                raise
            if refused.status not in (402, 404) and refused.code != "require_feature":
                unread.append(_unread(kind, word, f"{refused.status}: plan or rights"))
            continue
        except BadPayload:
            unread.append(_unread(kind, word, "an answer that we can't read"))
            continue
        found += [
            Rule(word, str(row.get("id")), str(row.get("name") or ""), _effect(row), WHERE[kind], CONDITION)
            for row in rows
            if row.get("active") is not False and marked(row) is None and not _only_calls(row) and not leaves_out(row)
        ]
    return Guard(_UNDER, tuple(found), tuple(unread), (Said(_MAILS), Said(_CLOCKS)))


def leaves_out(row: Mapping[str, Any]) -> bool:
    """Whether a rule's conditions keep tickets with our survey tag out, whatever else they say."""
    sets = [one for one in row.get("conditions") or () if isinstance(one, dict)]
    each = [one.get("match_type") == "all" and any(map(_is_without, one.get("properties") or ())) for one in sets]
    all_hold = " or " not in f" {row.get('operator') or ''} ".lower()
    return any(each) if all_hold else bool(each) and all(each)


def _is_without(condition: Any) -> bool:
    if not isinstance(condition, dict):
        return False
    value = condition.get("value")
    tags = {str(tag).strip() for tag in (value if isinstance(value, list) else str(value).split(","))}
    operator = str(condition.get("operator")).lower()
    is_negative = "not" in operator or "none" in operator
    return "tag" in str(condition.get("field_name")).lower() and is_negative and SURVEY_TAG in tags


def _only_calls(row: Mapping[str, Any]) -> bool:
    """Whether a rule does nothing but call us: it was set up by hand."""
    names = [action.get("field_name") for action in row.get("actions") or () if isinstance(action, dict)]
    urls = [str(action.get("url")) for action in row.get("actions") or () if isinstance(action, dict)]
    return bool(names) and set(names) == {"trigger_webhook"} and all("/webhooks/freshdesk/" in url for url in urls)


def _effect(row: Mapping[str, Any]) -> str:
    """The most that it does to a survey ticket."""
    actions = row.get("actions") or ()
    if "satisfaction" in str(actions) or "survey" in str(actions):
        return "asks for a rating"
    does = {str(action.get("field_name")) for action in actions if isinstance(action, dict)}
    if any(field.startswith(("send_email", "forward", "notify")) for field in does):
        return "notifies"
    return "calls another system" if does and does <= {"trigger_webhook", "trigger_api"} else "changes the ticket"


def _unread(kind: Kind, word: str, why: str) -> str:
    what = word.replace("rule", "rules").replace("trigger", "triggers")
    return Said(UNREAD, what=what, why=why, where=WHERE[kind], condition=CONDITION)
