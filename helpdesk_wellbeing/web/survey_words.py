"""What pages say of surveys in the reader's language."""

from __future__ import annotations

from helpdesk_wellbeing.surveys.loop import Change, NoChange
from helpdesk_wellbeing.surveys.results import Why
from helpdesk_wellbeing.web.texts import gettext as _
from helpdesk_wellbeing.web.words import number


def state(word: str) -> str:
    """Where a wave stands."""
    return {
        "planned": _("planned"),
        "open": _("can be answered"),
        "closed": _("is being counted"),
        "published": _("results are out"),
        "answered": _("results and answers are out"),
    }.get(word, word)


def kind(word: str) -> str:
    """Why a wave went out."""
    return {"regular": _("regular"), "triggered": _("because of the queue")}.get(word, word)


def why(reason: Why) -> str:
    """Why a result is not shown, in one phrase."""
    return {
        Why.UNKNOWN: _("not asked"),
        Why.NOT_YET: _("not published yet"),
        Why.ELSEWHERE: _("answered in another survey tool"),
        Why.PROTECTED: _("too few answers, or too alike, to protect those who gave them"),
    }[reason]


def not_asked(reason: str | None) -> str:
    """Why a team is not asked now."""
    return {
        None: _("may be asked, once somebody accepts a proposal for it"),
        "survey too recent": _("was asked a short while ago"),
        "too few members": _("has fewer than five members who may be asked, so no result could be shown"),
        "survey under way": _("is being asked now"),
        "last survey unanswered": _("waits for an answer to its last survey"),
        "not scheduled soon": _("too few are at work in the next days"),
    }.get(reason, str(reason))


def effect(change: Change | NoChange | None) -> str:
    """What became of a theme after its answer."""
    if change is None:
        return _("The next survey will show what changed.")
    if change is NoChange.HIDDEN:
        return _("What changed cannot be shown without giving somebody away.")
    if isinstance(change, NoChange):
        return _("Fewer than half have answered, so nothing can be said of what changed.")
    return _(
        "Agreement went from %(before)s to %(now)s per cent (a difference of %(difference)s points, with 95 per cent "
        "certainty between %(low)s and %(high)s). That is what happened, no proof of why.",
        before=_points(change.before), now=_points(change.now), difference=_signed(change.difference),
        low=_signed(change.ci_low), high=_signed(change.ci_high),
    )  # fmt: skip


def scale() -> list[str]:
    """The answers, from the worst to the best."""
    return [_("strongly disagree"), _("disagree"), _("neither"), _("agree"), _("strongly agree")]


def mean(value: float | None) -> str:
    """From one to five."""
    return number(value)


def _points(share: float) -> str:
    return f"{share * 100:.0f}"


def _signed(share: float) -> str:
    return f"{share * 100:+.0f}".replace("-", "−")
