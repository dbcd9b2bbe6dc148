"""The questions, by version and language, and the other words of the pulse page, in one place for each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from helpdesk_wellbeing.errors import ConfigError

LANGUAGES = ("en", "nl")
LOWEST, HIGHEST, FAVOURABLE = 1, 5, 4  # an answer from FAVOURABLE on counts as agreement
LONGEST_COMMENT = 1000  # characters


@dataclass(frozen=True)
class QuestionSet:
    """A version of the questions; one that was ever asked is never changed, a change is a new version."""

    version: str
    themes: tuple[str, ...]  # what each question is about, as results and themes name it
    texts: Mapping[str, tuple[str, ...]]  # by language


_PULSE_1 = QuestionSet(
    "pulse-1",
    ("satisfaction", "workload", "tools", "breaks", "follow_up"),
    MappingProxyType(
        {
            "en": (
                "Taken as a whole, I was content with my support work this month.",
                "I could cope with the amount of work.",
                "To help customers I had what I needed: tools and information.",
                "I got my breaks, and after work I could let go of it.",
                "What our team brings up leads to something.",
            ),
            "nl": (
                "Alles bij elkaar was ik deze maand tevreden met mijn werk bij support.",
                "De hoeveelheid werk kon ik aan.",
                "Om klanten te helpen had ik wat nodig is: hulpmiddelen en informatie.",
                "Ik kwam aan mijn pauzes toe en kon na het werk afstand nemen.",
                "Wat ons team aankaart, leidt ergens toe.",
            ),
        }
    ),
)
SETS: Mapping[str, QuestionSet] = MappingProxyType({_PULSE_1.version: _PULSE_1})

SCALE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": ("Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"),
        "nl": ("Helemaal oneens", "Oneens", "Neutraal", "Eens", "Helemaal eens"),
    }
)

_MONTHS_EN = "January February March April May June July August September October November December"
_MONTHS_NL = "januari februari maart april mei juni juli augustus september oktober november december"
MONTHS: Mapping[str, list[str]] = MappingProxyType({"en": _MONTHS_EN.split(), "nl": _MONTHS_NL.split()})

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "language": "English",
            "title": "How is work going?",
            "intro": "Five questions about how your team's work is organised. It takes about two minutes.",
            "private": "Nobody sees what you answered. Your answer is kept without your name, without a time and "
            "without this link. Results are shown for groups of at least {k} answers, comments from {k_comments}.",
            "until": "Open until {day} {month}, {hour} UTC.",
            "comment": "Is there anything that should change? (optional)",
            "comment_help": "Please name no persons and nothing about health. At most {most} characters.",
            "send": "Send my answers",
            "missing": "Please choose an answer here.",
            "missing_top": "Some questions have no answer yet. Nothing was sent.",
            "too_long": "The comment is longer than {most} characters. Please shorten it; nothing was sent.",
            "thanks_title": "Thank you",
            "thanks": "Your answer was counted. You can close this page.",
            "thanks_next": "When the survey is over, your team sees the result, and what will be done with it.",
            "unknown_title": "This link does not work",
            "unknown": "It is incomplete or was not made by this helpdesk. Nothing was sent.",
            "unknown_next": "Open the link from your invitation again, whole. If it still fails, ask your team lead "
            "where the invitation came from.",
            "large_title": "Your comment is too long",
            "large": "It has at most {most} characters. Nothing was sent, and nothing was counted.",
            "large_next": "Go back in your browser, shorten the comment, and send it again. Your link is still good.",
            "used_title": "This link was used already",
            "used": "One answer has been counted for it; each link counts once.",
            "used_next": "If that was not you, tell whoever looks after your helpdesk: the answer cannot be traced "
            "or taken back, but they can find out who could open the link.",
            "closed_title": "This survey is over",
            "closed": "The days in which it could be answered have passed, or it has not begun.",
            "closed_next": "Your team will be asked again. Until then, tell your team lead what cannot wait.",
            "busy_title": "Please try again in a minute",
            "busy": "Too many links that do not work were tried here just now.",
            "busy_next": "Your own link is still good.",
            "failed_title": "Something went wrong here",
            "failed": "Your answer was not counted.",
            "failed_next": "Please open the link from your invitation again in a few minutes.",
        },
        "nl": {
            "language": "Nederlands",
            "title": "Hoe gaat het werk?",
            "intro": "Vijf vragen over hoe het werk van je team geregeld is. Het kost ongeveer twee minuten.",
            "private": "Niemand ziet wat jij antwoordt. Je antwoord wordt bewaard zonder je naam, zonder tijdstip en "
            "zonder deze link. Resultaten zijn er voor groepen van minstens {k} antwoorden, opmerkingen vanaf "
            "{k_comments}.",
            "until": "Open tot {day} {month}, {hour} uur UTC.",
            "comment": "Is er iets dat zou moeten veranderen? (mag leeg blijven)",
            "comment_help": "Noem geen personen en niets over gezondheid. Hooguit {most} tekens.",
            "send": "Antwoorden versturen",
            "missing": "Kies hier een antwoord.",
            "missing_top": "Sommige vragen hebben nog geen antwoord. Er is niets verstuurd.",
            "too_long": "De opmerking is langer dan {most} tekens. Maak die korter; er is niets verstuurd.",
            "thanks_title": "Dank je wel",
            "thanks": "Je antwoord is geteld. Je kunt deze pagina sluiten.",
            "thanks_next": "Na afloop ziet je team het resultaat, en wat ermee gedaan wordt.",
            "unknown_title": "Deze link werkt niet",
            "unknown": "Hij is niet compleet of komt niet van deze helpdesk. Er is niets verstuurd.",
            "unknown_next": "Open de hele link uit je uitnodiging opnieuw. Werkt het dan nog niet, vraag dan je "
            "teamleider waar de uitnodiging vandaan komt.",
            "large_title": "Je opmerking is te lang",
            "large": "Die heeft hooguit {most} tekens. Er is niets verstuurd en niets geteld.",
            "large_next": "Ga terug in je browser, maak de opmerking korter en verstuur opnieuw. Je link blijft goed.",
            "used_title": "Deze link is al gebruikt",
            "used": "Er is één antwoord voor geteld; elke link telt één keer.",
            "used_next": "Was jij dat niet, meld het dan bij wie je helpdesk beheert: het antwoord is niet te "
            "herleiden of terug te nemen, maar wie de link kon openen is wel na te gaan.",
            "closed_title": "Deze vragenlijst is voorbij",
            "closed": "De dagen om te antwoorden zijn voorbij, of nog niet begonnen.",
            "closed_next": "Je team wordt opnieuw gevraagd. Zeg tot dan tegen je teamleider wat niet kan wachten.",
            "busy_title": "Probeer het over een minuut nog eens",
            "busy": "Er zijn hier net te veel links geprobeerd die niet werken.",
            "busy_next": "Je eigen link blijft goed.",
            "failed_title": "Er ging hier iets mis",
            "failed": "Je antwoord is niet geteld.",
            "failed_next": "Open over een paar minuten de link uit je uitnodiging opnieuw.",
        },
    }
)


def question_set(version: str) -> QuestionSet:
    """The questions of a version. Raises ConfigError for an unknown one."""
    try:
        return SETS[version]
    except KeyError:
        raise ConfigError(
            f"surveys: there is no set of questions {version}; there are: {', '.join(sorted(SETS))}"
        ) from None
