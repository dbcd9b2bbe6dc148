"""Waves, what of their results may be shown, and what is answered to them."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from helpdesk_wellbeing.api.answers import Refusal, answer, body_as, no_query, query_as
from helpdesk_wellbeing.api.document import described
from helpdesk_wellbeing.api.models import Answer, EffectQuery, NewTheme, ResultsQuery
from helpdesk_wellbeing.api.shapes import (
    AnsweredShape,
    EffectShape,
    ResultShape,
    ThemeShape,
    ThemesShape,
    WavesShape,
)
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.surveys.loop import Change, unanswered
from helpdesk_wellbeing.surveys.questions import question_set
from helpdesk_wellbeing.surveys.results import Ask, Hidden, Shown, Why, results

if TYPE_CHECKING:
    from datetime import date

    from flask import Blueprint, Response

    from helpdesk_wellbeing.api.desk import Desk
    from helpdesk_wellbeing.surveys.model import Theme, Wave

_ID = re.compile("[0-9a-f]{16}")


def add_to(routes: Blueprint, desk: Desk) -> None:
    """Add the routes."""
    store = desk.store

    @routes.get("/surveys/waves")
    @described(WavesShape)
    def all_waves(account: str) -> Response:
        no_query("waves")
        return answer({"account": account, "waves": [_wave(one) for one in store.surveys.waves(account)]})

    @routes.get("/surveys/waves/<wave>/results")
    @described(ResultShape, query=ResultsQuery)
    def result(account: str, wave: str) -> Response:
        query = query_as(ResultsQuery, "results")
        if (query.dimension is None) != (query.value is None):
            raise Refusal(422, "invalid", "results: a filter is a dimension and a value; give both or none")
        trait = None if query.dimension is None or query.value is None else (query.dimension, query.value)
        _find_wave(desk, account, wave)
        found = results(store, account, Ask(wave, query.team, trait))
        if isinstance(found, Hidden) and found.reason is Why.UNKNOWN:
            raise Refusal(404, "not_found", f"{account}: this wave asked no such team; the list of waves names its own")
        return answer(_result(found))

    @routes.post("/surveys/waves/<wave>/themes")
    @described(ThemeShape, body=NewTheme, status=201, decides=True)
    def add_theme(account: str, wave: str) -> Response:
        found = _find_wave(desk, account, wave)
        body = body_as(NewTheme, "theme")
        number = len(question_set(found.question_set).themes)
        if body.question is not None and body.question > number:
            raise Refusal(422, "invalid", f"theme: question: the wave has questions 1 to {number}")
        question = None if body.question is None else body.question - 1
        at = desk.now()
        with store.transaction():
            try:
                theme = waves.add_theme(store, account, wave, body.title, body.owner, at.date(), question)
            except ConfigError as error:
                raise Refusal(409, "cannot_decide", str(error)) from None
            store.audit.add(account, at, "theme added", by=desk.by, wave=wave, theme=theme.theme)
        return answer(_theme(theme), 201)

    @routes.get("/surveys/themes")
    @described(ThemesShape)
    def themes(account: str) -> Response:
        no_query("themes")
        found = store.surveys.themes(account)
        late = unanswered(found, desk.now().date())
        return answer({"account": account, "themes": [_theme(one) for one in found], "unanswered": asdict(late)})

    @routes.post("/surveys/themes/<theme>/answer")
    @described(AnsweredShape, body=Answer, decides=True)
    def answer_theme(account: str, theme: str) -> Response:
        _find_theme(desk, account, theme)
        text, at = body_as(Answer, "answer").text, desk.now()
        with store.transaction():
            try:
                wave = waves.answer_theme(store, account, theme, text, at.date())
            except ConfigError as error:
                raise Refusal(409, "cannot_decide", str(error)) from None
            store.audit.add(account, at, "theme answered", by=desk.by, wave=wave.wave, theme=theme)
        return answer({"theme": _theme(_find_theme(desk, account, theme)), "wave": _wave(wave)})

    @routes.get("/surveys/themes/<theme>/effect")
    @described(EffectShape, query=EffectQuery)
    def effect(account: str, theme: str) -> Response:
        query = query_as(EffectQuery, "effect")
        found = waves.effect(store, account, _find_theme(desk, account, theme), query.team)
        if isinstance(found, Change):
            return answer({"theme": theme, "team": query.team, "change": asdict(found), "reason": None})
        reason = "no later wave of the same people is published yet" if found is None else str(found)
        return answer({"theme": theme, "team": query.team, "change": None, "reason": reason})


def _find_wave(desk: Desk, account: str, wave: str) -> Wave:
    found = desk.store.surveys.wave(account, wave) if _ID.fullmatch(wave) else None
    if found is None:
        raise Refusal(404, "not_found", f"{account}: there is no such wave; list the waves anew")
    return found


def _find_theme(desk: Desk, account: str, theme: str) -> Theme:
    found = next((one for one in desk.store.surveys.themes(account) if one.theme == theme), None)
    if found is None:
        raise Refusal(404, "not_found", f"{account}: there is no such theme; list the themes anew")
    return found


def _wave(wave: Wave) -> dict[str, Any]:
    """Of a wave what tells nothing of anybody: neither who was asked nor how many."""
    return {
        "wave": wave.wave, "state": str(wave.state), "kind": str(wave.kind), "venue": str(wave.venue),
        "teams": list(wave.teams), "because": list(wave.triggers), "question_set": wave.question_set,
        "opens_at": wave.opens_at.isoformat(), "closes_at": wave.closes_at.isoformat(),
        "closed_on": _day(wave.closed_on), "published_on": _day(wave.published_on),
        "answered_on": _day(wave.answered_on),
    }  # fmt: skip


def _result(found: Shown | Hidden) -> dict[str, Any]:
    ask = found.ask
    of = {"wave": ask.wave, "team": ask.team, "filter": None if ask.trait is None else list(ask.trait)}
    if isinstance(found, Hidden):
        return {**of, "shown": False, "reason": str(found.reason)}
    return {
        **of, "shown": True, "answered": found.answered, "asked": found.asked,
        "response_percent": found.response_percent, "indicative": found.is_indicative,
        "esat_percent": found.esat_percent,
        "scores": [None if score is None else asdict(score) for score in found.scores],
        "comments": None if found.comments is None else list(found.comments),
    }  # fmt: skip


def _theme(theme: Theme) -> dict[str, Any]:
    return {
        "theme": theme.theme, "wave": theme.wave, "title": theme.title, "owner": theme.owner,
        "question": None if theme.question is None else theme.question + 1, "raised_on": _day(theme.raised_on),
        "answer": theme.answer, "answered_on": _day(theme.answered_on),
    }  # fmt: skip


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
