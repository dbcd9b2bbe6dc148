"""The account's settings of acting, as far as planning reads them. JSON-able: `Policy.model_validate_json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.plan.proposal import Action
from helpdesk_wellbeing.plan.rebalance import Settings
from helpdesk_wellbeing.plan.rebalance.explain import LANGUAGES

LEAST_K = 5
_PLANNER: Mapping[str, Any] = {field.name: field.default for field in fields(Settings)}
_EXPIRY_HOURS: Mapping[Action, float] = {
    "rebalance": 24,  # or the end of the working day, whichever comes first: loads change by the hour
    "esat_wave": 7 * 24,
    "pause_intake": 5 * 24,  # what has a slot ends with it, and is not proposed for a slot after this
    "protect_break": 5 * 24,
    "recovery_slot": 8 * 24,
    "no_new_escalations": 5 * 24,
    "check_in": 7 * 24,
    "staffing_note": 7 * 24,
}
Hours = Annotated[float, Field(ge=0, le=366 * 24)]
Days = Annotated[float, Field(ge=0, le=366)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rebalancing(_Strict):
    """How work is moved: narrowly, as a move costs two people and a customer something.

    Work is taken from people above their limit of open work (from which LD1 warns), nobody is filled up to theirs, and
    no more tickets move than lie above it. What is not said here is the planner's own (`plan.rebalance.Settings`). The
    numbers that differ from it come from `python -m bench acting`.
    """

    over: float = Field(default=1.0, gt=0, le=10)  # of the limit, above which work is taken from a person
    fill: float = Field(default=0.9, gt=0, le=1)  # of the limit, up to which a person may be given work
    at_once: bool = False  # also for who is above their limit now and not flagged yet, and again after it was done

    sla_guard_min: float = Field(default=_PLANNER["sla_guard"] / timedelta(minutes=1), ge=0, le=7 * 24 * 60)
    ping_pong_days: Days = _PLANNER["ping_pong_days"]
    soon_h: Hours = _PLANNER["soon"] / timedelta(hours=1)
    move_cost: float = 0.35  # the higher, the fewer and heavier the tickets that move
    continuity_bonus: float = _PLANNER["continuity_bonus"]
    hard_share: float = _PLANNER["hard_share"]
    most_moves: int | None = Field(
        default=_PLANNER["most_moves"], le=10_000
    )  # at a time, however much lies above the limits
    capacity_days: int = Field(default=5, ge=1, le=31)  # whose scheduled hours make the fair share
    least_effort: float = Field(default=1.0, ge=0)  # of all moves together, in normal tickets; less is not worth asking
    own_limit: float | None = Field(default=None, gt=0, le=10_000)  # of anybody, in normal tickets

    @model_validator(mode="after")
    def _suits_the_planner(self) -> Rebalancing:
        try:
            self.settings(datetime(2000, 1, 1, tzinfo=UTC))
        except BadPayload as error:
            raise ValueError(str(error)) from error
        return self

    def settings(self, now: datetime, above: Iterable[float] | None = None) -> Settings:
        """For the planner; `now` is an aware UTC time. `above`: how much each giver has above what they should have,
        in normal tickets; so many tickets move at most. None: that is not known."""
        most = [] if self.most_moves is None else [self.most_moves]
        if above is not None:
            most.append(sum(max(0, ceil(excess)) for excess in above))
        return Settings(
            now=now,
            sla_guard=timedelta(minutes=self.sla_guard_min),
            ping_pong_days=self.ping_pong_days,
            soon=timedelta(hours=self.soon_h),
            move_cost=self.move_cost,
            continuity_bonus=self.continuity_bonus,
            hard_share=self.hard_share,
            most_moves=min(most, default=None),
        )


class Tags(_Strict):
    """What tags say about a ticket that events do not; compared in lower case."""

    call_back: tuple[str, ...] = ()  # the assignee promised to call
    skills: Mapping[str, str] = Field(default_factory=dict)  # tag: skill of the people file
    languages: Mapping[str, str] = Field(default_factory=dict)  # tag: language of the people file
    own: tuple[str, ...] = ()  # on tickets that this app made: never load, never moved

    def any(self) -> frozenset[str]:
        """All tags that planning looks for."""
        return frozenset(tag.lower() for tag in (*self.call_back, *self.skills, *self.languages, *self.own))


class Policy(_Strict):
    """What an account allows and wants. Times of day and days are those of the people concerned."""

    off: tuple[Action, ...] = ()
    languages: tuple[str, ...] = LANGUAGES
    k: int = Field(default=LEAST_K, ge=LEAST_K, le=10_000)  # contributing people, wherever a team is spoken of
    alerts_a_day: int = Field(default=5, ge=0, le=10_000)  # new non-statutory proposals for one reviewer
    lead_after_h: Hours = 24  # non-statutory ones about an agent: the agent sees them first
    decline_days: Days = 14  # so long nothing is proposed again that was declined or undone
    done_worked_days: int = Field(default=5, ge=0, le=260)  # and that was done
    expiry_h: Mapping[Action, float] = Field(default_factory=dict)  # where it differs from `expires_after`
    rebalance: Rebalancing = Rebalancing()
    tags: Tags = Tags()
    team_share: float = Field(default=0.3, gt=0, le=1)  # of a team under load: the team is asked how it goes
    break_min: int = Field(default=15, ge=10, le=15)
    quiet_h: float = Field(default=4, gt=0, le=4)  # without new escalations

    @field_validator("languages")
    @classmethod
    def _has_texts(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(languages) - set(LANGUAGES))
        if unknown or not languages:
            raise ValueError(f"needs at least one of {', '.join(LANGUAGES)}; got {', '.join(unknown) or 'none'}")
        return languages

    @field_validator("expiry_h")
    @classmethod
    def _some_time(cls, hours: Mapping[Action, float]) -> Mapping[Action, float]:
        if any(not 0 < value <= 60 * 24 for value in hours.values()):
            raise ValueError("hours until a proposal expires must be more than 0 and at most 60 days")
        return hours

    def rests_after_done(self, action: Action) -> bool:
        """Whether an action waits for `done_worked_days` after it was done."""
        return not (self.rebalance.at_once and action in ("rebalance", "pause_intake"))

    def expires_after(self, action: Action) -> timedelta:
        """How long a proposal stands at most."""
        return timedelta(hours=self.expiry_h.get(action, _EXPIRY_HOURS[action]))
