"""What the API takes, strictly: no other names, no other kinds of values, nothing that is not a line of text."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from helpdesk_wellbeing.acting.policy import Delivery, Language, Mode
from helpdesk_wellbeing.plan.proposal import Action

State = Literal["open", "snoozed", "asked", "accepted", "done", "undone", "declined", "expired", "withdrawn"]
STATES: tuple[str, ...] = get_args(State)
Declined = Literal["not needed", "wrong moment", "wrong people", "facts are wrong", "already done", "other"]
MOST_AT_ONCE = 200


def _one_line(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("must be text on one line")
    return text.strip()


def _text(text: str) -> str:
    if not all(sign.isprintable() or sign == "\n" for sign in text) or not text.strip():
        raise ValueError("must be text; no control characters but line ends")
    return text.strip()


def _states(text: str) -> str:
    unknown = [one for one in text.split(",") if one not in STATES]
    if unknown and text != "all":
        raise ValueError(f"takes all, or some of these with commas between them: {', '.join(STATES)}")
    return text


Line = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Empty(_Strict):
    """Nothing is to be said."""


class ProposalsQuery(_Strict):
    """Which proposals: by default those that wait for somebody; `after` is the `next` of the answer before."""

    state: Annotated[str, Field(max_length=200), AfterValidator(_states)] = "open,snoozed,asked"
    after: Annotated[str, Field(pattern=r"\A[0-9a-f]{12}\z")] | None = None
    most: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = 50


class Accept(_Strict):
    """Accept all moves, or only those of some tickets. With the `measured_at` of what was looked at, nothing is
    accepted that says something else by now."""

    only: Annotated[tuple[Line, ...], Field(min_length=1, max_length=10_000)] | None = None
    measured_at: AwareDatetime | None = None


class Decline(_Strict):
    """Why not, from a closed list, so that reasons can be counted and nothing personal is written."""

    reason: Declined


class Snooze(_Strict):
    """Until when it is put aside."""

    until: AwareDatetime


class SettingsPatch(_Strict):
    """A JSON merge patch: what is not named stays; in `modes` and `planning` null takes a name back to its default.

    Standing approvals and the public address are set on the command line only: the first are given by a named admin,
    the second decides where private links lead.
    """

    stopped: bool = False
    modes: dict[Action, Mode | None] = {}
    consent: bool = False
    language: Language = "en"
    updates_a_minute: Annotated[int, Field(ge=1, le=100)] = 1
    survey_delivery: Delivery = "ticket"
    planning: dict[str, Any] = {}


class AuditQuery(_Strict):
    """Entries after the one of this number, oldest first."""

    after: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    most: Annotated[int, Field(ge=1, le=1000)] = MOST_AT_ONCE


class VerifyQuery(_Strict):
    """A head that was noted elsewhere; both or none."""

    seq: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    hash: Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")] | None = None


class ResultsQuery(_Strict):
    """Everybody asked, or one team; and at most one filter, its dimension and value together."""

    team: Line | None = None
    dimension: Line | None = None
    value: Line | None = None


class EffectQuery(_Strict):
    """For everybody asked, or for one team."""

    team: Line | None = None


class NewTheme(_Strict):
    """What a wave brought up, who answers it, and the question (from 1) whose next result shows the effect."""

    title: Line
    owner: Line
    question: Annotated[int, Field(ge=1, le=100)] | None = None


class Answer(_Strict):
    """What will be done; it is published to those who were asked."""

    text: Annotated[str, Field(max_length=4000), AfterValidator(_text)]
