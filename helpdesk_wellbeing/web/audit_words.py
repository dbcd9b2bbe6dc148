"""What the audit says in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from helpdesk_wellbeing.pages.audit import SOMEBODY, Row
from helpdesk_wellbeing.plan.proposal import ACTIONS
from helpdesk_wellbeing.web import phrases, words
from helpdesk_wellbeing.web.language import LANGUAGES
from helpdesk_wellbeing.web.problems import explained, group_name, rule_title
from helpdesk_wellbeing.web.rendering import day
from helpdesk_wellbeing.web.settings import request_words
from helpdesk_wellbeing.web.settings import words as settings
from helpdesk_wellbeing.web.texts import by_language
from helpdesk_wellbeing.web.texts import gettext as _

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MANY = 3  # a longer list is folded
_LONG = 160  # signs; so is a longer text


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
        "agents told": _("agents told what is looked at"),
        "letter changed": _("letter to agents changed"),
        "no fixed hours": _("people without fixed hours noted"),
        "connected": _("helpdesk connected"),
        "files taken": _("files about people taken"),
        "people changed": _("a person's settings changed"),
        "agent erased": _("person erased"),
        "erasing asked for": _("erasing of a person asked for"),
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
        "renewed": _("proposal renewed"),
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
        "written": _("written into the helpdesk"),
        "skipped": _("not written into the helpdesk"),
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
        "contact": _("whom to ask"),
        "evidence": _("evidence opened"),
        "expires": _("until"),
        "glass": _("entry"),
        "ground": _("reason"),
        "how": _("how"),
        "listed": _("listed"),
        "mode": _("mode"),
        "moves": _("tickets"),
        "of": _("asked"),
        "on": _("on"),
        "people": _("people"),
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
        "from": _("from"),
        "grade": _("how sure"),
        "kind": _("kind"),
        "level": _("level"),
        "modes": _("what may happen"),
        "rule": _("rule"),
        "since": _("since"),
        "state": _("state"),
        "ticket": _("ticket"),
        "to": _("to"),
        "version": _("version"),
        "agreed_on": _("agreed on"),
        "clock": _("older than"),
        "command": _("command"),
        "consent": _("receivers are asked first"),
        "contest": _("contest"),
        "days": _("days"),
        "digest_at": _("digest"),
        "dpia_on": _("day of the assessment of risks"),
        "host": _("server"),
        "language": _("language"),
        "lead_no_more": _("lead no more"),
        "leads": _("lead now"),
        "mail_to": _("mail goes to"),
        "name": _("name"),
        "not_asked": _("not asked"),
        "notes": _("notes"),
        "notices": _("ways of telling"),
        "number": _("No."),
        "parties": _("agreed by"),
        "planning": _("planning"),
        "preset": _("country"),
        "public_url": _("address of these pages"),
        "purpose": _("purpose"),
        "purposes": _("purposes"),
        "quiet_from": _("quiet from"),
        "quiet_until": _("quiet until"),
        "removed": _("taken out"),
        "retention_weeks": _("kept for weeks"),
        "rooms": _("rooms"),
        "rows": _("rows"),
        "rules": _("rules"),
        "schedule": _("schedule"),
        "sender": _("sender"),
        "security": _("encryption"),
        "signal": _("signal"),
        "signals": _("signals"),
        "smtp": _("mail server"),
        "standing": _("approved in advance"),
        "stopped": _("stopped"),
        "survey_delivery": _("how surveys are sent"),
        "survey_group": _("group for surveys"),
        "time_zone": _("time zone"),
        "urgent_a_day": _("urgent ones a day"),
        "user": _("user"),
        "week_start": _("week begins on"),
        "widens": _("reaches further"),
        "works_council": _("works council"),
        "zone": _("time zone"),
        "platform": _("the helpdesk's number"),
        "not_restored": _("not put back"),
    }


def who(row: Row) -> str | None:
    """Who did it; None: the program."""
    return _("somebody") if row.by == SOMEBODY else row.by


def about(row: Row) -> list[tuple[str, str, bool]]:
    """What else an entry says: of what, as text, whether it is folded. What is empty is left out."""
    found = []
    for name, value in row.said.items():
        if value in ([], {}, "", None):
            continue
        text = _text(name, value)
        is_many = isinstance(value, list | tuple) and len(value) > _MANY
        called = _("of what") if name == "of" and isinstance(value, str) else field(name)
        label = f"{called} ({len(value)})" if is_many else called
        found.append((label, text, is_many or len(text) > _LONG))
    return found


def _text(of: str, value: Any) -> str:
    """A value as readers write it, without the signs of a programming language."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value in ({}, [], None):
        return "–"
    if isinstance(value, Mapping):
        if set(value) == {"kind", "id"}:
            return str(value["id"]) if value["kind"] == "agent" else group_name(str(value["id"]))
        return ", ".join(f"{_key(of, key)} {_text(_inside(of, key), one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        is_flat = not any(isinstance(one, Mapping) for one in value)
        return (", " if is_flat else "\n").join(_text(of, one) for one in value)
    return _word(of, str(value))


def _key(of: str, name: str) -> str:
    kinds: dict[str, Callable[[str], str]] = {
        "removed": settings.class_of_data, "days": settings.class_of_data, "retention_weeks": settings.kept,
        "rows": settings.file,
    }  # fmt: skip
    return kinds.get(of, settings.action if name in ACTIONS else field)(name)


def _inside(of: str, key: str) -> str:
    """Before and after are of what changed; what stands behind an action is its mode."""
    if key in ACTIONS:
        return "mode"
    return of if key in ("from", "to") else key


def _word(of: str, text: str) -> str:
    with suppress(ValueError):  # no day of the calendar
        if _INSTANT.fullmatch(text):
            return words.moment(datetime.fromisoformat(text))
        if _DAY.fullmatch(text):
            return day(text)
    closed: dict[str, Callable[[str], str]] = {
        "action": settings.action, "mode": settings.mode, "level": words.level, "state": words.state,
        "grade": lambda word: words.grade(word).rstrip("."), "reason": _reason, "roles": settings.role,
        "answer": lambda word: {"yes": _("yes"), "no": _("no")}.get(word, word), "page": _page,
        "kind": _kind, "rule": rule_title, "rules": rule_title, "signal": phrases.signal,
        "signals": phrases.signal, "widens": explained, "notes": explained, "preset": settings.preset,
        "works_council": settings.works_council, "purposes": settings.purpose, "mail_to": settings.role, "way": _way,
        "of": _setting, "before": settings.role, "week_start": _weekday, "language": _language,
        "ground": request_words.ground, "purpose": request_words.purpose,
    }  # fmt: skip
    return closed[of](text) if of in closed else text


def _kind(word: str) -> str:
    """What was written, or whom a rule is about."""
    written = {
        "move": _("a ticket moved"), "suggest": _("a suggestion on a ticket"), "undo": _("a move taken back"),
        "invite": _("a private ticket to one person"), "clear": _("a suggestion taken off a ticket"),
    }  # fmt: skip
    return written.get(word) or settings.kind(word)


def _reason(word: str) -> str:
    """Why something was declined, not written or not needed any more."""
    own = {"objected": _("objected"), "contested": _("flag contested"), "own hours": _("own hours given")}
    declined = own.get(word) or words.declined(word)
    if declined != word:
        return declined
    return words.no_longer(word) or words.skipped(word)


def _way(word: str) -> str:
    return {
        "bootstrap": _("entry link"), "email": _("e-mail"), "oidc": _("own provider"), "zendesk": "Zendesk",
        "freshdesk": "Freshdesk", "app": _("the app in the helpdesk"), "ticket": settings.told("ticket"),
        "otherwise": settings.told("otherwise"),
    }.get(word, word)  # fmt: skip


def _setting(word: str) -> str:
    return {"hours": _("Country, zone and week"), "notices": _("Notices")}.get(word, word)


def _weekday(number: str) -> str:
    return settings.weekday(int(number)) if number in tuple("0123456") else number


def _language(code: str) -> str:
    return LANGUAGES.get(code, code)


def _page(word: str) -> str:
    if word.startswith("document "):
        return settings.paper(word.removeprefix("document "))
    return {
        "today": _("Today"), "teams": _("Teams"), "esat": _("Surveys"), "me": _("About me"), "audit": _("Audit"),
        "settings": _("Settings"), "backtest": _("Look back eight weeks"), "proposal": _("proposal"),
        "flag": _("flag"), "requests": _("Requests of people"),
    }.get(word, word)  # fmt: skip
