"""What a wave says: counted once, when it closes, and asked for by every interface through one function."""

from __future__ import annotations

import json
import secrets
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.surveys import alike, suppression
from helpdesk_wellbeing.surveys.alike import Tally
from helpdesk_wellbeing.surveys.model import Given, Invitation, Place, State, Venue
from helpdesk_wellbeing.surveys.questions import FAVOURABLE, HIGHEST, question_set

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

FROM_DISTRIBUTION = 10  # answers from which on the mean and the distribution are shown beside the share
REPRESENTATIVE = 50  # per cent of those asked
_EVERYBODY = ""


@dataclass(frozen=True)
class Ask:
    """A question about a wave: everybody asked or one team of it, and at most one filter (dimension, value)."""

    wave: str
    team: str | None = None
    trait: tuple[str, str] | None = None


class Why(StrEnum):
    """Why nothing is shown: a closed list. `PROTECTED` covers all privacy rules, so that it gives none away."""

    UNKNOWN = "no such wave or team"
    NOT_YET = "not published yet"
    ELSEWHERE = "answered in another survey tool"
    PROTECTED = "too few answers, or too alike, to protect those who gave them"


@dataclass(frozen=True)
class Hidden:
    """Nothing is shown."""

    ask: Ask
    reason: Why


@dataclass(frozen=True)
class Score:
    """Whole per cent of favourable answers (4 and 5); the mean and the shares of 1 to 5 from ten answers on."""

    theme: str
    percent: int
    mean: float | None = None
    distribution: tuple[int, ...] | None = None  # whole per cent each


@dataclass(frozen=True)
class Shown:
    """A result. A question that must be hidden is None in `scores`; `comments` is None where they are."""

    ask: Ask
    answered: int
    asked: int
    response_percent: int
    is_indicative: bool  # few of those asked answered: not representative
    scores: tuple[Score | None, ...]
    comments: tuple[str, ...] | None

    @property
    def esat_percent(self) -> int | None:
        """The share of the first question; None when it is hidden."""
        return None if self.scores[0] is None else self.scores[0].percent


def results(store: Store, account: str, ask: Ask) -> Shown | Hidden:
    """What may be shown. The only way to a result; it is the same every time it is asked, whoever joins or leaves."""
    wave = store.surveys.wave(account, ask.wave)
    if wave is None or (ask.team is not None and ask.team not in wave.teams):
        return Hidden(ask, Why.UNKNOWN)
    if wave.venue is Venue.ELSEWHERE:
        return Hidden(ask, Why.ELSEWHERE)
    if wave.state not in (State.PUBLISHED, State.ANSWERED):
        return Hidden(ask, Why.NOT_YET)
    body = store.surveys.result(account, ask.wave, cell_name(ask.team, ask.trait))
    if body is None:
        return Hidden(ask, Why.PROTECTED)
    themes = question_set(wave.question_set).themes
    answered, asked = int(body["answered"]), int(body["asked"])
    response = _percent(answered, asked)
    scores = tuple(_score(theme, stored, answered) for theme, stored in zip(themes, body["scores"], strict=True))
    comments = body["comments"]
    is_indicative = 100 * answered < REPRESENTATIVE * asked
    return Shown(ask, answered, asked, response, is_indicative, scores, None if comments is None else tuple(comments))


def cell_name(team: str | None, trait: tuple[str, str] | None = None) -> str:
    """How a cell is called in the store."""
    return json.dumps([team or _EVERYBODY, *(trait or ())], ensure_ascii=False)


def cells_of(place: Place) -> list[str]:
    """The cells that one who stands there counts in."""
    teams = (None, *place.teams)
    return [cell_name(team, trait) for team in teams for trait in (None, *place.traits)]


def members(invitations: Sequence[Invitation]) -> dict[str, frozenset[str]]:
    """Who was asked, by cell."""
    found: dict[str, set[str]] = {}
    for invitation in invitations:
        for cell in cells_of(invitation.place):
            found.setdefault(cell, set()).add(invitation.person)
    return {cell: frozenset(persons) for cell, persons in found.items()}


@dataclass(frozen=True)
class Earlier:
    """A cell that an earlier wave shows: who was asked, and what is kept of it."""

    members: frozenset[str]
    body: Mapping[str, Any]


