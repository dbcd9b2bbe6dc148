"""How `demo` acts: on Monday morning a lead accepts a proposal, it is written into the simulated helpdesk and undone; a
team is asked how it is going, its members answer, and the result is shown or hidden."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import click

from helpdesk_wellbeing.cli.demo_platforms import Clock, Part, served
from helpdesk_wellbeing.errors import WellbeingError

if TYPE_CHECKING:
    from helpdesk_wellbeing.acting.helpdesk import Helpdesk
    from helpdesk_wellbeing.store import Store

Tell: TypeAlias = Callable[[str], object]

ADMIN, LEAD = "the admin of the demo", "a lead of the demo"
MONDAY_MORNING = timedelta(days=2, hours=8, minutes=31)  # after the last moment of the simulated weeks, a Friday's end
A_MINUTE_S, A_DAY_S = 61.0, 86_400.0
MOST_ROUNDS = 20
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
BELOW_K = 3


@dataclass
class Acted:
    """What was shown."""

    proposed: int = 0
    skipped: int = 0
    moves: int = 0
    seen: int = 0  # of the moves, those that the helpdesk shows
    undone: int = 0  # of the moves, those that are as before
    waves: list[dict[str, Any]] = field(default_factory=list)
    audit_entries: int = 0


def act(store: Store, account: str, part: Part, clock: Clock, *, quiet: bool) -> Acted:
    """Propose, accept, write, look, undo; then two waves. Raises WellbeingError when something does not come out."""
    from helpdesk_wellbeing.cli.outbound import helpdesk_of

    tell: Tell = (lambda line: None) if quiet else click.echo
    acted, helpdesk = Acted(), helpdesk_of(store, account, lambda line: None)
    tell(f"\nACTING  {clock.at:%A %d %B %Y, %H:%M} UTC")
    _propose(store, account, clock, acted, tell)
    _move_and_undo(store, account, helpdesk, clock, acted, tell)
    _ask(store, account, part, clock, acted, tell)
    verdict = store.audit.verify(account)
    if verdict.problem is not None:
        raise WellbeingError(f"demo: the audit log is not whole: {verdict.problem}; please report this line")
    acted.audit_entries = verdict.head.seq
    tell(f"  all of it stands in the audit log: {verdict.head.seq} entries, whole")
    return acted


def _propose(store: Store, account: str, clock: Clock, acted: Acted, tell: Tell) -> None:
    from helpdesk_wellbeing.acting import policy
    from helpdesk_wellbeing.cli.act import look

    modes = {"rebalance": "approve", "esat_wave": "approve"}
    policy.change(store, account, ADMIN, clock.now(), modes=modes)
    looked = look(store, account, clock.now())
    acted.proposed, acted.skipped = len(looked.made), len(looked.planned.skipped)
    tell(f"  {acted.proposed} proposals come from the flags; {acted.skipped} suggestions are not made, each with its "
         "reason. One proposal:")  # fmt: skip


def _move_and_undo(store: Store, account: str, helpdesk: Helpdesk, clock: Clock, acted: Acted, tell: Tell) -> None:
    from helpdesk_wellbeing.acting import review, views
    from helpdesk_wellbeing.acting.names import names_of

    proposal = next((p for p in views.listed(store, account) if p["action"] == "rebalance"), None)
    if proposal is None:
        raise WellbeingError("demo: nothing is proposed to be moved; please report this line with the seed")
    names, moves = names_of(store, account), proposal["moves"]
    acted.moves = len(moves)
    tell(_indented(proposal["texts"]["en"]))
    tell(_indented(moves[0]["reasons"]["en"]))
    review.accept(store, account, proposal["id"], LEAD, clock.now())
    tell(f"  accepted; {_written(store, account, clock)}")
    now = {move["ticket"]: helpdesk.look(move["ticket"]).assignee for move in moves}
    acted.seen = sum(now[move["ticket"]] == move["receiver"] for move in moves)
    shown = ", ".join(f"{ticket} with {names.agent(who or 'nobody')}" for ticket, who in now.items())
    tell(f"  the helpdesk shows: {shown}")
    review.undo(store, account, proposal["id"], LEAD, clock.now())
    _written(store, account, clock)
    acted.undone = sum(helpdesk.look(move["ticket"]).assignee == move["giver"] for move in moves)
    tell(f"  undone; {acted.undone} of {len(moves)} are back with whom they were")
    if not acted.seen == acted.undone == acted.moves:
        raise WellbeingError("demo: what was written or undone does not show in the helpdesk; please report this line")


def _written(store: Store, account: str, clock: Clock) -> str:
    """Rounds until nothing is left to write; the best one's line."""
    from helpdesk_wellbeing.cli.outbound import described, write

    made = []
    for _ in range(MOST_ROUNDS):
        clock.sleep(A_MINUTE_S)  # the budget of a minute has room again; nobody waits for a demo
        if account not in store.writes.due(clock.at):
            break
        made.append(write(store, account, tell=lambda line: None, now=clock.now, sleep=clock.sleep))
    return described(max(made, key=lambda tally: tally.written)) if made else "nothing to write"


