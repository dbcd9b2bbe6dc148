"""What notices say, in every language, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

# A word with two forms has the one for 1 first.
WORDS: Mapping[str, Mapping[str, str | tuple[str, str]]] = MappingProxyType(
    {
        "en": {
            "product": "Helpdesk wellbeing",
            "digest": "Helpdesk wellbeing, {account}: {what}",
            "urgent": "Helpdesk wellbeing, {account}, urgent: {what}",
            "decisions_subject": ("{n} decision waits", "{n} decisions wait"),
            "notes_subject": ("{n} new note", "{n} new notes"),
            "queues_subject": ("news about {n} queue or team", "news about {n} queues and teams"),
            "own_subject": "something new for you to see",
            "trouble_subject": "a connection needs you",
            "good_subject": "good news",
            "limit_subject": "a legal limit was passed",
            "decisions": ("{n} decision waits for you", "{n} decisions wait for you"),
            "decisions_room": ("{n} decision waits", "{n} decisions wait"),
            "decision": "{what}: {where}, {age}",
            "decision_someone": "A decision about a colleague, {age}",
            "decision_team": "A decision about one of the teams, {age}",
            "more": ("and {n} more", "and {n} more"),
            "notes": ("1 new note about a colleague", "{n} new notes about colleagues"),
            "open_today": "Open Today",
            "queues": "New about queues and teams",
            "flag": "{where}: {what}, since {day}",
            "own": "There is something new for you to see.",
            "own_first": "What is about you, you see before your lead does, except where a legal limit is at stake.",
            "open_me": "Open your own page",
            "limit": ("A legal limit on hours or rest was passed in one of your teams.",
                      "{n} legal limits on hours or rest were passed in your teams."),
            "limit_why": "Who it is about, and what helps, stands on the page.",
            "troubles": "To mend",
            "good": "Good news",
            "good_own": "A note about you has ended.",
            "good_ended": "{where}: {what}.",
            "good_answered": "{where}: there is an answer to what the last survey brought up.",
            "good_moved": ("{where}: {n} ticket found a free pair of hands.",
                           "{where}: {n} tickets found free hands."),
            "foot": "You get this as {roles} of {account}, on working days and at most once a day; urgent things "
            "apart. An admin can change that.",
            "foot_room": "Sent to this channel for {account}. Nothing about single people is ever said here.",
            "test": "This is a test. Notices of {account} arrive here.",
            "test_subject": "a test",
            "today": "new today",
            "days": ("for {n} day", "for {n} days"),
            "and": "and",
            "role_agent": "agent",
            "role_lead": "team lead",
            "role_ops": "operations",
            "role_admin": "admin",
            "role_dpo": "data protection officer",
            "trouble_paused": "The helpdesk no longer lets us in, so nothing is read since {when}. Connect the account "
            "again.",
            "trouble_failing": "Reading from the helpdesk has failed since {when}. See the status.",
            "trouble_silent": "No webhook has come since {when}. Look at the webhook in the helpdesk.",
            "trouble_writing": "What was decided cannot be written into the helpdesk since {when}. See the status.",
            "trouble_audit": "The audit log is not as it was written; found on {when}. Keep a copy and find out who "
            "could change it.",
            "trouble_notices": "Notices by {detail} fail since {when}. See the status.",
            "rule_backlog_growth": "the backlog grows",
            "rule_escalation_heavy_queue": "more tickets than usual escalate",
            "rule_team_imbalance": "work is unevenly spread",
            "rule": "a limit was passed",
            "over_backlog_growth": "the backlog no longer grows",
            "over_escalation_heavy_queue": "escalations are back to what is usual",
            "over_team_imbalance": "work is evenly spread again",
            "over": "what was flagged is over",
            "action_rebalance": "Share out tickets",
            "action_esat_wave": "Ask the team how it is going",
            "action_pause_intake": "Pause new tickets",
            "action_protect_break": "Protect a break",
            "action_recovery_slot": "Plan time to recover",
            "action_no_new_escalations": "No new escalations for a while",
            "action_check_in": "Have a talk",
            "action_staffing_note": "More people for a queue",
            "action": "A decision",
        },
        "nl": {
            "product": "Helpdeskwelzijn",
            "digest": "Helpdeskwelzijn, {account}: {what}",
            "urgent": "Helpdeskwelzijn, {account}, dringend: {what}",
            "decisions_subject": ("{n} besluit wacht", "{n} besluiten wachten"),
            "notes_subject": ("{n} nieuw bericht", "{n} nieuwe berichten"),
            "queues_subject": ("nieuws over {n} wachtrij of team", "nieuws over {n} wachtrijen en teams"),
            "own_subject": "er is iets nieuws voor je te zien",
            "trouble_subject": "een verbinding heeft je nodig",
            "good_subject": "goed nieuws",
            "limit_subject": "een wettelijke grens is overschreden",
            "decisions": ("{n} besluit wacht op je", "{n} besluiten wachten op je"),
            "decisions_room": ("{n} besluit wacht", "{n} besluiten wachten"),
            "decision": "{what}: {where}, {age}",
            "decision_someone": "Een besluit over een collega, {age}",
            "decision_team": "Een besluit over een van de teams, {age}",
            "more": ("en nog {n}", "en nog {n}"),
            "notes": ("1 nieuw bericht over een collega", "{n} nieuwe berichten over collega's"),
            "open_today": "Open Vandaag",
            "queues": "Nieuw over wachtrijen en teams",
            "flag": "{where}: {what}, sinds {day}",
            "own": "Er is iets nieuws voor je te zien.",
            "own_first": "Wat over jou gaat, zie jij eerder dan je teamleider, behalve bij een wettelijke grens.",
            "open_me": "Open je eigen pagina",
            "limit": ("In een van je teams is een wettelijke grens voor werktijd of rust overschreden.",
                      "In je teams zijn {n} wettelijke grenzen voor werktijd of rust overschreden."),
            "limit_why": "Om wie het gaat, en wat helpt, staat op de pagina.",
            "troubles": "Te herstellen",
            "good": "Goed nieuws",
            "good_own": "Een bericht over jou is voorbij.",
            "good_ended": "{where}: {what}.",
            "good_answered": "{where}: er is een antwoord op wat de laatste vragenlijst naar voren bracht.",
            "good_moved": ("{where}: {n} ticket vond vrije handen.", "{where}: {n} tickets vonden vrije handen."),
            "foot": "Je krijgt dit als {roles} van {account}, op werkdagen en hooguit eens per dag; dringende zaken "
            "daargelaten. Een beheerder kan dat veranderen.",
            "foot_room": "Verstuurd naar dit kanaal voor {account}. Over afzonderlijke mensen staat hier nooit iets.",
            "test": "Dit is een test. Berichten van {account} komen hier aan.",
            "test_subject": "een test",
            "today": "nieuw vandaag",
            "days": ("al {n} dag", "al {n} dagen"),
            "and": "en",
            "role_agent": "medewerker",
            "role_lead": "teamleider",
            "role_ops": "operations",
            "role_admin": "beheerder",
            "role_dpo": "functionaris gegevensbescherming",
            "trouble_paused": "De helpdesk laat ons niet meer binnen; sinds {when} wordt er niets gelezen. Verbind het "
            "account opnieuw.",
            "trouble_failing": "Lezen uit de helpdesk mislukt sinds {when}. Zie de status.",
            "trouble_silent": "Sinds {when} kwam er geen webhook. Kijk naar de webhook in de helpdesk.",
            "trouble_writing": "Wat besloten is, kan sinds {when} niet in de helpdesk geschreven worden. Zie de "
            "status.",
            "trouble_audit": "Het auditlogboek is niet meer zoals het geschreven is; ontdekt op {when}. Bewaar een "
            "kopie en zoek uit wie het kon veranderen.",
            "trouble_notices": "Berichten via {detail} mislukken sinds {when}. Zie de status.",
            "rule_backlog_growth": "de achterstand groeit",
            "rule_escalation_heavy_queue": "er escaleren meer tickets dan gewoonlijk",
            "rule_team_imbalance": "het werk is ongelijk verdeeld",
            "rule": "een grens is overschreden",
            "over_backlog_growth": "de achterstand groeit niet meer",
            "over_escalation_heavy_queue": "er wordt weer zo weinig geëscaleerd als gewoonlijk",
            "over_team_imbalance": "het werk is weer gelijk verdeeld",
            "over": "wat gemeld was, is voorbij",
            "action_rebalance": "Tickets verdelen",
            "action_esat_wave": "Het team vragen hoe het gaat",
            "action_pause_intake": "Even geen nieuwe tickets",
            "action_protect_break": "Een pauze beschermen",
            "action_recovery_slot": "Hersteltijd plannen",
            "action_no_new_escalations": "Een tijdje geen nieuwe escalaties",
            "action_check_in": "Een gesprek voeren",
            "action_staffing_note": "Meer mensen voor een wachtrij",
            "action": "Een besluit",
        },
    }
)  # fmt: skip
LANGUAGES = tuple(WORDS)
_MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "nl": ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
}


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in WORDS else "en"
        self._known = WORDS[self.language]

    def __call__(self, key: str, n: int = 1, **values: Any) -> str:
        """A text with its values; `n` chooses between one and more, and is a value, too."""
        form = self._known[key]
        text = form if isinstance(form, str) else form[0 if n == 1 else 1]
        return text.format(n=n, **values)

    def named(self, kind: str, name: str) -> str:
        """The words for a rule or an action; general ones for what is not known."""
        return self(f"{kind}_{name}" if f"{kind}_{name}" in self._known else kind)

    def day(self, day: date) -> str:
        """18 Nov."""
        return f"{day.day} {_MONTHS[self.language][day.month - 1]}"

    def minute(self, at: datetime) -> str:
        """18 Nov 09:30 UTC."""
        return f"{self.day(at.date())} {at:%H:%M} UTC"

    def age(self, length: timedelta) -> str:
        """Since today, for 2 days."""
        return self("days", n=length.days) if length.days >= 1 else self("today")

    def joined(self, parts: list[str]) -> str:
        """a, b and c."""
        return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {self('and')} {parts[-1]}"
