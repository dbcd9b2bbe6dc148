"""How an account acts: a mode per action, standing approvals, the switch that stops everything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.plan.policy import Policy
from helpdesk_wellbeing.plan.proposal import WRITING, Action
from helpdesk_wellbeing.store.audit import Person

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

# off: not even proposed · dry_run: a decision is kept, nothing is written · suggest: a private note on the ticket ·
# approve: written after a person accepted · auto: a standing approval accepts
Mode = Literal["off", "dry_run", "suggest", "approve", "auto"]
MODES: tuple[Mode, ...] = ("off", "dry_run", "suggest", "approve", "auto")
Language = Literal["en", "nl"]
Delivery = Literal["ticket", "tag"]
PUBLIC_URL = re.compile(r"(https://[A-Za-z0-9.-]+|https?://(127\.0\.0\.1|localhost|\[::1\]))(:\d+)?/?")
UPDATES_A_MINUTE = 80  # of the hundred that Zendesk takes from a whole account; others want to write, too


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Standing(_Strict):
    """A named admin's approval in advance: of one action, for one group, for a while, so many writes an hour."""

    action: Action
    group: Annotated[str, Field(min_length=1)]
    by: Annotated[str, Field(min_length=1)]
    given_at: AwareDatetime
    until: AwareDatetime
    an_hour: Annotated[int, Field(ge=1, le=1000)]


class Acting(_Strict):
    """The settings of one account."""

    stopped: bool = False  # the one switch: nothing is written, nobody is told anything
    modes: dict[Action, Mode] = {}
    standing: tuple[Standing, ...] = ()
    consent: bool = False  # receivers are asked before a ticket comes to them
    language: Language = "en"  # of what is written into the helpdesk
    updates_a_minute: Annotated[int, Field(ge=1, le=100)] = UPDATES_A_MINUTE
    survey_delivery: Delivery = "ticket"  # tag: invitations carry no link, the admin's own tool asks
    survey_group: str | None = None  # whose members alone can read invitations; none: whoever can read all tickets
    not_asked: tuple[str, ...] = ()  # agents who want no surveys
    public_url: str | None = None  # where people reach this installation, for links
    planning: dict[str, Any] = {}  # what planning is told; see plan/policy.py

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and not PUBLIC_URL.fullmatch(url):
            raise ValueError("must be https://host, or http:// on loopback, without a path")
        return url

    @field_validator("planning")
    @classmethod
    def _suits_planning(cls, planning: dict[str, Any]) -> dict[str, Any]:
        Policy.model_validate(planning)
        return planning

    def mode(self, action: str) -> Mode:
        """The mode of an action; `dry_run` unless somebody chose another."""
        return self.modes.get(action, "dry_run")  # type: ignore[call-overload, no-any-return]

    def writes(self, action: str) -> bool:
        """Whether accepting a proposal of this action changes the helpdesk."""
        return action in WRITING and self.mode(action) in ("approve", "auto")

    def standing_for(self, action: str, group: str, at: datetime) -> Standing | None:
        """The approval that holds for this action and group now."""
        if self.mode(action) != "auto":
            return None
        held = [s for s in self.standing if (s.action, s.group) == (action, group) and s.given_at <= at < s.until]
        return max(held, key=lambda s: s.until) if held else None


def policy_of(store: Store, account: str) -> Acting:
    """The account's settings; the defaults where nothing was set."""
    stored = store.proposals.policy(account)
    return Acting() if stored is None else read(stored, account)


def read(stored: Mapping[str, Any], account: str) -> Acting:
    """Settings from JSON. Raises ConfigError naming what does not fit."""
    try:
        return Acting.model_validate(stored)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{account}: how it acts: {where}: {first['msg']}; set it with act set") from None


def change(store: Store, account: str, by: str | Person, at: datetime, **changes: Any) -> Acting:
    """Change settings; the audit says who changed what."""
    with store.transaction():
        before = policy_of(store, account)
        after = read({**before.model_dump(mode="json"), **changes}, account)
        if after != before:
            store.proposals.keep_policy(account, after.model_dump(mode="json"))
            store.audit.add(account, at, "settings", by=by, changed=_differences(before, after))
    return after


def _differences(before: Acting, after: Acting) -> dict[str, Any]:
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    old["not_asked"] = _only_in(before, after)  # who else wants no surveys must not stand in the entry
    new["not_asked"] = _only_in(after, before)
    return {name: {"from": old[name], "to": new[name]} for name in new if new[name] != old[name]}


def _only_in(one: Acting, other: Acting) -> list[Person]:
    return [Person(agent) for agent in one.not_asked if agent not in other.not_asked]
