"""Why a ticket goes where it goes, or stays, as a lead reads it: about the ticket and loads of queues, nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk_wellbeing.errors import BadPayload
from helpdesk_wellbeing.facts.schema import ONE_TICKET
from helpdesk_wellbeing.plan.rebalance.answer import Move, Plan, Why

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "move": "Ticket {ticket} ({effort} × a normal ticket) would go from {giver} to {receiver}.",
        "giver": "The queue of {giver} goes from {before} to {after} of its fair share.",
        "giver_without_hours": "No hours are scheduled for the queue of {giver} in the next days.",
        "receiver": "The queue of {receiver} goes from {before} to {after} of its fair share, and so stays within it.",
        "group": "{receiver} works in the ticket's group, {group}.",
        "skills": "The ticket needs: {skills}. {receiver} has it.",
        "language": "The ticket is in {language}, which {receiver} works in.",
        "knows": "{receiver} already knows this ticket or its requester.",
        "hard": "It is a hard ticket; {receiver} stays within a fair number of those.",
        "others": "{others} other colleagues could take it; of all distributions compared this one costs least.",
        "other": "One other colleague could take it; of all distributions compared this one costs least.",
        "only": "Nobody else could take it now.",
        "stays": "Ticket {ticket} stays where it is.",
        "unassigned": "It is assigned to nobody, and only assigned tickets are moved.",
        "unknown_assignee": "Its assignee is not among the people of this plan.",
        "made_by_plugin": "It was made by this app and is not work to be shared out.",
        "within_share": "Its queue is within its fair share.",
        "not_asked": "This plan only moves tickets of other queues.",
        "call_back_promised": "The customer was promised a call back by its assignee.",
        "sla_near": "Its SLA target is too close for a change of hands.",
        "moved_lately": "It has changed hands lately.",
        "no_effort": "It asks for no work at present.",
        "nobody_eligible": "Nobody who works now or soon has its group, skills and language.",
        "no_room": "All who could take it would be above their fair share or their own limit.",
        "hard_ones_spread": "It is a hard ticket, and all who could take it have a fair number of those.",
        "most_moves_reached": "The plan has reached its greatest number of moves.",
        "not_worth_it": "Moving it would gain less than a change of hands costs.",
    },
    "nl": {
        "move": "Ticket {ticket} ({effort} × een gewoon ticket) zou van {giver} naar {receiver} gaan.",
        "giver": "De werkvoorraad van {giver} gaat van {before} naar {after} van het eerlijke deel.",
        "giver_without_hours": "Voor de werkvoorraad van {giver} staan de komende dagen geen uren ingeroosterd.",
        "receiver": "De werkvoorraad van {receiver} gaat van {before} naar {after} van het eerlijke deel en blijft"
        " daar dus binnen.",
        "group": "{receiver} werkt in de groep van het ticket, {group}.",
        "skills": "Het ticket vraagt om: {skills}. {receiver} heeft dat.",
        "language": "Het ticket is in {language}; {receiver} werkt in die taal.",
        "knows": "{receiver} kent dit ticket of de aanvrager al.",
        "hard": "Het is een zwaar ticket; {receiver} blijft binnen een eerlijk aantal daarvan.",
        "others": "{others} andere collega's kunnen het ook overnemen; deze verdeling kost het minst.",
        "other": "Eén andere collega kan het ook overnemen; deze verdeling kost het minst.",
        "only": "Niemand anders kan het nu overnemen.",
        "stays": "Ticket {ticket} blijft waar het is.",
        "unassigned": "Het is aan niemand toegewezen, en alleen toegewezen tickets worden verplaatst.",
        "unknown_assignee": "De behandelaar hoort niet bij de mensen van dit plan.",
        "made_by_plugin": "Het is door deze app gemaakt en is geen werk om te verdelen.",
        "within_share": "De werkvoorraad waar het in ligt, is niet groter dan het eerlijke deel.",
        "not_asked": "Dit plan verplaatst alleen tickets uit andere werkvoorraden.",
        "call_back_promised": "De behandelaar heeft de klant beloofd terug te bellen.",
        "sla_near": "De SLA-termijn is te dichtbij om het nog over te dragen.",
        "moved_lately": "Het is kort geleden al overgedragen.",
        "no_effort": "Het vraagt op dit moment geen werk.",
        "nobody_eligible": "Niemand die nu of binnenkort werkt, heeft de groep, de vaardigheden en de taal ervoor.",
        "no_room": "Iedereen die het kan overnemen, zou boven het eerlijke deel of de eigen grens komen.",
        "hard_ones_spread": "Het is een zwaar ticket, en wie het kan overnemen, heeft er al een eerlijk aantal van.",
        "most_moves_reached": "Het plan heeft het grootste aantal overdrachten bereikt.",
        "not_worth_it": "Overdragen levert minder op dan het kost.",
    },
}
LANGUAGES = tuple(TEXTS)


def explain(
    plan: Plan, ticket: str, language: str = "en", names: Mapping[str, str] | None = None, *, loads: bool = True
) -> list[str]:
    """Sentences in one of LANGUAGES. `names` are what ids of agents and groups are called, where that is known; without
    `loads` nothing is said about how much anybody has.

    Raises BadPayload for a ticket that the plan knows nothing of, or another language.
    """
    if language not in TEXTS:
        raise BadPayload(f"explain: no texts in {language!r}; there are: {', '.join(LANGUAGES)}")
    texts = TEXTS[language]
    if ticket in plan.stayed:
        return [texts["stays"].format(ticket=ticket), texts[plan.stayed[ticket]]]
    for move in plan.moves:
        if move.ticket == ticket:
            return _of_move(move, language, names or {}, loads)
    raise BadPayload(f"explain: ticket {ticket} is not part of this plan; ask for one of its tickets")


def _of_move(move: Move, language: str, names: Mapping[str, str], loads: bool) -> list[str]:
    why, texts = move.why, TEXTS[language]
    effort = f"{why.effort / ONE_TICKET:.3g}"
    giver, receiver = names.get(move.giver, move.giver), names.get(move.receiver, move.receiver)
    values = {
        "ticket": move.ticket,
        "effort": effort.replace(".", ",") if language == "nl" else effort,
        "giver": giver,
        "receiver": receiver,
        "group": names.get(why.group, why.group),
        "skills": ", ".join(why.skills),
        "language": why.language or "",
        "others": str(why.others),
    }
    last = "only" if why.others == 0 else "other" if why.others == 1 else "others"
    asked = {"skills": bool(why.skills), "language": why.language is not None, "knows": why.knows, "hard": why.hard}
    words = ("group", *(word for word, said in asked.items() if said), last)
    sentences = [texts["move"].format(**values), *(_loads(why, texts, values) if loads else [])]
    return sentences + [texts[word].format(**values) for word in words]


def _loads(why: Why, texts: Mapping[str, str], values: Mapping[str, str]) -> list[str]:
    sentences = []
    if why.from_before is None or why.from_after is None:
        sentences.append(texts["giver_without_hours"].format(**values))
    else:
        change = {"before": _percent(why.from_before), "after": _percent(why.from_after)}
        sentences.append(texts["giver"].format(**values, **change))
    change = {"before": _percent(why.to_before), "after": _percent(why.to_after)}
    return [*sentences, texts["receiver"].format(**values, **change)]


def _percent(part: float) -> str:
    return f"{part * 100:.0f}%"
