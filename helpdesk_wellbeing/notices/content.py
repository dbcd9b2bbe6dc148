"""What one recipient is told; pure.

No person is named and nothing is said of one, in mail or in chat: only that something waits, and where it can be seen
by who may see it. In a room others read along, so there is nothing about single people at all, and nothing about a
team of fewer than five.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from helpdesk_wellbeing.notices.people import Recipient
from helpdesk_wellbeing.notices.picture import Decision, Flag, Good, Picture, Trouble
from helpdesk_wellbeing.notices.words import Words
from helpdesk_wellbeing.words import excerpt

MOST = 10  # lines of a part
LONGEST_NAME = 60
ABOUT_TICKETS = ("backlog_growth",)  # rules of which a lead is told by name in a small team, too
# Where pages are, below those of the account.
PAGES = {"today": "today", "me": "me", "teams": "teams", "settings": "settings", "proposal": "proposals/"}
_ROLES = ("agent", "lead", "ops", "admin", "dpo")
_TO_ADMIN = ("paused", "failing", "silent", "writing", "audit", "notices")
_TROUBLES: Mapping[str, tuple[str, ...]] = {"admin": _TO_ADMIN, "ops": ("writing",), "dpo": ("audit",)}


@dataclass(frozen=True)
class Line:
    """A sentence, and where it leads."""

    text: str
    url: str | None = None


@dataclass(frozen=True)
class Part:
    """Lines under a title."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Message:
    """What is sent, whatever the channel. `about` are marks: what it was about need not be told again as new."""

    subject: str
    parts: tuple[Part, ...]
    foot: str
    language: str
    about: tuple[str, ...] = ()


def digest(
    to: Recipient, of: Picture, told: Collection[str], language: str, today: Collection[str] = ()
) -> Message | None:
    """The daily digest; None when there is nothing to say. `told` are marks that this recipient knows, `today` those
    of today's urgent notices."""
    words = Words(language)
    decisions, flags = decisions_for(to, of), [flag for flag in flags_for(to, of) if flag.mark not in told]
    notes = [flag for flag in flags if flag.kind == "agent"]
    queues = [flag for flag in flags if flag.kind != "agent"]
    own = [mark for mark in own_for(to, of) if mark not in told]
    troubles = [trouble for trouble in troubles_for(to, of) if trouble.mark not in today]
    good = good_for(to, of, told)
    parts = [
        *_own_part(words, of, own),
        *_decisions_part(words, to, of, decisions),
        *_notes_part(words, of, notes),
        *_queues_part(words, of, queues),
        *_troubles_part(words, of, troubles),
        *_good_part(words, of, good),
    ]
    if not parts:
        return None
    said = (
        ("own_subject", len(own)), ("decisions_subject", len(decisions)), ("notes_subject", len(notes)),
        ("queues_subject", len(queues)), ("trouble_subject", len(troubles)), ("good_subject", 0 if good is None else 1),
    )  # fmt: skip
    what = next(words(key, n=number) for key, number in said if number)
    about = [*(flag.mark for flag in flags), *own, *([good.mark] if good else [])]
    return _message(words, to, of, "digest", what, parts, about)


def urgent(to: Recipient, of: Picture, told: Collection[str], language: str) -> Message | None:
    """What cannot wait for the digest, all of it in one message; None when there is nothing new of the kind."""
    words = Words(language)
    limits = [flag for flag in urgent_flags(to, of) if flag.mark not in told]
    own = [flag for flag in limits if flag.subject == to.agent]
    others = [flag for flag in limits if flag.subject != to.agent]
    troubles = [trouble for trouble in troubles_for(to, of) if trouble.urgent and trouble.mark not in told]
    parts = _own_part(words, of, [flag.mark for flag in own])
    if others:
        lines = (Line(words("limit", n=len(others))), Line(words("limit_why")), _today(words, of))
        parts.append(Part("", lines))
    parts += _troubles_part(words, of, troubles)
    if not parts:
        return None
    what = words("own_subject" if own else "limit_subject" if others else "trouble_subject")
    about = [flag.mark for flag in limits] + [trouble.mark for trouble in troubles]
    # an agent's own is nothing to be alarmed by before it was seen
    return _message(words, to, of, "digest" if own and not others and not troubles else "urgent", what, parts, about)


def trial(to: Recipient, account: str, language: str) -> Message:
    """To see whether notices arrive."""
    words = Words(language)
    part = Part("", (Line(words("test", account=account)),))
    return Message(words("digest", account=account, what=words("test_subject")), (part,), "", language)


