"""A wave from its plan to the published answer. Delivery (tickets, tags) is others' work: this gives links."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from helpdesk_wellbeing.errors import BadPayload, ConfigError
from helpdesk_wellbeing.surveys import links
from helpdesk_wellbeing.surveys.links import Claim
from helpdesk_wellbeing.surveys.loop import Change, NoChange, change
from helpdesk_wellbeing.surveys.model import Given, History, Invitation, Plan, State, Theme, Venue, Wave
from helpdesk_wellbeing.surveys.policy import K_COMMENTS, K_SCORES, Policy
from helpdesk_wellbeing.surveys.questions import HIGHEST, LONGEST_COMMENT, LOWEST, question_set
from helpdesk_wellbeing.surveys.results import Ask, Earlier, count, members, results

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store
    from helpdesk_wellbeing.store.surveys import Used

PATH = "/pulse/"
_TRIES = 3  # of counting a wave while answers may still come


@dataclass(frozen=True)
class Door:
    """What a link opens: the wave, its secret, and what the link says."""

    wave: Wave
    secret: str
    claim: Claim


def history(store: Store, account: str) -> History:
    """What `policy.due` needs to know of earlier waves."""
    return store.surveys.history(account)


def add(store: Store, account: str, plan: Plan, venue: Venue = Venue.OWN) -> Wave:
    """Keep a plan as a wave in the state planned."""
    question_set(plan.question_set)
    wave = Wave(
        account=account,
        wave=links.new_wave(),
        state=State.PLANNED,
        kind=plan.kind,
        venue=venue,
        teams=plan.teams,
        places=tuple(sorted({invitation.place for invitation in plan.invitations})),
        invited=len(plan.invitations),
        opens_at=plan.opens_at,
        closes_at=plan.closes_at,
        remind_at=plan.remind_at,
        triggers=plan.triggers,
        question_set=plan.question_set,
    )
    with store.transaction():
        store.surveys.add(account, wave, plan.invitations)
        if venue is Venue.OWN:
            store.put_secret(account, _secret_name(wave.wave), links.new_secret())
    return wave


def open_wave(store: Store, account: str, wave: str, on: date) -> None:
    """Let answers in; invitations may go out, each from its own moment. Raises ConfigError unless planned."""
    store.surveys.advance(account, wave, State.OPEN, on)


def to_invite(store: Store, account: str, wave: str, at: datetime) -> list[Invitation]:
    """Those of an open wave who may be invited by `at`; who was already is known to the one who delivers."""
    found = _wave(store, account, wave)
    if found.state is not State.OPEN or not found.opens_at <= at < found.closes_at:
        return []
    return [one for one in store.surveys.invitations(account, wave) if one.not_before <= at]


def is_reminder_due(wave: Wave, at: datetime) -> bool:
    """Whether the one reminder may go out: to all invited, because nobody knows who has answered."""
    return wave.state is State.OPEN and wave.remind_at is not None and wave.remind_at <= at < wave.closes_at


def link(store: Store, account: str, wave: str, invitation: Invitation, base_url: str, language: str = "en") -> str:
    """The address of the pulse page for one invitation: the same each time, so an invitation sent twice counts once.

    Put it nowhere but into the invitation. Raises ConfigError when the wave is answered elsewhere or is over.
    """
    found = _wave(store, account, wave)
    secret = store.get_secret(account, _secret_name(wave))
    if secret is None:
        raise ConfigError(f"surveys: account {account}: wave {wave} has no links: it is over or answered elsewhere")
    claim = Claim(account, wave, found.places.index(invitation.place), links.ident_of(secret, invitation.person))
    return f"{base_url.rstrip('/')}{PATH}{links.sign(secret, claim)}?lang={language}"


def door(store: Store, token: str) -> Door | None:
    """What a link opens, whatever the wave's state; None when it is forged or nothing is left of its wave."""
    claim = links.read(token)
    if claim is None or not store.has_account(claim.account):
        return None
    wave = store.surveys.wave(claim.account, claim.wave)
    if wave is None or claim.place >= len(wave.places):
        return None
    secret = store.get_secret(claim.account, _secret_name(claim.wave))
    if secret is None or not links.is_proven(secret, token):
        return None
    return Door(wave, secret, claim)


