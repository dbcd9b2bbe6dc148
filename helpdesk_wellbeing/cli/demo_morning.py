"""The demo's installation as a lead finds it on a Monday morning: flags of the last days, a wave answered weeks ago,
proposals that wait."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import polars as pl

from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.cli.demo_platforms import ACCOUNT, Clock

if TYPE_CHECKING:
    from helpdesk_wellbeing.demo import World
    from helpdesk_wellbeing.engine import Catalogue, Engine
    from helpdesk_wellbeing.store import Store

ADMIN = "the admin of the demo"
MORNING = timedelta(days=2, hours=8, minutes=31)  # after the last moment of the simulated weeks, a Friday's end
EVENINGS = (3, 2, 1)  # days before that last moment on which the installation has evaluated, too
WAVE_AGO = timedelta(weeks=5)  # before the morning
ASKED, THEME_OF = "36000", "36000"
ANSWERING = 7  # of those who were asked

LEADS: Mapping[str, tuple[str, ...]] = {
    "410900": ("36000", "36001", "36002", "36003", "36005", "36007", "36008"),
    "410901": ("36004", "36006", "36009", "36010", "36011", "36012"),
}
ROLES: Mapping[str, frozenset[Role]] = {
    "410901": frozenset({Role.OPS}),
    "410902": frozenset({Role.COUNCIL}),
    "410055": frozenset({Role.HR}),
    "410056": frozenset({Role.DPO}),
}
SERVICE = "900000001"  # whom the connection works as; nobody's daily account


def furnish(store: Store, world: World, known: Catalogue) -> Clock:
    """Live through the last weeks in a store that has the world's events and people; the clock, at that morning."""
    from helpdesk_wellbeing.acting import policy
    from helpdesk_wellbeing.engine import Engine

    _give_leads(store, world)
    _give_roles(store, world.as_of - WAVE_AGO)
    morning = world.as_of + MORNING
    clock = Clock(morning - WAVE_AGO)
    _agree(store, known, clock)
    modes = {"rebalance": "approve", "esat_wave": "approve"}
    policy.change(store, ACCOUNT, ADMIN, clock.now(), modes=modes, public_url="http://127.0.0.1:8765")
    _ask_a_team(store, clock)
    engine = Engine(store, ACCOUNT, known)
    for days in EVENINGS:
        clock.at = datetime.combine(world.as_of.date() - timedelta(days=days - 1), time(17), UTC)
        look(store, engine, known, clock)
    clock.at = morning
    look(store, engine, known, clock)
    return clock


def look(store: Store, engine: Engine, known: Catalogue, clock: Clock) -> None:
    """Evaluate and plan, as `serve` does by itself; what there is has been read."""
    from helpdesk_wellbeing.pipeline import steps

    means = steps.Means(store, acts=True, now=clock.now)
    store.work.note_run(ACCOUNT, pulled_at=clock.at, due_at=None, evaluated_at=None, evaluated_until=None)
    steps.evaluate(means, ACCOUNT, engine, known)
    steps.plan(means, ACCOUNT, engine, known)


def _give_leads(store: Store, world: World) -> None:
    led = pl.DataFrame(
        {"agent": list(LEADS), "leads": [list(groups) for groups in LEADS.values()]},
        schema={"agent": pl.String, "leads": pl.List(pl.String)},
    )
    people = world.roster.people.join(led, on="agent", how="left", maintain_order="left")
    people = people.with_columns(pl.coalesce("leads", "lead_of").alias("lead_of")).drop("leads")
    with store.writer(ACCOUNT, "demo"):
        store.replace_people(ACCOUNT, "file", people)


def _give_roles(store: Store, at: datetime) -> None:
    from helpdesk_wellbeing.store.access import Member

    names = store.directory(ACCOUNT).people
    called = dict(names.select("agent", "name").iter_rows())
    for agent, roles in ROLES.items():
        store.access.put_member(
            ACCOUNT, Member(f"zendesk:{agent}", called.get(agent) or agent, agent, roles, at, ADMIN)
        )
    admin = Member(f"zendesk:{SERVICE}", "Wellbeing service", None, frozenset({Role.ADMIN}), at, ADMIN)
    store.access.put_member(ACCOUNT, admin)


def _agree(store: Store, known: Catalogue, clock: Clock) -> None:
    """Nothing is said about single agents before it was agreed on and they were told."""
    from helpdesk_wellbeing.acting import telling
    from helpdesk_wellbeing.agreement import model, recording
    from helpdesk_wellbeing.pages.settings import people

    agreed = model.Agreement(
        parties=("the works council of the demo", "the management of the demo"), agreed_on=clock.at.date(),
        dpia_on=clock.at.date(), works_council="consented", signals=model.personal_signals(known),
    )  # fmt: skip
    recording.record(store, ACCOUNT, agreed, ADMIN, clock.now(), known)
    people.note_no_fixed_hours(store, ACCOUNT, ADMIN, clock.now())
    telling.told_otherwise(store, ACCOUNT, ADMIN, clock.at.date(), "in the team meetings", clock.now())


def _ask_a_team(store: Store, clock: Clock) -> None:
    """The regular wave of a team, answered by most, published, with a theme that has been answered."""
    from helpdesk_wellbeing.acting import asking, policy
    from helpdesk_wellbeing.surveys import waves

    proposal = next(
        one for one in asking.regular(store, ACCOUNT, store.directory(ACCOUNT), clock.at) if one.subject.id == ASKED
    )
    wave = asking.open_wave(store, ACCOUNT, proposal, policy.policy_of(store, ACCOUNT), clock.now())
    clock.at += timedelta(days=2)
    rng = random.Random(1)
    for invitation in waves.to_invite(store, ACCOUNT, wave.wave, clock.at)[:ANSWERING]:
        address = waves.link(store, ACCOUNT, wave.wave, invitation, "http://127.0.0.1:8765")
        opened = waves.door(store, address.partition("?")[0].rpartition("/")[2])
        assert opened is not None
        waves.answer(store, opened, [rng.choice((2, 3, 4, 4, 5, 5)) for _ in range(5)], "", clock.now())
    clock.at += timedelta(days=8)
    asking.look_after_waves(store, ACCOUNT, clock.at)
    store.writes.cancel_all(ACCOUNT, "survey is over", clock.at)  # the helpdesk of that time is not there to be asked
    theme = waves.add_theme(
        store, ACCOUNT, wave.wave, "Too many tickets in the last hour", "Team lead A", clock.at.date(), 2
    )
    clock.at += timedelta(days=4)
    waves.answer_theme(
        store, ACCOUNT, theme.theme, "From Monday on, nobody gets new tickets in the last half hour of a shift.",
        clock.at.date(),
    )  # fmt: skip