# ---- what concerns whom ---------------------------------------------------------------------------------------------


def decisions_for(to: Recipient, of: Picture) -> list[Decision]:
    """Open decisions that are this recipient's, the oldest first."""
    mine = [
        one
        for one in of.decisions
        if _leads(to, of, one.kind, one.subject, one.groups) and (one.kind != "agent" or one.lead_from <= of.at)
    ]
    return sorted(mine, key=lambda one: (one.made_at, one.id))


def flags_for(to: Recipient, of: Picture) -> list[Flag]:
    """Flags of others, of teams and of queues that this recipient may know of by now."""
    return [
        flag
        for flag in of.flags
        if _leads(to, of, flag.kind, flag.subject, flag.groups) and flag.lead_from is not None
        and flag.lead_from <= of.at and (flag.kind == "agent" or _may_be_named(to, of, flag.subject, flag.rule))
    ]  # fmt: skip


def own_for(to: Recipient, of: Picture) -> list[str]:
    """Marks of what is about the recipient: flags, what is proposed because of them, that somebody broke the glass."""
    if to.agent is None or "agent" not in to.roles:
        return []
    flags = [flag.mark for flag in of.flags if flag.kind == "agent" and flag.subject == to.agent]
    proposed = [mark for mark, agent in _about_agents(of) if agent == to.agent]
    return [*flags, *proposed, *(mark for mark, agent in of.opened if agent == to.agent)]


def _about_agents(of: Picture) -> list[tuple[str, str]]:
    return [(f"proposal {one.id}", one.subject) for one in of.decisions if one.kind == "agent"]


def urgent_flags(to: Recipient, of: Picture) -> list[Flag]:
    """Critical flags of law: one's own, those of the people one leads, and those of people whom nobody leads."""
    if to.is_room:
        return []

    def concerns(flag: Flag) -> bool:
        if flag.subject == to.agent:
            return "agent" in to.roles
        if not _leads(to, of, flag.kind, flag.subject, flag.groups):
            return False
        return bool(flag.groups & to.leads) or not of.staff.leads_for(flag.groups, but=flag.subject)

    return [
        flag
        for flag in of.flags
        if flag.kind == "agent" and flag.statutory and flag.level == "critical" and concerns(flag)
    ]


def troubles_for(to: Recipient, of: Picture) -> list[Trouble]:
    """What this recipient can mend, or has to know."""
    theirs = {what for role in to.roles for what in _TROUBLES.get(role, ())}
    return [trouble for trouble in of.troubles if trouble.what in theirs]


def good_for(to: Recipient, of: Picture, told: Collection[str]) -> Good | None:
    """The newest good thing that the recipient has not been told yet."""

    def concerns(good: Good) -> bool:
        if good.kind == "agent":
            return "agent" in to.roles and to.agent is not None and good.subject == to.agent
        groups = of.staff.groups_of.get(to.agent or "", frozenset()) if "agent" in to.roles else frozenset()
        asked = good.what == "answered" and bool(good.groups & groups)
        led = _leads(to, of, good.kind, good.subject, good.groups)
        return (asked or led) and _may_be_named(to, of, good.subject, good.rule)

    fresh = [good for good in of.good if good.mark not in told and concerns(good)]
    return max(fresh, key=lambda good: (good.at, good.mark), default=None)


def _leads(to: Recipient, of: Picture, kind: str, subject: str, groups: frozenset[str]) -> bool:
    """Whether the recipient decides about it: a lead of one of its groups; operations, except of what is about a lead.

    Never about oneself. In a room: only what is about a team that is large enough.
    """
    if kind == "agent" and (to.is_room or subject == to.agent):
        return False
    if to.is_room and not _is_large(of, subject):
        return False
    if groups & to.leads and (kind != "agent" or "lead" in of.told_of_persons):
        return True
    if kind == "agent" and (of.staff.leads_of.get(subject) or "ops" not in of.told_of_persons):
        return False
    return "ops" in to.roles


def _is_large(of: Picture, group: str) -> bool:
    team = of.staff.teams.get(group)
    return team is not None and team.is_large


def _may_be_named(to: Recipient, of: Picture, group: str, rule: str) -> bool:
    return _is_large(of, group) or (rule in ABOUT_TICKETS and not to.is_room)


# ---- sentences ------------------------------------------------------------------------------------------------------