def is_over(store: Store, token: str) -> bool:
    """Whether the link names a wave that has closed: its secret is gone, so the link can no longer be proven."""
    claim = links.read(token)
    if claim is None or not store.has_account(claim.account):
        return False
    wave = store.surveys.wave(claim.account, claim.wave)
    return wave is not None and wave.state in (State.CLOSED, State.PUBLISHED, State.ANSWERED)


def answer(store: Store, opened: Door, scores: Sequence[int], comment: str, at: datetime) -> Used:
    """Count an answer and use the link up, both or neither. Raises BadPayload for what does not fit."""
    wave, claim = opened.wave, opened.claim
    asked = len(question_set(wave.question_set).themes)
    if len(scores) != asked or not all(LOWEST <= score <= HIGHEST for score in scores):
        raise BadPayload(f"surveys: an answer has {asked} scores from {LOWEST} to {HIGHEST}")
    if len(comment) > LONGEST_COMMENT:
        raise BadPayload(f"surveys: a comment has at most {LONGEST_COMMENT} characters")
    given = Given(wave.places[claim.place], tuple(scores), comment)
    sealed = links.seal(opened.secret, wave.wave, claim.place, given)
    return store.surveys.use(claim.account, wave.wave, links.mark_of(claim), sealed, at)


def close(store: Store, account: str, wave: str, on: date, k: int = K_SCORES, k_comments: int = K_COMMENTS) -> None:
    """Count the answers of an open wave and forget them, its links and its secret: all of it or nothing.

    What the rules hide now is hidden for ever, because nothing else is kept. `k` and `k_comments` may be raised only.
    Raises ConfigError when the wave is not open.
    """
    Policy(k=k, k_comments=k_comments)
    found = _wave(store, account, wave)
    if found.venue is Venue.ELSEWHERE or found.state is not State.OPEN:
        store.surveys.advance(account, wave, State.CLOSED, on)
        return
    for _ in range(_TRIES):
        # counting takes seconds in large accounts, in which nobody else should have to wait
        seen = _to_count(store, account, wave)
        counted = _counted(store, found, seen, k, k_comments)
        with suppress(_ChangedError), store.transaction():
            store.surveys.advance(account, wave, State.CLOSED, on)
            if _to_count(store, account, wave) != seen:
                raise _ChangedError
            _settle(store, found, counted)
            return
    with store.transaction():
        store.surveys.advance(account, wave, State.CLOSED, on)
        _settle(store, found, _counted(store, found, _to_count(store, account, wave), k, k_comments))


def close_due(store: Store, account: str, at: datetime, k: int = K_SCORES, k_comments: int = K_COMMENTS) -> list[str]:
    """Close every open wave whose days are over; their names."""
    ended = [one.wave for one in store.surveys.waves(account) if one.state is State.OPEN and one.closes_at <= at]
    for wave in ended:
        close(store, account, wave, at.date(), k, k_comments)
    return ended


def publish(store: Store, account: str, wave: str, on: date) -> None:
    """Let the result be seen. Raises ConfigError unless the wave is closed."""
    store.surveys.advance(account, wave, State.PUBLISHED, on)


def add_theme(
    store: Store, account: str, wave: str, title: str, owner: str, on: date, question: int | None = None
) -> Theme:
    """Say what a published wave brought up, and who answers it. `question`: the one whose next result shows the effect.

    Raises ConfigError when nobody has seen the result yet, or when the wave is answered already.
    """
    found = _wave(store, account, wave)
    if found.state is not State.PUBLISHED:
        raise ConfigError(f"surveys: account {account}: wave {wave} is {found.state}; themes come when it is published")
    theme = Theme(secrets.token_hex(8), wave, title, owner, on, question=question)
    store.surveys.add_theme(account, theme)
    return theme


