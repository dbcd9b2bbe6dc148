"""What settings say in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import format_decimal

from helpdesk_wellbeing.web import rendering
from helpdesk_wellbeing.web.texts import gettext as _
from helpdesk_wellbeing.web.texts import ngettext
from helpdesk_wellbeing.web.words import moment


def preset(name: str) -> str:
    """What a statutory preset is called."""
    return {
        "eu_floor": _("European floor"),
        "nl_atw": _("Netherlands"),
        "uk_wtr": _("United Kingdom"),
        "de_arbzg": _("Germany"),
        "fr_ct": _("France"),
        "us_flsa": _("United States"),
    }.get(name, name)


def preset_says(name: str) -> str:
    """The same in a sentence."""
    return {
        "eu_floor": _(
            "The Working Time Directive: 11 hours of rest a day, 35 together a week, 48 hours a week on "
            "average over 17 weeks. Choose it where no other fits."
        ),
        "nl_atw": _(
            "Working Hours Act: at most 12 hours a shift, 11 hours of rest, a break of half an hour after "
            "five and a half hours, 55 hours a week over four weeks and 48 over sixteen."
        ),
        "uk_wtr": _(
            "Working Time Regulations: 11 hours of rest, 20 minutes of break after six hours, 48 hours a "
            "week on average over 17 weeks."
        ),
        "de_arbzg": _(
            "Working Hours Act: at most 10 hours a day, 11 hours of rest, 30 minutes of break after six "
            "hours and 45 after nine."
        ),
        "fr_ct": _(
            "Labour Code: at most 10 hours a day, 11 hours of rest, 20 minutes of break after six hours, 44 "
            "hours a week over twelve weeks."
        ),
        "us_flsa": _(
            "Federal law sets no such limits; the European numbers are hints about health and are never critical."
        ),
    }.get(name, "")


def weekday(number: int) -> str:
    """Monday is 0."""
    return [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")][number]


def gap(word: str) -> str:
    """What is missing of a person."""
    return {
        "schedule": _("no schedule"),
        "time_zone": _("no zone of their own"),
        "lead": _("nobody leads their teams"),
    }.get(word, word)


def identity(word: str | None) -> str:
    """What an account of the helpdesk is."""
    return {
        "person": _("a person"), "shared": _("shared by several"), "automation": _("a machine"),
    }.get(word or "", _("not said"))  # fmt: skip


def told(word: str) -> str:
    """How somebody was told what is looked at about them, or why not yet."""
    return {
        "read": _("has read it"),
        "ticket": _("told by ticket"),
        "otherwise": _("told in another way"),
        "waits": _("a ticket is on its way"),
        "left": _("has left the helpdesk"),
        "failed": _("could not be written to"),
        "not yet": _("not yet"),
    }.get(word, word)


def told_on(word: str, on: date | None) -> str:
    """The same of one person, with the day."""
    if on is None:
        return told(word)
    day = rendering.day(on)
    return {
        "read": _("has read it on %(day)s", day=day),
        "ticket": _("told by ticket on %(day)s", day=day),
        "otherwise": _("told in another way on %(day)s", day=day),
    }.get(word, told(word))


def not_written(why: str) -> str:
    """Why a ticket to somebody was not made."""
    return {
        "withdrawn": _("withdrawn before it was written"),
        "forbidden": _("the helpdesk does not allow it"),
        "not allowed": _("the helpdesk does not allow it"),
    }.get(why, _("the helpdesk refused it"))


def role(word: str) -> str:
    """A role."""
    return {
        "agent": _("agent"),
        "lead": _("team lead"),
        "ops": _("operations"),
        "hr": _("HR, health and safety"),
        "council": _("works council"),
        "admin": _("admin"),
        "dpo": _("data protection"),
    }.get(word, word)


def role_says(word: str) -> str:
    """What a role sees."""
    return {
        "ops": _("what leads see, of all teams"),
        "hr": _("numbers of five people and more, nobody by name"),
        "council": _("these settings, the audit in words, numbers of five people and more; changes nothing"),
        "admin": _("these settings and may change them; nothing of anybody's work"),
        "dpo": _("the audit, agreements and documents"),
        "lead": _("flags and proposals about the members of the teams they lead, after the agent has seen them"),
        "agent": _("everything about themselves, nothing about others"),
    }.get(word, "")


def works_council(word: str) -> str:
    """What it decided."""
    return {
        "consented": _("consented"),
        "advised": _("advised"),
        "no council": _("there is no works council"),
        "not recorded": _("not recorded"),
    }.get(word, word)


def purpose(word: str) -> str:
    """What data may serve."""
    return {
        "working_time": _("keeping working time within the law"),
        "workload": _("spreading work more evenly"),
        "team_survey": _("asking teams how work is going"),
    }.get(word, word)


def kept(word: str) -> str:
    """A class of data."""
    return {
        "events": _("events of the helpdesk"),
        "facts": _("what is computed from them: days, shifts, load"),
        "decisions": _("flags and proposals"),
        "answers": _("survey answers"),
        "audit": _("the audit"),
    }.get(word, word)


def class_of_data(word: str) -> str:
    """A class of data as retention knows it."""
    return {
        "events": _("events of the helpdesk"),
        "facts": _("what is computed from them: days, shifts, load"),
        "flags": _("flags and proposals"),
        "surveys": _("survey answers"),
        "audit": _("the audit"),
        "inbox": _("calls of the helpdesk that were worked off"),
        "sessions": _("who was signed in"),
        "notices": _("notices that were sent"),
    }.get(word, word)


def why_so_long(word: str) -> str:
    """Why a class of data, as retention or an agreement knows it, is kept no shorter."""
    return {
        "events": _("signals look back so far"),
        "facts": _("signals look back so far"),
        "flags": _("planning looks back so far"),
        "decisions": _("planning looks back so far"),
        "surveys": _("surveys look back so far, so that nobody is asked too often"),
        "answers": _("surveys look back so far, so that nobody is asked too often"),
        "audit": _("what was done can be checked for a year"),
        "inbox": _("helpdesks send again"),
    }.get(word, _("it is needed so long"))


def paper(kind: str) -> str:
    """A document."""
    return {
        "agents": _("Letter to agents: what is looked at about them"),
        "dpia": _("Draft of an assessment of risks (DPIA)"),
        "processing": _("Record of processing"),
        "works-council": _("What a works council needs to decide"),
    }.get(kind, kind)


def action(name: str) -> str:
    """What an action is called."""
    return {
        "rebalance": _("Move tickets within a team"),
        "esat_wave": _("Ask a team how it is going"),
        "pause_intake": _("No new tickets for somebody for a while"),
        "protect_break": _("Keep a break free"),
        "recovery_slot": _("Give time back"),
        "no_new_escalations": _("No new escalations for somebody for a while"),
        "check_in": _("A talk about the work"),
        "staffing_note": _("Look at the staffing of a team"),
    }.get(name, name.replace("_", " "))


def mode(word: str) -> str:
    """What a mode is called."""
    return {
        "off": _("off"),
        "dry_run": _("on trial"),
        "suggest": _("as a note"),
        "approve": _("after approval"),
        "auto": _("approved in advance"),
    }.get(word, word)


def mode_says(action: str, word: str) -> str:
    """What a mode means for an action."""
    if word == "off":
        return _("It is never proposed.")
    if word == "dry_run" and action not in ("rebalance", "esat_wave"):
        return _("It is proposed; a person does it, nothing is ever written into the helpdesk.")
    if word == "approve" and action == "esat_wave":
        return _("It is proposed; after a yes everybody in the team gets a private ticket with a link.")
    return {
        "dry_run": _("It is proposed and decided, and nothing is written into the helpdesk."),
        "suggest": _("Each ticket gets a private note with the suggestion; a person moves it."),
        "approve": _("It is proposed; after a lead's yes the tickets are moved, and that can be undone."),
        "auto": _("A standing approval from the command line says yes in advance."),
    }.get(word, "")


def write_state(word: str) -> str:
    """What became of what was to be written, after a number."""
    return {
        "planned": _("waiting"), "sent": _("sent, not confirmed yet"), "written": _("written"),
        "skipped": _("left as they were"),
    }.get(word, word)  # fmt: skip


def ago(span: timedelta) -> str:
    """How long ago something was."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 2:
        return _("just now")
    if minutes < 120:
        return ngettext("a minute ago", "%(num)s minutes ago", minutes)
    if minutes < 48 * 60:
        return ngettext("an hour ago", "%(num)s hours ago", minutes // 60)
    return ngettext("a day ago", "%(num)s days ago", minutes // (24 * 60))


def kind(word: str) -> str:
    """Whom or what a rule is about."""
    return {"agent": _("one person"), "team": _("a team"), "queue": _("a queue")}.get(word, word)


def kinds(word: str) -> str:
    """What is counted of a rule."""
    return {"agent": _("people"), "team": _("teams"), "queue": _("queues")}.get(word, word)


def job(step: str) -> str:
    """What work in the background does now."""
    if step.startswith("work:"):
        return _("Working through what was read: up to %(day)s.", day=step.removeprefix("work:"))
    return {
        "simulate": _("A team of 60 is being simulated: ten weeks of tickets."),
        "keep": _("What happened there is being kept."),
        "evaluate": _("The last weeks are being evaluated, week by week."),
        "look": _("The helpdesk is asked what is there."),
        "make": _("It is being set up, one thing after the other."),
        "take": _("Everything of ours is being taken out. With many tickets this takes some minutes."),
        "busy": _("Something else is working with this account; what is kept so far is evaluated."),
    }.get(step, _("It is beginning."))


def file(kind: str) -> str:
    """A file about people."""
    return {
        "people": _("people"), "leave": _("leave"), "groups": _("groups"), "on_call": _("on call"),
    }.get(kind, kind)  # fmt: skip


def carried_out(said: Mapping[str, Any]) -> str:
    """When old data was taken out last, and how much."""
    if not said:
        return _("Not carried out yet; it is done once a day.")
    gone = ", ".join(
        f"{class_of_data(kind)}: {format_decimal(count)}" for kind, count in said["removed"].items() if count
    )
    when = moment(datetime.fromisoformat(said["at"]))
    return _("Last on %(when)s. Taken out: %(what)s.", when=when, what=gone or _("nothing"))


def does(word: str) -> str:
    """What happens to a thing in the helpdesk."""
    return {"create": _("is made"), "keep": _("stays"), "mend": _("is mended"), "remove": _("is taken out")}.get(
        word, word
    )


def did(word: str) -> str:
    """What happened to it."""
    return {"create": _("made"), "keep": _("there"), "mend": _("mended"), "remove": _("taken out")}.get(word, word)


def thing(kind: str) -> str:
    """What is set up in a helpdesk."""
    return {
        "ticket_field": _("ticket field"), "view": _("view"), "webhook": _("webhook"), "trigger": _("trigger"),
        "rule": _("automation rule"),
    }.get(kind, kind)  # fmt: skip


def installed(name: str) -> str:
    """One of our things, by our name for it."""
    return {
        "field": _("ticket field"), "view": _("view"), "webhook": _("webhook"), "trigger": _("trigger"),
        "trigger_webhook": _("webhook"), "creation_rule": _("rule for new tickets"),
        "update_rule": _("rule for changed tickets"),
    }.get(name, name)  # fmt: skip


def effect(word: str) -> str:
    """What a rule of theirs would do to a survey ticket."""
    return {
        "asks for a rating": _("asks for a rating"),
        "notifies": _("sends notifications"),
        "changes the ticket": _("changes the ticket"),
        "starts a clock": _("starts a clock"),
        "calls another system": _("calls another system"),
    }.get(word, word)


def trouble(word: str) -> tuple[str, str]:
    """What is wrong with talking to a helpdesk, and what to do about it."""
    return {
        "credentials": (
            _("The helpdesk does not accept our credentials."),
            _("Enter other ones under The helpdesk, in these settings. Then look again."),
        ),
        "rights": (
            _("The helpdesk does not allow it."),
            _("The user behind the connection must be an admin there who may manage fields, views and rules. Make it "
              "one, or connect with another. Then look again."),
        ),
        "scope": (
            _("The connection may only read."),
            _("In Zendesk, open Admin Center, Apps and integrations, APIs, OAuth clients, and choose the client. Allow "
              "the scope write besides read. Then look again. Reading goes on asking for read alone."),
        ),
        "no_admin": (
            _("The user behind the connection is no admin in the helpdesk."),
            _("Make that user an admin there, or connect with another. Then look again."),
        ),
        "no_app": (
            _("The app was not found there."),
            _("Upload it and install it first. Where it is there twice, take the old one out. Then look again."),
        ),
        "unreachable": (
            _("The helpdesk could not be reached, or asks us to wait."),
            _("Look again in some minutes. What was done so far is kept and is not done twice."),
        ),
    }.get(word, (_("It did not work."), _("Do what is said here. Then look again.")))  # fmt: skip
