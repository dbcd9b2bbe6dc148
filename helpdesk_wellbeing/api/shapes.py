"""What the API answers, for its OpenAPI document and for tests that hold every answer against it."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, create_model

from helpdesk_wellbeing.acting.policy import Acting
from helpdesk_wellbeing.api.models import State
from helpdesk_wellbeing.plan.proposal import Action, Kind


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(_Shape):
    """What went wrong and what to do next."""

    code: str
    message: str


class Refused(_Shape):
    """An answer that is an error."""

    error: Problem


class SubjectShape(_Shape):
    """Whom or what something is about."""

    kind: Kind
    id: str


class BecauseShape(_Shape):
    """A flag that a proposal rests on."""

    rule: str
    rule_version: str
    signal: str
    subject: SubjectShape
    level: str
    since: date
    grade: str
    values: dict[str, float | None]
    added: AwareDatetime | None = None


class ConsentShape(_Shape):
    """What a receiver answered; null: not yet."""

    agent: str
    answer: str | None


class WriteShape(_Shape):
    """A write to the helpdesk and what became of it."""

    ticket: str
    kind: str
    state: str
    tries: int
    due_at: AwareDatetime
    reason: str | None
    receipt: Any
    not_restored: list[str]


class ProposalShape(_Shape):
    """A proposal with all that became of it."""

    id: str
    state: State
    decided_by: str | None
    reason: str | None
    changed_at: AwareDatetime
    snoozed_until: AwareDatetime | None
    action: Action
    subject: SubjectShape
    because: list[BecauseShape]
    made_at: AwareDatetime
    expires_at: AwareDatetime
    lead_from: AwareDatetime
    texts: dict[str, str]
    moves: list[dict[str, Any]]
    details: dict[str, Any]
    renewed_at: AwareDatetime | None = None
    measured_at: AwareDatetime
    consents: list[ConsentShape]
    writes: list[WriteShape]


class DecidedShape(ProposalShape):
    """The same after a decision, with what that led to in one line."""

    summary: str


class ProposalsShape(_Shape):
    """A page of proposals, oldest first; `declined` counts reasons by action."""

    account: str
    proposals: list[ProposalShape]
    declined: dict[str, dict[str, int]]
    next: str | None


_TOLD: dict[str, Any] = {
    name: (field.annotation, field) for name, field in Acting.model_fields.items() if name != "not_asked"
}
SettingsShape = create_model(
    "SettingsShape", __base__=_Shape, __doc__="How the account acts; not who wants no surveys.", **_TOLD
)


class HeadShape(_Shape):
    """The end of the log."""

    seq: int
    hash: str


class EntryShape(_Shape):
    """An entry of the audit; persons are words."""

    seq: int
    at: AwareDatetime
    what: str
    body: dict[str, Any]
    hash: str


class AuditShape(_Shape):
    """A page of the audit, oldest first."""

    account: str
    entries: list[EntryShape]
    head: HeadShape
    next: int | None


class VerdictShape(_Shape):
    """Whether the audit is whole."""

    account: str
    is_whole: bool
    problem: str | None
    head: HeadShape


class WaveShape(_Shape):
    """A wave, without anybody."""

    wave: str
    state: str
    kind: str
    venue: str
    teams: list[str]
    because: list[str]
    question_set: str
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    closed_on: date | None
    published_on: date | None
    answered_on: date | None


class WavesShape(_Shape):
    """All waves."""

    account: str
    waves: list[WaveShape]


class ResultShape(BaseModel):
    """What may be shown of a wave; where it may not, `shown` is false and `reason` says why."""

    model_config = ConfigDict(extra="allow")

    wave: str
    team: str | None
    filter: list[str] | None
    shown: bool


class ThemeShape(_Shape):
    """What a wave brought up."""

    theme: str
    wave: str
    title: str
    owner: str
    question: int | None
    raised_on: date
    answer: str | None
    answered_on: date | None


class ThemesShape(_Shape):
    """All themes, and how late answers are."""

    account: str
    themes: list[ThemeShape]
    unanswered: dict[str, Any]


class AnsweredShape(_Shape):
    """A theme that has been answered, and its wave."""

    theme: ThemeShape
    wave: WaveShape


class EffectShape(_Shape):
    """The next wave against the one that a theme came from."""

    theme: str
    team: str | None
    change: dict[str, Any] | None
    reason: str | None
