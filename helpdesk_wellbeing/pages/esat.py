"""Surveys: waves, what of their results the viewer may see, what was answered, what is due. Numbers come from
`surveys.results` only, which hides what would give somebody away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.acting import asking
from helpdesk_wellbeing.pages import told
from helpdesk_wellbeing.pages.told import Named, Texts
from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.surveys.loop import Change, NoChange, Unanswered, unanswered
from helpdesk_wellbeing.surveys.model import State, Theme, Venue, Wave
from helpdesk_wellbeing.surveys.questions import question_set
from helpdesk_wellbeing.surveys.results import Ask, Hidden, Why, results

if TYPE_CHECKING:
    from helpdesk_wellbeing.access.gate import Sight
    from helpdesk_wellbeing.access.viewer import Viewer
    from helpdesk_wellbeing.pages.known import Known
    from helpdesk_wellbeing.surveys.results import Shown

OUT = (State.PUBLISHED, State.ANSWERED)
EVERYWHERE = (Role.OPS, Role.HR, Role.COUNCIL)
READS_COMMENTS = (Role.LEAD, Role.OPS, Role.HR)
_ID = re.compile("[0-9a-f]{1,64}")


@dataclass(frozen=True)
class Question:
    """One question of a cell; `percent` None: hidden, like the rest of its row."""

    theme: str
    text: Texts
    percent: int | None
    mean: float | None
    distribution: tuple[int, ...] | None  # whole per cent of the answers 1 to 5


@dataclass(frozen=True)
class Cell:
    """A result: of everybody asked (`team` None) or of one team; `hidden` says why there is none."""

    team: Named | None
    hidden: Why | None
    answered: int = 0
    asked: int = 0
    response_percent: int = 0
    is_indicative: bool = False
    questions: tuple[Question, ...] = ()
    comments: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ThemeRow:
    """What a wave brought up, with its answer and what became of it."""

    theme: str
    title: str
    owner: str
    question: Texts | None
    raised_on: date
    age: int  # business days without an answer; 0 with one
    answer: str | None
    answered_on: date | None
    effect: Change | NoChange | None  # None: no later wave yet
    may_answer: bool


@dataclass(frozen=True)
class WaveRow:
    """A wave in the list. Nothing is told of answers before it is published, not even how many there are."""

    wave: str
    state: State
    kind: str
    teams: tuple[Named, ...]
    opens_at: datetime
    closes_at: datetime
    published_on: date | None
    response_percent: int | None  # None: not told
    hidden: Why | None
    unanswered: int  # themes


@dataclass(frozen=True)
class Due:
    """A team and why it is not asked now; None: it may be asked when its queue says so."""

    team: Named
    reason: str | None  # of plan.proposal.SKIPPED


@dataclass(frozen=True)
class Esat:
    """The list."""

    waves: tuple[WaveRow, ...]  # the newest first
    late: Unanswered
    due: tuple[Due, ...]
    is_reader_only: bool


@dataclass(frozen=True)
class OneWave:
    """One wave with its results."""

    row: WaveRow
    venue: Venue
    cells: tuple[Cell, ...]
    themes: tuple[ThemeRow, ...]
    questions: tuple[Texts, ...]
    may_add: bool  # a theme
    needs_theme: bool  # it is out and nobody has said anything to it yet


def build(known: Known, viewer: Viewer, now: datetime) -> Esat:
    """All waves that the viewer may know of."""
    store, account, seen = known.store, viewer.account, told.sight(known, viewer, now)
    mine = [wave for wave in store.surveys.waves(account) if _may_know(seen, wave)]
    names = {wave.wave for wave in mine}
    themes = [theme for theme in store.surveys.themes(account) if theme.wave in names]
    decides = viewer.has(Role.LEAD, Role.OPS)
    return Esat(
        tuple(_row(known, seen, wave, themes) for wave in reversed(mine)), unanswered(themes, now.date()),
        tuple(_due(known, seen)) if decides else (), not decides,
    )  # fmt: skip


def build_wave(known: Known, viewer: Viewer, wave: str, now: datetime) -> OneWave | None:
    """One wave; None when there is none that the viewer may know of."""
    store, account, seen = known.store, viewer.account, told.sight(known, viewer, now)
    found = store.surveys.wave(account, wave) if _ID.fullmatch(wave) else None
    if found is None or not _may_know(seen, found):
        return None
    themes = [theme for theme in store.surveys.themes(account) if theme.wave == wave]
    texts = _questions(found)
    answers = may_answer(seen, found)
    return OneWave(
        _row(known, seen, found, themes), found.venue, tuple(_cells(known, seen, found)),
        tuple(_theme(known, seen, found, theme, texts, now.date(), answers) for theme in themes), texts,
        answers and found.state is State.PUBLISHED, found.state is State.PUBLISHED and not themes,
    )  # fmt: skip


def may_answer(seen: Sight, wave: Wave) -> bool:
    """Whether the viewer says what is done: who leads one of its teams, and ops."""
    return seen.viewer.has(Role.OPS) or not seen.viewer.teams.isdisjoint(wave.teams)


def theme_of(known: Known, account: str, wave: str, theme: str) -> Theme | None:
    """A theme of that wave."""
    return next((one for one in known.store.surveys.themes(account) if (one.theme, one.wave) == (theme, wave)), None)


def _may_know(seen: Sight, wave: Wave) -> bool:
    """Those who look at all teams or lead one of its teams; who is in one of them, once it is out."""
    if seen.viewer.has(*EVERYWHERE) or not seen.viewer.teams.isdisjoint(wave.teams):
        return True
    return wave.state in OUT and not seen.own_groups.isdisjoint(wave.teams)


def _asks(seen: Sight, wave: Wave) -> Iterator[Ask]:
    """The cells that are theirs: of their teams, and of everybody for those who look at all teams."""
    sees_all = seen.viewer.has(*EVERYWHERE)
    theirs = set(wave.teams) if sees_all else set(wave.teams) & (seen.viewer.teams | seen.own_groups)
    if len(wave.teams) > 1 and (sees_all or theirs == set(wave.teams)):
        yield Ask(wave.wave)
    for team in sorted(theirs):
        yield Ask(wave.wave, team)


def _cells(known: Known, seen: Sight, wave: Wave) -> Iterator[Cell]:
    if wave.state not in OUT:
        return
    names, texts = known.names(wave.account), _questions(wave)
    themes = question_set(wave.question_set).themes
    for ask in _asks(seen, wave):
        team = None if ask.team is None else told.named(names, "team", ask.team)
        found = results(known.store, wave.account, ask)
        if isinstance(found, Hidden):
            yield Cell(team, found.reason)
        else:
            yield _cell(seen, team, found, themes, texts)


def _cell(seen: Sight, team: Named | None, found: Shown, themes: Sequence[str], texts: Sequence[Texts]) -> Cell:
    questions = tuple(
        Question(theme, text, None, None, None) if score is None
        else Question(theme, text, score.percent, score.mean, score.distribution)
        for theme, text, score in zip(themes, texts, found.scores, strict=True)
    )  # fmt: skip
    comments = found.comments if seen.viewer.has(*READS_COMMENTS) else None
    return Cell(
        team, None, found.answered, found.asked, found.response_percent, found.is_indicative, questions, comments
    )  # fmt: skip


def _row(known: Known, seen: Sight, wave: Wave, themes: Sequence[Theme]) -> WaveRow:
    response, hidden = None, None
    if wave.state in OUT:
        asks = list(_asks(seen, wave))
        found = results(known.store, wave.account, asks[0]) if asks else None
        if isinstance(found, Hidden):
            hidden = found.reason
        elif found is not None:
            response = found.response_percent
    names = known.names(wave.account)
    teams = sorted((told.named(names, "team", team) for team in wave.teams), key=lambda one: one.name.casefold())
    waiting = sum(theme.wave == wave.wave and theme.answered_on is None for theme in themes)
    return WaveRow(
        wave.wave, wave.state, str(wave.kind), tuple(teams), wave.opens_at, wave.closes_at, wave.published_on,
        response, hidden, waiting,
    )  # fmt: skip


def _questions(wave: Wave) -> tuple[Texts, ...]:
    asked = question_set(wave.question_set)
    number = len(asked.themes)
    return tuple({language: texts[n] for language, texts in asked.texts.items()} for n in range(number))


def _theme(
    known: Known, seen: Sight, wave: Wave, theme: Theme, texts: Sequence[Texts], today: date, answers: bool
) -> ThemeRow:
    asks = list(_asks(seen, wave))
    team = asks[0].team if asks else None
    is_done = theme.answered_on is not None
    return ThemeRow(
        theme.theme, theme.title, theme.owner, None if theme.question is None else texts[theme.question],
        theme.raised_on, 0 if is_done else unanswered([theme], today).oldest_days, theme.answer, theme.answered_on,
        waves.effect(known.store, wave.account, theme, team) if is_done else None, answers and not is_done,
    )  # fmt: skip


def _due(known: Known, seen: Sight) -> Iterator[Due]:
    account = seen.viewer.account
    reasons = asking.reasons(known.store, account, known.directory(account), seen.at)
    teams = [told.named(known.names(account), "team", team) for team in reasons if seen.leads("team", team)]
    for team in sorted(teams, key=lambda one: one.name.casefold()):
        yield Due(team, reasons[team.id])
