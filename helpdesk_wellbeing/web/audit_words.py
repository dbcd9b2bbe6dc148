"""What the audit says in the reader's language."""

from __future__ import annotations

from helpdesk_wellbeing.web.words import _


def what(word: str) -> str:
    """What happened; what is not known here as it stands."""
    return {
        "accepted": _("proposal accepted"),
        "agreement recorded": _("agreement recorded"),
        "audit downloaded": _("audit downloaded"),
        "break glass": _("glass broken: somebody's page was opened"),
        "consent": _("receiver answered"),
        "consent asked": _("receivers asked"),
        "damaged": _("cannot be read any more"),
        "declined": _("proposal declined"),
        "done": _("proposal carried out"),
        "erased": _("person erased"),
        "expired": _("proposal ran out"),
        "exported": _("data of a person exported"),
        "looked": _("somebody looked"),
        "member added": _("member added"),
        "member dropped": _("member removed"),
        "proposed": _("proposal made"),
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
    }.get(word, word)


def field(name: str) -> str:
    """What a part of an entry is about; what is not known here as it stands."""
    return {
        "action": _("action"),
        "agent": _("about"),
        "agents": _("about"),
        "answer": _("answer"),
        "because": _("because of"),
        "changed": _("changed"),
        "evidence": _("evidence opened"),
        "expires": _("until"),
        "listed": _("listed"),
        "mode": _("mode"),
        "moves": _("tickets"),
        "of": _("asked"),
        "page": _("page"),
        "proposal": _("proposal"),
        "proposals": _("proposals"),
        "reason": _("reason"),
        "skipped": _("left as they were"),
        "subject": _("for"),
        "theme": _("theme"),
        "tickets": _("tickets"),
        "until": _("until"),
        "wave": _("survey"),
        "way": _("way"),
        "written": _("written"),
    }.get(name, name.replace("_", " "))
