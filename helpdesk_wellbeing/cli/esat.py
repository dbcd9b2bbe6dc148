"""`esat`: waves, their results as far as they may be seen, and what is answered to those who were asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from helpdesk_wellbeing.cli.common import (
    account_option,
    format_option,
    print_json,
    say,
    store_with,
)
from helpdesk_wellbeing.cli.proposals import by_option, decider

if TYPE_CHECKING:
    from helpdesk_wellbeing.surveys.results import Hidden, Shown


@click.group(name="esat")
def command() -> None:
    """Waves, their results as far as they may be seen, and what is answered to those who were asked.

    Waves go out when a proposal to ask a team is accepted: see proposals list.
    """


@command.command(name="list", short_help="All waves, oldest first.")
@account_option
@format_option
def list_(account: str, output: str) -> None:
    """All waves, oldest first."""
    from helpdesk_wellbeing.acting.asking import about
    from helpdesk_wellbeing.acting.names import names_of

    store = store_with(account)
    found = [about(wave) for wave in store.surveys.waves(account)]
    if output == "json":
        print_json({"account": account, "waves": found})
        return
    names = names_of(store, account)
    for wave in found or ():
        teams = ", ".join(names.group(team) for team in wave["teams"])
        click.echo(f"{wave['wave']}  {wave['opens_at'][:10]} to {wave['closes_at'][:10]}  {wave['state']:9} "
                   f"{wave['kind']:9} {teams}: {wave['invited']} asked")  # fmt: skip
    if not found:
        click.echo(f"no wave yet; a proposal brings one: helpdesk-wellbeing proposals list --account {account}")


@command.command(short_help="The result of a wave, where it may be seen.")
@account_option
@click.argument("wave")
@click.option("--team", metavar="ID", help="Of one team; default: everybody who was asked.")
@format_option
def results(account: str, wave: str, team: str | None, output: str) -> None:
    """The result of a wave. Where it is hidden, the same reason is given for every rule that protects people."""
    from helpdesk_wellbeing.surveys.results import Ask
    from helpdesk_wellbeing.surveys.results import results as ask

    store = store_with(account)
    found = ask(store, account, Ask(wave, team))
    if output == "json":
        print_json(as_json(found))
    else:
        click.echo("\n".join(_lines(found)))


@command.command(short_help="Say what a wave brought up, and who answers it.")
@account_option
@click.argument("wave")
@click.option("--title", required=True, help="In a few words; no names of people.")
@click.option("--owner", required=True, help="Who answers it.")
@click.option("--question", type=click.IntRange(1, 5), help="The question whose next result shows the effect.")
def theme(account: str, wave: str, title: str, owner: str, question: int | None) -> None:
    """Say what a published wave brought up, and who answers it. The team's next wave waits for the answer."""
    from helpdesk_wellbeing.surveys import waves

    number = None if question is None else question - 1
    store = store_with(account)
    with store.transaction():
        made = waves.add_theme(store, account, wave, title, owner, _now().date(), number)
        store.audit.add(account, _now(), "theme added", theme=made.theme, wave=wave, by=decider(None))
    say(f"{account}: theme {made.theme} of {owner}; next: esat answer --account {account} {made.theme} --text …")


@command.command(name="themes", short_help="Themes with owner, answer and effect.")
@account_option
@format_option
def themes(account: str, output: str) -> None:
    """Themes with owner, answer and effect, oldest first."""
    from helpdesk_wellbeing.surveys import waves

    store = store_with(account)
    found = []
    for one in store.surveys.themes(account):
        effect = waves.effect(store, account, one)
        found.append({
            "theme": one.theme, "wave": one.wave, "title": one.title, "owner": one.owner,
            "raised_on": one.raised_on.isoformat(), "answer": one.answer,
            "answered_on": None if one.answered_on is None else one.answered_on.isoformat(),
            "effect": None if effect is None else _plain(effect),
        })  # fmt: skip
    if output == "json":
        print_json({"account": account, "themes": found})
        return
    for row in found:
        said = f"answered on {row['answered_on']}: {row['answer']}" if row["answer"] else "not answered yet"
        click.echo(f"{row['theme']}  {row['title']} ({row['owner']}, since {row['raised_on']}): {said}")
        if row["effect"] is not None:
            click.echo(f"  since then: {row['effect']}")
    if not found:
        click.echo("no theme yet; they come from published waves: esat theme --help")


