"""What pages say of proposals, waves and gaps in the reader's language. Words describe work and conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_babel import format_datetime, get_locale, to_user_timezone

from helpdesk_wellbeing.acting.views import CONTESTED, GONE, OBJECTED, OWN_HOURS, PRIVATE
from helpdesk_wellbeing.plan.proposal import WRITING
from helpdesk_wellbeing.web.texts import gettext as _
from helpdesk_wellbeing.web.texts import ngettext

if TYPE_CHECKING:
    from helpdesk_wellbeing.pages.cards import Card
    from helpdesk_wellbeing.pages.proposal import Asking, MoveRow, Shown, TicketFacts
    from helpdesk_wellbeing.pages.today import Gap


def in_words(texts: Mapping[str, Any]) -> Any:
    """The text in the reader's language, else in English; empty where there is none."""
    return texts.get(str(get_locale())) or texts.get("en") or ""


def title(action: str, name: str, moves: int) -> str:
    """What a proposal is about, in one sentence."""
    if action == "rebalance":
        return ngettext("Move one ticket within %(name)s", "Move %(num)s tickets within %(name)s", moves, name=name)
    texts = {
        "esat_wave": _("Ask %(name)s how the work is going", name=name),
        "pause_intake": _("No new tickets for %(name)s for a while", name=name),
        "protect_break": _("Keep a break free for %(name)s", name=name),
        "recovery_slot": _("Give %(name)s time back", name=name),
        "no_new_escalations": _("No new escalations for %(name)s for a while", name=name),
        "check_in": _("Talk with %(name)s about the work", name=name),
        "staffing_note": _("Look at the staffing of %(name)s", name=name),
    }
    return texts.get(action, action.replace("_", " "))


def option(action: str) -> str:
    """The same below the name of whom or what it is about."""
    texts = {
        "esat_wave": _("Ask how the work is going"),
        "pause_intake": _("No new tickets for a while"),
        "protect_break": _("Keep a break free"),
        "recovery_slot": _("Give time back"),
        "no_new_escalations": _("No new escalations for a while"),
        "check_in": _("Talk about the work"),
        "staffing_note": _("Look at the staffing"),
    }
    return texts.get(action, action.replace("_", " "))


def without_name(texts: Mapping[str, str], name: str) -> str:
    """A reason below the name that it begins with."""
    text = str(in_words(texts))
    rest = text.removeprefix(f"{name}: ")
    return text if rest == text else rest[:1].upper() + rest[1:]


def consequence(card: Card | Shown) -> str:
    """What accepting does, by the mode of the action."""
    if not card.writes_tickets:
        return _("Accepting notes that you take care of it. Nothing is written into the helpdesk.")
    if card.mode in ("approve", "auto"):
        if card.action == "esat_wave":
            return _("Accepting invites the whole team, each by a private ticket.")
        return _("Accepting moves the tickets in the helpdesk. You can undo it.")
    if card.mode == "suggest" and card.action != "esat_wave":
        return _(
            "Each ticket has a private note with the suggestion. You move the tickets; accepting says that you did."
        )
    return _("Trial run: your decision is kept, and nothing is written into the helpdesk.")


def consequences(cards: Sequence[Card]) -> list[str]:
    """What accepting does of those that may write into the helpdesk, each once."""
    return list(dict.fromkeys(consequence(card) for card in cards if card.writes_tickets))


def mode_explained(shown: Shown) -> str | None:
    """How the mode could be another one; None where nothing is to be said."""
    if not shown.writes_tickets or shown.mode in ("approve", "auto"):
        return None
    if shown.state == "accepted":
        return _(
            "It was accepted while this action was on trial. Once an admin switches it to “after approval” it can be "
            "accepted again, and is carried out then."
        )
    return _("An admin decides in Settings whether accepting writes into the helpdesk (“after approval”).")


