"""What a wave says: counted once, when it closes, and asked for by every interface through one function."""

from __future__ import annotations

import json
import secrets
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.surveys import suppression
from helpdesk_wellbeing.surveys.model import Delivery, Given, Invitation, Place, State
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
    if wave.delivery is Delivery.ELSEWHERE:
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


def count(
    given: Sequence[Given],
    invitations: Sequence[Invitation],
    earlier: Mapping[str, frozenset[str]],
    k: int,
    k_comments: int,
) -> dict[str, dict[str, Any]]:
    """All that may ever be shown of a wave, by cell; what is not in it is gone when the answers are.

    `earlier`: the members of every cell that earlier waves show. Scores are counts of the answers 1 to 5, or, below ten
    answers, of favourable ones.
    """
    asked = members(invitations)
    atoms: dict[str, set[Hashable]] = {cell: set() for cell in asked}
    by_place: dict[Hashable, list[Given]] = {}
    for answer in given:
        by_place.setdefault(answer.place, []).append(answer)
    for place in {invitation.place for invitation in invitations}:
        for cell in cells_of(place):
            atoms[cell].add(place)
    sizes = {place: len(answers) for place, answers in by_place.items()}
    sizes |= {place: 0 for cell in atoms.values() for place in cell if place not in sizes}
    shown = _settled(atoms, sizes, asked, earlier, k)
    large = {cell for cell in shown if sum(sizes[atom] for atom in atoms[cell]) >= FROM_DISTRIBUTION}
    with_comments = suppression.shown_comments(
        {cell: atoms[cell] for cell in shown}, sizes, k_comments, [cell for cell in shown if _is_unfiltered(cell)]
    )
    bodies: dict[str, dict[str, Any]] = {}
    questions = len(given[0].scores) if given else 0
    by_question = [_bins(by_place, sizes, number) for number in range(questions)]
    open_cells = [suppression.not_unanimous(atoms, sizes, bins, shown, large, FAVOURABLE - 1) for bins in by_question]
    for cell in sorted(shown):
        answers = [answer for atom in atoms[cell] for answer in by_place.get(atom, ())]
        scores = [
            _counted(bins, atoms[cell], cell in large) if cell in visible else None
            for bins, visible in zip(by_question, open_cells, strict=True)
        ]
        comments = _mixed([answer.comment for answer in answers if answer.comment]) if cell in with_comments else None
        bodies[cell] = {"answered": len(answers), "asked": len(asked[cell]), "scores": scores, "comments": comments}
    return bodies


def _settled(
    atoms: Mapping[str, set[Hashable]],
    sizes: Mapping[Hashable, int],
    asked: Mapping[str, frozenset[str]],
    earlier: Mapping[str, frozenset[str]],
    k: int,
) -> set[str]:
    """Cells that both looks leave; hiding more never gives more away, so one round of each is enough."""
    shown = suppression.shown_by_answers(atoms, sizes, k)
    return suppression.shown_beside(asked, earlier, k, shown)


def _bins(
    by_place: Mapping[Hashable, list[Given]], sizes: Mapping[Hashable, int], question: int
) -> dict[Hashable, tuple[int, ...]]:
    found = {}
    for place in sizes:
        scores = [answer.scores[question] for answer in by_place.get(place, ())]
        found[place] = tuple(scores.count(score) for score in range(1, HIGHEST + 1))
    return found


def _counted(bins: Mapping[Hashable, tuple[int, ...]], atoms: set[Hashable], is_large: bool) -> dict[str, Any]:
    total = [sum(bins[atom][position] for atom in atoms) for position in range(HIGHEST)]
    return {"bins": total} if is_large else {"favourable": sum(total[FAVOURABLE - 1 :])}


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


def _is_unfiltered(cell: str) -> bool:
    return len(json.loads(cell)) == 1


def _mixed(texts: list[str]) -> list[str]:
    """In an order that tells nothing."""
    secrets.SystemRandom().shuffle(texts)
    return texts