@command.command(short_help="Publish the answer to a theme, to those who were asked.")
@account_option
@click.argument("theme")
@click.option("--text", required=True, help="What will be done, or why not.")
@by_option
def answer(account: str, theme: str, text: str, by: str | None) -> None:
    """Publish the answer to a theme. With the last theme's answer the team may be asked again."""
    from helpdesk_wellbeing.surveys import waves

    store = store_with(account)
    with store.transaction():
        wave = waves.answer_theme(store, account, theme, text, _now().date())
        store.audit.add(account, _now(), "theme answered", theme=theme, wave=wave.wave, by=decider(by))
    say(f"{account}: answered; wave {wave.wave} is {wave.state}")


@command.command(name="opt-out", short_help="Ask an agent no more, or again.")
@account_option
@click.option("--agent", required=True, metavar="ID", help="Who wants no surveys.")
@click.option("--back", is_flag=True, help="Ask them again from the next wave on.")
@by_option
def opt_out(account: str, agent: str, back: bool, by: str | None) -> None:
    """Ask an agent no more, as they want, or with --back again. A wave that is under way is not changed."""
    from helpdesk_wellbeing.acting import policy

    store = store_with(account)
    with store.transaction():
        others = set(policy.policy_of(store, account).not_asked) - {agent}
        changed = sorted(others if back else {*others, agent})
        policy.change(store, account, decider(by), _now(), not_asked=changed)
    say(f"{account}: agent {agent} is {'asked again' if back else 'not asked any more'}, from the next wave on")


def as_json(found: Shown | Hidden) -> dict[str, Any]:
    """A result as JSON."""
    from helpdesk_wellbeing.surveys.results import Hidden

    asked = {"wave": found.ask.wave, "team": found.ask.team}
    if isinstance(found, Hidden):
        return {**asked, "shown": False, "reason": str(found.reason)}
    return {
        **asked, "shown": True, "answered": found.answered, "asked": found.asked,
        "response_percent": found.response_percent, "indicative": found.is_indicative,
        "esat_percent": found.esat_percent,
        "scores": [None if s is None else {"theme": s.theme, "percent": s.percent, "mean": s.mean,
                                           "distribution": None if s.distribution is None else list(s.distribution)}
                   for s in found.scores],
        "comments": None if found.comments is None else list(found.comments),
    }  # fmt: skip


def _lines(found: Shown | Hidden) -> list[str]:
    from helpdesk_wellbeing.surveys.results import Hidden

    if isinstance(found, Hidden):
        return [f"hidden: {found.reason}"]
    lines = [f"{found.answered} of {found.asked} answered ({found.response_percent}%)"
             + ("; indicative, not representative" if found.is_indicative else "")]  # fmt: skip
    for number, score in enumerate(found.scores, start=1):
        if score is None:
            lines.append(f"  {number}. hidden")
            continue
        mean = "" if score.mean is None else f", mean {score.mean:.1f}"
        lines.append(f"  {number}. {score.theme.replace('_', ' ')}: {score.percent}% agree{mean}")
    if found.comments is None:
        lines.append("comments are shown from ten answers on")
    return lines + [f"  “{comment}”" for comment in found.comments or ()]


def _plain(effect: Any) -> Any:
    from dataclasses import asdict, is_dataclass

    return asdict(effect) if is_dataclass(effect) and not isinstance(effect, type) else str(effect)


def _now() -> datetime:
    return datetime.now(UTC)