def state(word: str, action: str | None = None) -> str:
    """A proposal's state; what people do by hand is taken on, and nobody knows when it is done."""
    if word == "done" and action is not None and action not in WRITING:
        return _("Taken on")
    return {
        "open": _("Waits for a decision"),
        "snoozed": _("Put aside"),
        "asked": _("Waits for the receivers"),
        "accepted": _("Accepted"),
        "done": _("Done"),
        "undone": _("Taken back"),
        "declined": _("Declined"),
        "expired": _("Its time has passed"),
        "withdrawn": _("No longer needed"),
    }.get(word, word)


def stands(shown: Shown) -> str:
    """What became of a proposal so far, in a sentence."""
    when, who = moment(shown.changed_at), shown.decided_by or _("nobody")
    if shown.is_over or shown.state == "expired":
        return _(
            "Its time passed on %(when)s without anything being done. If it is still needed, a new one comes.",
            when=moment(shown.expires_at),
        )
    if shown.state == "done" and not shown.writes_tickets:
        return _("Taken on by %(who)s on %(when)s.", who=who, when=when)
    until, why = moment(shown.snoozed_until or shown.changed_at), declined(shown.reason or "other")
    return {
        "open": _("It waits for a decision until %(when)s.", when=moment(shown.expires_at)),
        "snoozed": _("%(who)s has put it aside until %(when)s.", who=who, when=until),
        "asked": _("%(who)s has accepted it. Nothing happens before those who would receive tickets agree.", who=who),
        "accepted": _("%(who)s accepted it on %(when)s.", who=who, when=when),
        "done": _("%(who)s accepted it, and it was done by %(when)s.", who=who, when=when),
        "undone": _("%(who)s took it back on %(when)s.", who=who, when=when),
        "declined": _("%(who)s declined it on %(when)s: %(why)s.", who=who, when=when, why=why),
        "withdrawn": _withdrawn(shown, when),
    }.get(shown.state, shown.state)


def no_longer(reason: str) -> str | None:
    """Why a proposal would not be made any more; None: no more is known than that what it rested on is over."""
    return {
        "nothing to move": _("the tickets are solved, or lie with others"),
        "no better distribution": _("open work is spread well enough by now"),
        "nobody can take work": _("nobody can take work at the moment"),
        "on leave": _("the person it is about is on leave"),
        "no schedule": _("no schedule is known any more"),
        "too few members": _("the team has too few members by now"),
        "survey too recent": _("the team was asked a short while ago"),
        "survey under way": _("the team is being asked"),
        "not critical": _("it is not critical any more"),
    }.get(reason)


def _withdrawn(shown: Shown, when: str) -> str:
    said = {
        OBJECTED: _("You objected to what it rested on, so it was withdrawn on %(when)s.", when=when),
        CONTESTED: _("What it rested on was said to be wrong, so it was withdrawn on %(when)s.", when=when),
        OWN_HOURS: _("It does not hold by the hours that you gave, so it was withdrawn on %(when)s.", when=when),
    }
    if shown.reason in (*PRIVATE, GONE):
        return said.get(shown.reason) or _("It is not available any more since %(when)s.", when=when)
    why = no_longer(shown.reason or "")
    if why is None:
        return _("What it rested on was over on %(when)s, so it is not needed any more.", when=when)
    return _("Withdrawn on %(when)s, as it would not be proposed now: %(why)s.", when=when, why=why)


def measured(shown: Shown) -> str:
    """When the numbers of a proposal were so."""
    when, made = moment(shown.measured_at), moment(shown.made_at)
    if shown.measured_at == shown.made_at:
        return _("Measured on %(when)s.", when=when)
    return _("Proposed on %(made)s, and renewed with what was measured on %(when)s.", made=made, when=when)


def since(shown: Shown) -> str:
    """What became of its tickets after that."""
    found = shown.since
    if found is None:
        return ""
    told = []
    if found.solved:
        told.append(
            ngettext(
                "Of %(all)s tickets one is solved since.",
                "Of %(all)s tickets %(num)s are solved since.",
                found.solved,
                all=found.tickets,
            )
        )
    if found.elsewhere:
        told.append(ngettext("Somebody else has one since.", "Others have %(num)s since.", found.elsewhere))
    return " ".join([*told, _("What has changed is left as it is.")])