def count(
    given: Sequence[Given],
    invitations: Sequence[Invitation],
    earlier: Sequence[Mapping[str, Earlier]],
    k: int,
    k_comments: int,
) -> dict[str, dict[str, Any]]:
    """All that may ever be shown of a wave, by cell; what is not in it is gone when the answers are.

    `earlier`: what each earlier wave shows, by cell. Scores are counts of the answers 1 to 5, or, below ten answers, of
    favourable ones.
    """
    asked = members(invitations)
    by_place: dict[Place, list[Given]] = {invitation.place: [] for invitation in invitations}
    for answer in given:
        by_place[answer.place].append(answer)
    atoms: dict[str, set[Hashable]] = {cell: set() for cell in asked}
    for place in by_place:
        for cell in cells_of(place):
            atoms[cell].add(place)
    sizes: dict[Hashable, int] = {place: len(answers) for place, answers in by_place.items()}
    old = {f"{n}{cell}": one.members for n, wave in enumerate(earlier) for cell, one in wave.items()}
    # hiding more never gives more away, so one look after the other is enough; no filter costs a team its result
    plain = {cell: inside for cell, inside in atoms.items() if len(json.loads(cell)) == 1}
    unfiltered = suppression.shown_beside(asked, old, k, suppression.shown_by_answers(plain, sizes, k))
    rest = {cell: inside for cell, inside in atoms.items() if cell in unfiltered or cell not in plain}
    shown = suppression.shown_by_answers(rest, sizes, k, unfiltered)
    shown = suppression.shown_beside(asked, old, k, shown, unfiltered)
    with_comments = suppression.shown_comments(atoms, sizes, k_comments, unfiltered)
    answers = {
        cell: [answer for place, one in by_place.items() if place in atoms[cell] for answer in one] for cell in shown
    }
    questions = range(len(given[0].scores) if given else 0)
    scores = [_open_scores(number, answers, atoms, sizes, asked, earlier) for number in questions]
    return {
        cell: {
            "answered": len(answers[cell]),
            "asked": len(asked[cell]),
            "scores": [by_cell.get(cell) for by_cell in scores],
            "comments": _mixed([one.comment for one in answers[cell] if one.comment])
            if cell in with_comments
            else None,
        }
        for cell in sorted(shown)
    }


def _open_scores(
    question: int,
    answers: Mapping[str, Sequence[Given]],
    atoms: Mapping[str, set[Hashable]],
    sizes: Mapping[Hashable, int],
    asked: Mapping[str, frozenset[str]],
    earlier: Sequence[Mapping[str, Earlier]],
) -> dict[str, dict[str, Any]]:
    """What is kept of one question, in the cells where it leaves everybody's answer open."""
    bodies = {cell: _counted([answer.scores[question] for answer in found]) for cell, found in answers.items()}
    by_place = {cell: _tally(body, frozenset(atoms[cell]), len(answers[cell])) for cell, body in bodies.items()}
    left = alike.open_in_wave(by_place, sizes)
    by_person = {cell: _tally(body, frozenset(asked[cell]), len(answers[cell])) for cell, body in bodies.items()}
    before = [
        {
            cell: _tally(one.body["scores"][question], frozenset(one.members), one.body["answered"])
            for cell, one in wave.items()
            if one.body["scores"][question] is not None
        }
        for wave in earlier
    ]
    left = alike.open_beside(by_person, before, left)
    return {cell: bodies[cell] for cell in left}


def _counted(scores: Sequence[int]) -> dict[str, Any]:
    if len(scores) >= FROM_DISTRIBUTION:
        return {"bins": [scores.count(score) for score in range(1, HIGHEST + 1)]}
    return {"favourable": sum(score >= FAVOURABLE for score in scores)}


def _tally(body: Mapping[str, Any], inside: frozenset[Hashable], answered: int) -> Tally:
    bins: list[int] | None = body.get("bins")
    favourable = int(body["favourable"]) if bins is None else sum(bins[FAVOURABLE - 1 :])
    return Tally(inside, answered, favourable, None if bins is None else tuple(bins))


def _score(theme: str, stored: Mapping[str, Any] | None, answered: int) -> Score | None:
    if stored is None:
        return None
    if "bins" not in stored:
        return Score(theme, _percent(stored["favourable"], answered))
    bins: list[int] = stored["bins"]
    mean = sum(score * number for score, number in enumerate(bins, start=1)) / answered
    shares = tuple(_percent(number, answered) for number in bins)
    return Score(theme, _percent(sum(bins[FAVOURABLE - 1 :]), answered), round(mean, 1), shares)


def _percent(part: int, whole: int) -> int:
    """Whole per cent, half up."""
    return (200 * part + whole) // (2 * whole)


def _mixed(texts: list[str]) -> list[str]:
    """In an order that tells nothing."""
    secrets.SystemRandom().shuffle(texts)
    return texts
