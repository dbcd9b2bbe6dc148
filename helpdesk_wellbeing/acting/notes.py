"""Texts that colleagues read in the helpdesk: about the ticket and its queue, never about how anybody fares."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk_wellbeing.acting.policy import Language

_TEXTS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "moved": "Moved from {giver} to {receiver}, so that the open work of {group} is spread more evenly. "
        "A person approved this move, and it can be undone (helpdesk-wellbeing).",
        "moved_by_standing": "Moved from {giver} to {receiver}, so that the open work of {group} is spread more "
        "evenly. An administrator approved such moves in advance, and this one can be undone (helpdesk-wellbeing).",
        "suggested": "Suggestion: this ticket could go from {giver} to {receiver}, so that the open work of {group} "
        "is spread more evenly. Nothing was changed (helpdesk-wellbeing).",
        "undone": "The move of this ticket by helpdesk-wellbeing was undone.",
        "consent_subject": "Would you take over tickets?",
        "consent_body": "To spread the open work of {group} more evenly, tickets could come to you: {count}. "
        "Please say whether that suits you; without your yes nothing moves to you:\n{link}",
        "invitation_subject": "Five short questions about working in {group}",
        "invitation_body": "How is work in {group} at the moment? Five questions, about two minutes. Your answer is "
        "kept without your name and only shown together with at least four others. The link is for you alone:\n{link}",
        "invitation_by_tool": "A short survey about working in {group} is on its way to you and your team.",
        "letter_subject": "What is looked at about your work, and what is not",
        "letter_body": "{again}helpdesk-wellbeing works beside this helpdesk, so that too much work and too little "
        "rest are noticed early and work is shared. It looks at who changed which ticket and when, and estimates "
        "hours and load from that. No text of a ticket, no screen, no keystroke, no mood. It is not used for "
        "appraisal, pay or discipline, and nobody is ranked. You see everything about yourself first; others see "
        "less, and later. You may object, say that something is wrong, give hours of your own and take your data "
        "with you.\n\n"
        "The whole letter, and your own page:\n{link}\n{contact}\n"
        "Everybody gets this same text. You need not answer, and this ticket can be closed.",
        "letter_again": "What was agreed now reaches further than before, so please read this again. ",
        "letter_contact": "\nQuestions: {contact}\n",
    },
    "nl": {
        "moved": "Van {giver} naar {receiver} verplaatst, zodat het openstaande werk van {group} gelijkmatiger "
        "verdeeld is. Dit is door iemand goedgekeurd en kan ongedaan worden gemaakt (helpdesk-wellbeing).",
        "moved_by_standing": "Van {giver} naar {receiver} verplaatst, zodat het openstaande werk van {group} "
        "gelijkmatiger verdeeld is. Een beheerder heeft dit vooraf goedgekeurd en het kan ongedaan worden gemaakt "
        "(helpdesk-wellbeing).",
        "suggested": "Voorstel: dit ticket kan van {giver} naar {receiver}, zodat het openstaande werk van {group} "
        "gelijkmatiger verdeeld is. Er is niets gewijzigd (helpdesk-wellbeing).",
        "undone": "De verplaatsing van dit ticket door helpdesk-wellbeing is ongedaan gemaakt.",
        "consent_subject": "Wil je tickets overnemen?",
        "consent_body": "Om het openstaande werk van {group} gelijkmatiger te verdelen, zouden er tickets naar jou "
        "kunnen: {count}. Laat weten of het je uitkomt; zonder jouw ja komt er niets naar je toe:\n{link}",
        "invitation_subject": "Vijf korte vragen over werken in {group}",
        "invitation_body": "Hoe is het werk in {group} op dit moment? Vijf vragen, ongeveer twee minuten. Je antwoord "
        "wordt zonder je naam bewaard en alleen samen met minstens vier andere getoond. De link is alleen voor jou:\n"
        "{link}",
        "invitation_by_tool": "Een korte vragenlijst over werken in {group} komt naar jou en je team.",
        "letter_subject": "Waar bij je werk naar wordt gekeken, en waarnaar niet",
        "letter_body": "{again}helpdesk-wellbeing werkt naast deze helpdesk, zodat te veel werk en te weinig rust op "
        "tijd opvallen en werk kan worden verdeeld. Het kijkt wie welk ticket wanneer heeft gewijzigd en schat daaruit "
        "uren en belasting. Geen tekst van een ticket, geen scherm, geen toetsaanslag, geen stemming. Het dient niet "
        "voor beoordeling, beloning of sancties, en niemand wordt gerangschikt. Jij ziet als eerste alles over jezelf; "
        "anderen zien minder, en later. Je kunt bezwaar maken, zeggen dat iets niet klopt, eigen uren opgeven en je "
        "gegevens meenemen.\n\n"
        "De hele brief, en je eigen pagina:\n{link}\n{contact}\n"
        "Iedereen krijgt deze zelfde tekst. Je hoeft niet te antwoorden en dit ticket mag dicht.",
        "letter_again": "Wat is afgesproken gaat nu verder dan eerst, dus lees dit alsjeblieft opnieuw. ",
        "letter_contact": "\nVragen: {contact}\n",
    },
}


def note(name: str, language: Language, **values: str) -> str:
    """A text with its values filled in; names are data and may hold anything."""
    return _TEXTS[language][name].format(**values)
