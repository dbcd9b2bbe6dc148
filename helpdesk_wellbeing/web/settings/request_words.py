"""What the pages about requests of people say, in the reader's language."""

from __future__ import annotations

from flask_babel import gettext as _

from helpdesk_wellbeing.pages.settings.requests import BUSY, CUT, UNKNOWN, Erasing


def of_class(name: str) -> str:
    """A class of records about somebody."""
    return {
        "directory": _("who they are: name, teams, schedule, leave, on call"),
        "work": _("what they did in tickets, and when"),
        "about": _("what was computed of it and said about it: days, shifts, flags, objections, own words, notices"),
        "proposals": _("proposals that concern them, and what was decided and written"),
        "surveys": _("invitations to surveys; answers are kept without the person"),
        "signing_in": _("roles that were given to them, and where they are signed in"),
        "audit": _("what they did here, and who looked at them"),
    }.get(name, name)


def purpose(code: str) -> str:
    """What a class is kept for."""
    return {
        "working_time": _("working hours and load"),
        "workload": _("sharing work"),
        "team_survey": _("team surveys"),
        "security_audit": _("security and audit"),
        "legal_duty": _("a duty of the law"),
    }.get(code, code)


def ground(word: str) -> str:
    """Why somebody is erased."""
    return {
        "request": _("the person asks for it (article 17)"),
        "left": _("the person has left, and the data is needed no more"),
        "unlawful": _("the data should not have been kept"),
        "duty": _("a law or a court demands it"),
    }.get(word, word)


def step(erasing: Erasing) -> str:
    """How far it is."""
    if erasing.days is not None:
        done, of = erasing.days
        return _("Tickets keep their histories without the person: %(done)s of %(of)s days.", done=done, of=of)
    if erasing.step == "compacts":
        return _("All tables are clean; the files are being written anew, so that nothing is left in free places.")
    return _("It begins as soon as nothing else works with this account.")


def failed(word: str) -> str:
    """Why it did not come to its end."""
    return {
        BUSY: _("Something else was working with this account all the time. Nothing was erased; try again."),
        UNKNOWN: _("Nothing is known of that person any more."),
        CUT: _("Something went wrong. The log of the installation says where. Try again."),
    }.get(word, _("Something went wrong. The log of the installation says where. Try again."))
