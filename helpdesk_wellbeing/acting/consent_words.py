"""The words of the consent page, by language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LANGUAGES = ("en", "nl")

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "language": "English",
            "title": "Would you take over work?",
            "intro_one": "To spread the open work of {groups} more evenly, one ticket could come to you:",
            "intro_many": "To spread the open work of {groups} more evenly, {count} tickets could come to you:",
            "ticket": "Ticket {id}",
            "free": "It is up to you. Without your yes nothing moves to you, and no reason is asked for.",
            "until": "Your answer counts until {until} UTC.",
            "yes": "Yes, I take them over",
            "yes_one": "Yes, I take it over",
            "no": "No, not now",
            "choose": "Please choose one of the two answers. Nothing was sent.",
            "agreed_title": "Thank you",
            "agreed": "Your yes was noted. You can close this page.",
            "agreed_next": "What you agreed to comes to you when all who were asked have answered. It can be undone.",
            "refused_title": "Thank you",
            "refused": "Your no was noted. You can close this page.",
            "refused_next": "Nothing moves to you because of this question.",
            "unknown_title": "This link does not work",
            "unknown": "It is incomplete or was not made by this helpdesk. Nothing was sent.",
            "unknown_next": "Open the link from your private ticket again, whole. If it still fails, ask your team "
            "lead where the ticket came from.",
            "used_title": "You have answered already",
            "used": "One answer was noted for this link, and it stays as it is.",
            "used_next": "Should it be another one, or was it not yours, tell your team lead: a move can be undone.",
            "closed_title": "This question is closed",
            "closed": "It has expired, or it was settled in another way. Nothing was sent.",
            "closed_next": "There is nothing to do for you. If it comes up again, you are asked again.",
            "busy_title": "Please try again in a minute",
            "busy": "Too many links that do not work were tried here just now.",
            "busy_next": "Your own link is still good.",
            "failed_title": "Something went wrong here",
            "failed": "Your answer was not noted.",
            "failed_next": "Please open the link from your private ticket again in a few minutes.",
        },
        "nl": {
            "language": "Nederlands",
            "title": "Wil je werk overnemen?",
            "intro_one": "Om het openstaande werk van {groups} gelijkmatiger te verdelen, kan er één ticket naar jou:",
            "intro_many": "Om het openstaande werk van {groups} gelijkmatiger te verdelen, kunnen er {count} tickets "
            "naar jou:",
            "ticket": "Ticket {id}",
            "free": "Het is aan jou. Zonder jouw ja komt er niets naar je toe, en je hoeft geen reden te geven.",
            "until": "Je antwoord telt tot {until} UTC.",
            "yes": "Ja, ik neem ze over",
            "yes_one": "Ja, ik neem het over",
            "no": "Nee, nu niet",
            "choose": "Kies een van de twee antwoorden. Er is niets verstuurd.",
            "agreed_title": "Dank je wel",
            "agreed": "Je ja is genoteerd. Je kunt deze pagina sluiten.",
            "agreed_next": "Waar je ja op zei komt naar je toe zodra iedereen die gevraagd is heeft geantwoord. Het "
            "kan ongedaan worden gemaakt.",
            "refused_title": "Dank je wel",
            "refused": "Je nee is genoteerd. Je kunt deze pagina sluiten.",
            "refused_next": "Er komt door deze vraag niets naar je toe.",
            "unknown_title": "Deze link werkt niet",
            "unknown": "Hij is niet compleet of komt niet van deze helpdesk. Er is niets verstuurd.",
            "unknown_next": "Open de hele link uit je privéticket opnieuw. Werkt het dan nog niet, vraag dan je "
            "teamleider waar het ticket vandaan komt.",
            "used_title": "Je hebt al geantwoord",
            "used": "Voor deze link is één antwoord genoteerd, en dat blijft zo.",
            "used_next": "Moet het anders, of was het niet jouw antwoord, zeg het dan tegen je teamleider: een "
            "verplaatsing kan ongedaan worden gemaakt.",
            "closed_title": "Deze vraag is gesloten",
            "closed": "De tijd is voorbij, of het is anders geregeld. Er is niets verstuurd.",
            "closed_next": "Je hoeft niets te doen. Komt het terug, dan word je opnieuw gevraagd.",
            "busy_title": "Probeer het over een minuut nog eens",
            "busy": "Er zijn hier net te veel links geprobeerd die niet werken.",
            "busy_next": "Je eigen link blijft goed.",
            "failed_title": "Er ging hier iets mis",
            "failed": "Je antwoord is niet genoteerd.",
            "failed_next": "Open over een paar minuten de link uit je privéticket opnieuw.",
        },
    }
)
