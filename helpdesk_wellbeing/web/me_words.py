"""What the page about oneself says."""

from __future__ import annotations

from datetime import datetime

from flask_babel import format_datetime, format_decimal

from helpdesk_wellbeing.pages.self_check import Answer
from helpdesk_wellbeing.web import phrases
from helpdesk_wellbeing.web.texts import gettext as _
from helpdesk_wellbeing.web.texts import ngettext


def chart_title(signal: str) -> str:
    """Of a chart of one's own past."""
    return {
        "WT1": _("Your shifts"),
        "WT2": _("Your weeks"),
        "WT4": _("Your rests between shifts"),
        "LD1": _("Your open work"),
    }.get(signal, phrases.signal(signal))  # fmt: skip


def question(answer: Answer) -> str:
    """A question of the self-check."""
    against = format_decimal(round(answer.against or 0, 1))
    return {
        "long days": _("Days longer than %(hours)s h in the last two weeks", hours=against),
        "short rests": _("Rests shorter than %(hours)s h between two shifts", hours=against),
        "without break": _("Long shifts in which no break of %(minutes)s minutes can be seen", minutes=against),
        "outside own hours": _("Days with work outside your own hours in the last four weeks"),
        "days in a row": _("Most days with work, one after the other"),
    }[answer.question]


def told(answer: Answer) -> str:
    """Its answer; what cannot be told is said."""
    if answer.number is None:
        return _("cannot be told: %(why)s", why=phrases.gap(answer.why or ""))
    return str(answer.number)


def never_stored() -> list[str]:
    """What is never kept about anybody."""
    return [
        _("the text of tickets, subjects and comments"),
        _("what is on your screen, which keys you press, where your mouse is"),
        _("your voice, your face, your mood, or a guess at any of these"),
        _("your health, or why you were away"),
        _("a score, a rank or a comparison with a colleague by name"),
        _("who answered what in a survey"),
    ]


def noted(what: str) -> str:
    """An entry of the audit, in words."""
    return {
        "looked": _("looked at what concerns you"),
        "page opened for a reason": _("opened your page, with a reason"),
        "page shut again": _("closed your page again"),
        "proposed": _("something was suggested"),
        "accepted": _("a suggestion was accepted"),
        "declined": _("a suggestion was declined"),
        "renewed": _("a suggestion was renewed"),
        "snoozed": _("a suggestion was put off"),
        "consent asked": _("you were asked whether you take over work"),
        "consent": _("you answered whether you take over work"),
        "undone": _("a suggestion was taken back"),
        "withdrawn": _("a suggestion was withdrawn"),
        "expired": _("a suggestion expired"),
        "objection": _("you objected"),
        "objection withdrawn": _("you took an objection back"),
        "contested": _("a flag was contested"),
        "own hours": _("your own hours were set or forgotten"),
        "settings": _("a setting that names you was changed"),
        "let in": _("you, or an address that signs in as you, were let in"),
        "role changed": _("what you may see was changed"),
        "let in no more": _("you, or an address that signs in as you, were let in no more"),
        "signed in": _("a sign-in as you"),
        "signed out everywhere": _("you signed out everywhere"),
        "signed out by another": _("an admin signed you out"),
        "exported": _("what is held about you was exported"),
    }.get(what, what)


def counted(number: int, what: str) -> str:
    """So many shifts or days."""
    if what == "shifts":
        return ngettext("%(num)s shift", "%(num)s shifts", number)
    return ngettext("%(num)s day with work", "%(num)s days with work", number)


def at(moment: datetime) -> str:
    """A time."""
    return str(format_datetime(moment, "d MMM y HH:mm"))