def declined(reason: str) -> str:
    """A reason of the closed list for which proposals are declined."""
    return {
        "not needed": _("not needed"),
        "wrong moment": _("the wrong moment"),
        "wrong people": _("the wrong people"),
        "facts are wrong": _("the facts are wrong"),
        "already done": _("it is done already"),
        "other": _("another reason"),
        "no consent": _("nobody who would receive tickets agreed"),
    }.get(reason, reason)


def aside(word: str) -> str:
    """Until when something is put aside."""
    return {
        "1 hour": _("for an hour"),
        "3 hours": _("for three hours"),
        "tomorrow": _("until tomorrow morning"),
        "monday": _("until Monday morning"),
        "2 weeks": _("for two weeks"),
    }.get(word, word)


def written(state: str | None, problem: str | None, undone: str | None = None) -> str:
    """What became of a ticket's move."""
    if undone is not None:
        return {
            "planned": _("is being taken back"),
            "sent": _("is being taken back"),
            "written": _("taken back"),
            "skipped": _("could not be taken back: somebody changed it since"),
        }.get(undone, undone)
    if state == "skipped":
        return _("left as it is: %(why)s", why=skipped(problem or ""))
    return {
        None: _("nothing to be written"),
        "not chosen": _("not chosen; it stays as it is"),
        "not agreed": _("stays as it is: the receiver did not agree"),
        "planned": _("is about to be moved"),
        "sent": _("sent; the helpdesk has not confirmed it yet"),
        "written": _("moved"),
    }.get(state, str(state))


def asking(found: Asking) -> str:
    """How far the invitations of a survey are."""
    return _(
        "%(asked)s of %(people)s asked; the last at %(when)s. Each is asked in their own working hours. It cannot be "
        "undone: who was asked keeps the invitation, and the others get theirs.",
        asked=found.asked, people=found.people, when=moment(found.last_at),
    )  # fmt: skip


def apart(moves: Sequence[MoveRow]) -> dict[str, list[str]]:
    """By ticket: what sets it apart from the others that move with it."""
    said = {move.ticket: _of_ticket(move.facts) for move in moves if move.facts is not None}
    shared = set.intersection(*map(set, said.values())) if len(said) > 1 else set()
    return {ticket: [text for text in texts if text not in shared] for ticket, texts in said.items()}


def _of_ticket(facts: TicketFacts) -> list[str]:
    found = [_("%(effort)s × a normal ticket", effort=number(facts.effort))]
    if facts.hard:
        found.append(_("a hard one"))
    if facts.skills:
        found.append(_("needs %(skills)s", skills=", ".join(facts.skills)))
    if facts.language:
        found.append(_("in %(language)s", language=get_locale().languages.get(facts.language, facts.language)))
    if facts.knows:
        found.append(_("who receives it knows it, or who asked"))
    if facts.others == 0:
        return [*found, _("nobody else could take it now")]
    return [*found, ngettext("one other could take it", "%(num)s others could take it", facts.others)]


def skipped(reason: str) -> str:
    """Why something was not written."""
    return {
        "closed": _("the ticket is closed"),
        "gone": _("the ticket is gone"),
        "merged": _("the ticket was merged into another one"),
        "solved": _("the ticket is solved"),
        "forbidden": _("the connection may not change it"),
        "not in group": _("the receiver is not in the group"),
        "agent left": _("the receiver has left"),
        "group empty": _("nobody is in the group"),
        "label gone": _("the field for the label is gone"),
        "not allowed": _("the helpdesk does not allow it"),
        "invalid": _("the helpdesk did not accept it"),
        "moved by somebody else": _("somebody else has moved it"),
        "group changed": _("it is in another group now"),
        "about to breach": _("its answer is due too soon"),
        "changed since": _("somebody changed it since"),
        "nothing to undo": _("there was nothing to take back"),
        "withdrawn": _("it was taken back before"),
        "kept changing": _("others kept changing it"),
    }.get(reason, reason)


