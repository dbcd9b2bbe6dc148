"""What the audit says in the reader's language."""

from __future__ import annotations

from helpdesk_wellbeing.web.texts import by_language
from helpdesk_wellbeing.web.words import _


def what(word: str) -> str:
    """What happened; what is not known here as it stands."""
    return _happenings().get(word, word)


@by_language
def _happenings() -> dict[str, str]:
    return {
        "accepted": _("proposal accepted"),
        "agreement": _("agreement recorded"),
        "agreement asked for": _("change of the agreement asked for"),
        "agreement recorded": _("agreement recorded"),
        "connected": _("helpdesk connected"),
        "files taken": _("files about people taken"),
        "people changed": _("a person's settings changed"),
        "agent erased": _("person erased"),
        "audit downloaded": _("audit downloaded"),
        "contest settled": _("contest settled"),
        "contested": _("flag contested"),
        "installed": _("set up in the helpdesk"),
        "objection": _("objection"),
        "objection withdrawn": _("objection taken back"),
        "own hours": _("own hours given"),
        "retention": _("old data forgotten"),
        "retention set": _("retention changed"),
        "uninstalled": _("removed from the helpdesk"),
        "entry link made": _("link for an admin made"),
        "let in": _("somebody let in"),
        "let in no more": _("somebody let in no more"),
        "page opened for a reason": _("somebody's page opened for a reason"),
        "page shut again": _("page shut again"),
        "role changed": _("role changed"),
        "sign-in changed": _("ways to sign in changed"),
        "signed out by another": _("signed out by somebody else"),
        "signed out everywhere": _("signed out everywhere"),
        "consent": _("receiver answered"),
        "consent asked": _("receivers asked"),
        "damaged": _("cannot be read any more"),
        "declined": _("proposal declined"),
        "done": _("proposal carried out"),
        "expired": _("proposal ran out"),
        "exported": _("data of a person exported"),
        "looked": _("somebody looked"),
        "proposed": _("proposal made"),
        "put back": _("proposal put back"),
        "settings": _("settings changed"),
        "signed in": _("signed in"),
        "snoozed": _("proposal put aside"),
        "theme added": _("survey theme added"),
        "theme answered": _("survey theme answered"),
        "token added": _("access token made"),
        "token dropped": _("access token removed"),
        "undo asked": _("proposal taken back"),
        "wave opened": _("survey opened"),
        "wave published": _("survey published"),
        "withdrawn": _("proposal no longer needed"),
    }


def field(name: str) -> str:
    """What a part of an entry is about; what is not known here as it stands."""
    return _fields().get(name, name.replace("_", " "))


@by_language
def _fields() -> dict[str, str]:
    return {
        "action": _("action"),
        "agent": _("about"),
        "agents": _("about"),
        "before": _("before"),
        "answer": _("answer"),
        "because": _("because of"),
        "changed": _("changed"),
        "evidence": _("evidence opened"),
        "expires": _("until"),
        "glass": _("entry"),
        "listed": _("listed"),
        "mode": _("mode"),
        "moves": _("tickets"),
        "of": _("asked"),
        "page": _("page"),
        "proposal": _("proposal"),
        "proposals": _("proposals"),
        "reason": _("reason"),
        "roles": _("roles"),
        "sessions": _("sessions"),
        "skipped": _("left as they were"),
        "subject": _("for"),
        "theme": _("theme"),
        "tickets": _("tickets"),
        "until": _("until"),
        "wave": _("survey"),
        "way": _("way"),
        "whose": _("about"),
        "written": _("written"),
    }