# ---- a wave ---------------------------------------------------------------------------------------------------------


def _ask(store: Store, account: str, part: Part, clock: Clock, acted: Acted, tell: Tell) -> None:
    """One team whose members all answer, and one of whom only a few do."""
    from helpdesk_wellbeing.acting import asking, policy, review, views

    proposed = [p for p in views.listed(store, account) if p["action"] == "esat_wave"]
    flagged, regular = ([p for p in proposed if bool(p["because"]) is is_flagged] for is_flagged in (True, False))
    if not flagged or not regular:
        raise WellbeingError("demo: no team is proposed to be asked; please report this line with the seed")
    answering = {flagged[0]["subject"]["id"]: None, regular[0]["subject"]["id"]: BELOW_K}
    with _pulse_page(store, clock) as address:
        policy.change(store, account, ADMIN, clock.now(), public_url=address)
        for proposal in (flagged[0], regular[0]):
            review.accept(store, account, proposal["id"], LEAD, clock.now())
        tell(f"  accepted: {flagged[0]['texts']['en'].splitlines()[-1]}")
        clock.sleep(A_DAY_S)  # each is invited in their own working hours
        _written(store, account, clock)
        asked = {wave.teams[0]: _invitations(store, account, wave.wave) for wave in store.surveys.waves(account)}
        rng = random.Random(1)
        for team, most in answering.items():
            for ticket in asked[team][:most]:
                _answer(_link_in(part.text_of(store, ticket), ticket), rng)
    clock.sleep(8 * A_DAY_S)
    asking.look_after_waves(store, account, clock.at)
    for wave in store.surveys.waves(account):
        team = wave.teams[0]
        acted.waves.append(_result(store, account, wave.wave, team, len(asked[team][: answering[team]])))
    for one in acted.waves:
        shown = f"shown: {one['percent']}% content" if one["is_shown"] else f"hidden: {one['hidden']}"
        tell(f"  {one['team']}: {one['asked']} asked by a private ticket each, {one['answered']} answered; {shown}")
    if {one["is_shown"] for one in acted.waves} != {True, False}:
        raise WellbeingError("demo: what is shown of the waves is not what should be; please report this line")


def _invitations(store: Store, account: str, wave: str) -> list[str]:
    """The tickets by which the members were asked."""
    written = [w for w in store.writes.written(account, "invite", BEGINNING) if w.asked["wave"] == wave]
    return sorted(write.receipt["ticket"] for write in written)


def _result(store: Store, account: str, wave: str, team: str, answered: int) -> dict[str, Any]:
    from helpdesk_wellbeing.acting.names import names_of
    from helpdesk_wellbeing.surveys.results import Ask, Hidden, results

    found = results(store, account, Ask(wave, team))
    return {
        "team": names_of(store, account).group(team),
        "asked": len(_invitations(store, account, wave)),
        "answered": answered,
        "is_shown": not isinstance(found, Hidden),
        "hidden": str(found.reason) if isinstance(found, Hidden) else None,
        "percent": None if isinstance(found, Hidden) else found.esat_percent,
    }


def _link_in(text: str, ticket: str) -> str:
    """What the agent who was asked reads in the helpdesk."""
    found = re.search(r"http://\S+", text)
    if found is None:
        raise WellbeingError(f"demo: the invitation in ticket {ticket} has no link; please report this line")
    return found[0]


def _answer(link: str, rng: random.Random) -> None:
    """Open the page and send its form, as a browser does."""
    import requests

    page = requests.get(link, timeout=10)
    token = urlsplit(link).path.rpartition("/")[2]
    form = {"link": token, "lang": "en", **{f"q{number}": str(rng.choice((2, 3, 4, 4, 5, 5))) for number in range(5)}}
    sent = requests.post(f"{link.partition('/pulse/')[0]}/pulse/", data=form, timeout=10)
    if (page.status_code, sent.status_code) != (200, 200):
        raise WellbeingError(f"demo: the pulse page answered {page.status_code} and {sent.status_code}; please report")


@contextmanager
def _pulse_page(store: Store, clock: Clock) -> Iterator[str]:
    """The page on a loopback port, at the time of the demo's Monday."""
    from flask import Flask

    from helpdesk_wellbeing.surveys.page import pulse

    app = Flask("pulse", static_folder=None)
    app.register_blueprint(pulse(store, clock.now))
    with served(app) as address:
        yield address


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
