"""From what a connector says of a write to the words of `acting.helpdesk`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from connectors import outcomes
from helpdesk_wellbeing.acting.helpdesk import Conflict, NothingSent, Reason, Refused, Unknown
from helpdesk_wellbeing.errors import BadPayload, NotLetIn, RetryLater
from helpdesk_wellbeing.errors import Refused as RefusedForGood

_REASONS: Mapping[outcomes.Reason, Reason] = {
    "closed": "closed",
    "gone": "gone",
    "merged": "merged",
    "forbidden": "forbidden",
    "not_in_group": "not in group",
    "agent_inactive": "agent left",
    "group_empty": "group empty",
    "field_gone": "label gone",
    "invalid": "invalid",
}
_Found = TypeVar("_Found")


def told(made: outcomes.Conflict | outcomes.Refused | outcomes.Unknown, platform: str) -> Conflict | Refused | Unknown:
    """What didn't come out well. Raises NotLetIn."""
    if isinstance(made, outcomes.Conflict):
        return Conflict()
    if isinstance(made, outcomes.Unknown):
        return Unknown()
    if made.reason == "unauthorised":
        raise NotLetIn(f"{platform}: the credentials are not accepted any more; run connect again")
    return refused(made.reason)


def refused(reason: outcomes.Reason) -> Refused:
    """A refusal of a ticket."""
    return Refused(_REASONS[reason])


def let_in(ask: Callable[[], _Found]) -> _Found:
    """What a look-up gives; credentials that are not accepted are told apart from all other trouble."""
    try:
        return ask()
    except RefusedForGood as refusal:
        if refusal.status == 401:
            raise NotLetIn(str(refusal)) from None
        raise RetryLater(str(refusal)) from refusal
    except BadPayload as spoilt:  # a page of a proxy, half an answer
        raise RetryLater(str(spoilt)) from spoilt


@contextmanager
def nothing_sent() -> Iterator[None]:
    """What must be tried again in a while after this has written nothing: look-ups before a write, and a write whose
    outcome would have been told.
    """
    try:
        yield
    except RetryLater as trouble:
        raise NothingSent(str(trouble), trouble.after) from trouble