def _own_part(words: Words, of: Picture, own: list[str]) -> list[Part]:
    lines = (Line(words("own_first")), Line(words("open_me"), _page(of, "me")))
    return [Part(words("own"), lines)] if own else []


def _decisions_part(words: Words, to: Recipient, of: Picture, decisions: list[Decision]) -> list[Part]:
    if not decisions:
        return []
    lines = [Line(_decision(words, of, one), _page(of, "proposal", one.id)) for one in decisions[:MOST]]
    if len(decisions) > MOST:
        lines.append(Line(words("more", n=len(decisions) - MOST), _page(of, "today")))
    title = words("decisions_room" if to.is_room else "decisions", n=len(decisions))
    return [Part(title, (*lines, _today(words, of)))]


def _decision(words: Words, of: Picture, one: Decision) -> str:
    age = words.age(of.at - one.made_at)
    if one.kind == "agent":
        return words("decision_someone", age=age)
    if not _is_large(of, one.subject):
        return words("decision_team", age=age)
    return words("decision", what=words.named("action", one.action), where=_name(of, one.subject), age=age)


def _notes_part(words: Words, of: Picture, notes: list[Flag]) -> list[Part]:
    return [Part(words("notes", n=len(notes)), (_today(words, of),))] if notes else []


def _queues_part(words: Words, of: Picture, flags: list[Flag]) -> list[Part]:
    def said(flag: Flag) -> str:
        what = words.named("rule", flag.rule)
        return words("flag", where=_name(of, flag.subject), what=what, day=words.day(flag.since))

    return _part(words, of, words("queues"), flags, lambda flag: Line(said(flag), _page(of, "teams")))


def _troubles_part(words: Words, of: Picture, troubles: list[Trouble]) -> list[Part]:
    def said(one: Trouble) -> str:
        return words(f"trouble_{one.what}", when=words.minute(one.since), detail=one.detail)

    return _part(words, of, words("troubles"), troubles, lambda one: Line(said(one), _page(of, "settings")))


def _good_part(words: Words, of: Picture, good: Good | None) -> list[Part]:
    if good is None:
        return []
    if good.kind == "agent":
        line = Line(words("good_own"), _page(of, "me"))
    else:
        what = words.named("over", good.rule) if good.rule else ""
        line = Line(words(f"good_{good.what}", n=good.count, where=_name(of, good.subject), what=what))
    return [Part(words("good"), (line,))]


def _part(words: Words, of: Picture, title: str, found: list[Any], line_of: Callable[[Any], Line]) -> list[Part]:
    if not found:
        return []
    lines = [line_of(one) for one in found[:MOST]]
    if len(found) > MOST:
        lines.append(Line(words("more", n=len(found) - MOST), _page(of, "today")))
    return [Part(title, tuple(lines))]


def _page(of: Picture, name: str, id: str = "") -> str:
    return f"{of.base}/{PAGES[name]}{id}"


def _today(words: Words, of: Picture) -> Line:
    return Line(words("open_today"), _page(of, "today"))


def _name(of: Picture, group: str) -> str:
    """A group's name on one line: it is the helpdesk's, so anything may be in it."""
    team = of.staff.teams.get(group)
    return excerpt(team.name if team else group, LONGEST_NAME)


def _message(
    words: Words, to: Recipient, of: Picture, kind: str, what: str, parts: list[Part], about: list[str]
) -> Message:
    roles = words.joined([words(f"role_{role}") for role in _ROLES if role in to.roles] or [words("role_agent")])
    foot = words("foot_room", account=of.account) if to.is_room else words("foot", roles=roles, account=of.account)
    subject = words(kind, account=of.account, what=what)
    return Message(subject, tuple(parts), foot, words.language, tuple(about))


# ---- as it is kept until it is sent ---------------------------------------------------------------------------------


def to_json(message: Message) -> dict[str, Any]:
    """A JSON-ready object that `from_json` reads again."""
    parts = [
        {"title": part.title, "lines": [{"text": line.text, "url": line.url} for line in part.lines]}
        for part in message.parts
    ]
    return {"subject": message.subject, "parts": parts, "foot": message.foot, "language": message.language,
            "about": list(message.about)}  # fmt: skip


def from_json(plain: Mapping[str, Any]) -> Message:
    """The message of `to_json`."""
    parts = tuple(
        Part(part["title"], tuple(Line(line["text"], line["url"]) for line in part["lines"])) for part in plain["parts"]
    )
    return Message(plain["subject"], parts, plain["foot"], plain["language"], tuple(plain["about"]))