def gap(one: Gap) -> str:
    """What cannot be assessed and why, in a sentence."""
    if one.people and one.groups:
        whom = _("%(people)s and %(groups)s", people=_people(one.people), groups=_groups(one.groups))
    else:
        whom = _people(one.people) if one.people else _groups(one.groups)
    return {
        "no events in window": _("Nothing was seen of %(whom)s lately.", whom=whom),
        "no schedule": _("No schedule is known of %(whom)s.", whom=whom),
        "no zone": _("No time zone is known of %(whom)s.", whom=whom),
        "too few days": _("Of %(whom)s there are too few worked days yet.", whom=whom),
        "too few events": _("Of %(whom)s too little was seen.", whom=whom),
        "too few tickets": _("Of %(whom)s there are too few tickets.", whom=whom),
        "too few comparisons": _("For %(whom)s there is too little to compare with.", whom=whom),
        "no baseline": _("For %(whom)s the usual level is not known yet.", whom=whom),
        "no input on this platform": _("The helpdesk does not tell what is needed for %(whom)s.", whom=whom),
        "shared or automated": _("Work of %(whom)s comes from shared or automated accounts.", whom=whom),
        "identity review": _("More than one person may work under the accounts of %(whom)s.", whom=whom),
        "projection": _("For %(whom)s there is only an outlook so far.", whom=whom),
        "excluded": _("Nothing is said of %(whom)s, as was agreed.", whom=whom),
        "no limit in preset": _("The rules of the country set no limit for %(whom)s.", whom=whom),
    }.get(one.reason, _("Not available for %(whom)s.", whom=whom))


def unknown(one: Gap) -> str:
    """What is not known because of it, by the titles of the rules."""
    return titles(one.rules)


def titles(rules: Iterable[tuple[str, str]]) -> str:
    """What rules (id, title) look at, within a sentence."""
    return ", ".join(rule(id, title).lower() for id, title in rules)


def _people(number: int) -> str:
    return ngettext("one person", "%(num)s people", number)


def _groups(number: int) -> str:
    return ngettext("one team or queue", "%(num)s teams and queues", number)


def rule(id: str, title: str) -> str:
    """A rule's title; those of an admin's own rules as they stand."""
    conditions = {"team_load": _("Much work for many in the team"), "open_work_now": _("Much open work now")}
    return conditions.get(id) or translated(title)


def translated(text: str) -> str:
    """What a rule's file says, where the catalogue has it."""
    return _(text) if text else ""


def level(word: str) -> str:
    """How grave a flag is."""
    return {"warn": _("Noticeable"), "critical": _("Serious")}.get(word, word)


def grade(word: str) -> str:
    """How sure it is who did what."""
    return _("It is sure who did what.") if word == "A" else _("It is not always sure who did what.")


def moment(at: datetime) -> str:
    """Day and time, in the account's zone."""
    return str(format_datetime(at, "d MMM y HH:mm"))


def age(at: datetime, now: datetime) -> str:
    """How long ago, in words."""
    hours = int((now - at).total_seconds() // 3600)
    if hours < 1:
        return _("less than an hour ago")
    if hours < 48:
        return ngettext("an hour ago", "%(num)s hours ago", hours)
    return ngettext("a day ago", "%(num)s days ago", hours // 24)


def until(at: datetime, now: datetime) -> str:
    """Until when something waits, as one says it: today, tomorrow, on a weekday."""
    there, here = to_user_timezone(at), to_user_timezone(now)
    days, time = (there.date() - here.date()).days, str(format_datetime(at, "HH:mm"))
    if days == 0:
        return _("until %(time)s today", time=time)
    if days == 1:
        return _("until %(time)s tomorrow", time=time)
    if 1 < days < 7:
        return _("until %(day)s %(time)s", day=format_datetime(at, "EEEE"), time=time)
    return _("until %(day)s %(time)s", day=format_datetime(at, "d MMM y"), time=time)


def per_cent(share: float | None) -> str:
    """A share as a whole per cent."""
    return "–" if share is None else f"{share * 100:.0f}%"


def number(value: float | None) -> str:
    """With one digit after the point, where it has one."""
    if value is None:
        return "–"
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if str(get_locale()) == "nl" else text