def answer_theme(store: Store, account: str, theme: str, text: str, on: date) -> Wave:
    """Publish management's answer to a theme. With its last theme the wave is answered; the wave as it is then.

    Raises ConfigError for an unknown or answered theme, or an empty answer.
    """
    found = next((one for one in store.surveys.themes(account) if one.theme == theme), None)
    if found is None:
        raise ConfigError(f"surveys: account {account}: there is no theme {theme}; list the themes first")
    if not text.strip():
        raise ConfigError(f"surveys: account {account}: the answer to theme {theme} is empty; say what will be done")
    with store.transaction():
        if not store.surveys.answer_theme(account, theme, text.strip(), on):
            raise ConfigError(f"surveys: account {account}: theme {theme} has its answer already")
        of_wave = [one for one in store.surveys.themes(account) if one.wave == found.wave]
        if all(one.answered_on is not None for one in of_wave):
            store.surveys.advance(account, found.wave, State.ANSWERED, on)
    return _wave(store, account, found.wave)


def open_themes(store: Store, account: str) -> list[Theme]:
    """Themes without an answer, the eldest first."""
    return [one for one in store.surveys.themes(account) if one.answered_on is None]


def effect(store: Store, account: str, theme: Theme, team: str | None = None) -> Change | NoChange | None:
    """What became of a theme: the wave after its own against its own, for a team or all; None: no later one is out yet.

    It is what happened, no proof of why.
    """
    waves = store.surveys.waves(account)
    own = next(one for one in waves if one.wave == theme.wave)
    out = (State.PUBLISHED, State.ANSWERED)
    later = [one for one in waves if one.opens_at > own.opens_at and one.state in out]
    fitting = [one for one in later if (team in one.teams if team is not None else one.teams == own.teams)]
    if not fitting:
        return None
    now, before = (results(store, account, Ask(one.wave, team)) for one in (fitting[0], own))
    return change(now, before, theme.question or 0)


def forget_person(store: Store, account: str, person: str) -> None:
    """Erase a person from all invitations: a name that leads nowhere stands in the place, the size of groups stays."""
    store.surveys.rename_person(account, person, f"erased-{secrets.token_hex(8)}")


class _ChangedError(Exception):
    """An answer came, or another wave was closed, while this one was counted."""


_Seen: TypeAlias = tuple[list[bytes], list[dict[str, Earlier]]]


def _to_count(store: Store, account: str, wave: str) -> _Seen:
    """The answers, sealed, and what earlier waves show."""
    with store.view():
        return store.surveys.sealed(account, wave), _shown_before(store, account)


def _counted(store: Store, wave: Wave, seen: _Seen, k: int, k_comments: int) -> dict[str, dict[str, Any]]:
    sealed, earlier = seen
    secret = _secret(store, wave)
    given = [links.unseal(secret, wave.wave, wave.places, one) for one in sealed]
    secrets.SystemRandom().shuffle(given)
    return count(given, store.surveys.invitations(wave.account, wave.wave), earlier, k, k_comments)


def _settle(store: Store, wave: Wave, counted: dict[str, dict[str, Any]]) -> None:
    secret = _secret(store, wave)
    persons = [one.person for one in store.surveys.invitations(wave.account, wave.wave)]
    marks = [links.mark_of(Claim(wave.account, wave.wave, 0, links.ident_of(secret, one))) for one in persons]
    store.surveys.settle(wave.account, wave.wave, marks, counted)
    store.drop_secret(wave.account, _secret_name(wave.wave))


def _secret(store: Store, wave: Wave) -> str:
    secret = store.get_secret(wave.account, _secret_name(wave.wave))
    if secret is None:
        raise ConfigError(
            f"surveys: account {wave.account}: the secret of wave {wave.wave} is missing; bring back a backup"
        )
    return secret


def _shown_before(store: Store, account: str) -> list[dict[str, Earlier]]:
    """What each earlier wave shows."""
    found = []
    for earlier in store.surveys.waves(account):
        bodies = store.surveys.all_results(account, earlier.wave)
        if bodies:
            asked = members(store.surveys.invitations(account, earlier.wave))
            found.append({cell: Earlier(asked[cell], body) for cell, body in bodies.items()})
    return found


def _wave(store: Store, account: str, wave: str) -> Wave:
    found = store.surveys.wave(account, wave)
    if found is None:
        raise ConfigError(f"surveys: account {account}: there is no wave {wave}; list the waves first")
    return found


def _secret_name(wave: str) -> str:
    return f"survey_wave:{wave}"
