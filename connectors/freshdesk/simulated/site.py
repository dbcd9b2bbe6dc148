"""The account behind the simulated Freshdesk: our events and people, turned into what the platform keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from helpdesk_wellbeing.people import GROUPS, PEOPLE

from .options import Account, Options

if TYPE_CHECKING:
    from helpdesk_wellbeing.demo.world import World


@dataclass(frozen=True)
class Site:
    """What the account holds: `events` in `events.SCHEMA`, people and groups in the frames of `people`.

    `roles` tells, by our agent id, how a person appears (admins, collaborators, people who left); everybody else who
    acts is an agent. Bots and integrations look like agents too, as they do on the platform.
    """

    events: pl.DataFrame
    people: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PEOPLE))
    groups: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=GROUPS))
    roles: Mapping[str, Account] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)  # actor of system events -> what kind of rule it is
    options: Options = field(default_factory=Options)

    @staticmethod
    def from_world(world: World, **options: object) -> Site:
        """The account of a simulated team. What its accounts really are stays hidden, as on the platform."""
        kinds = {
            "agent": Account(), "light_agent": Account(type="collaborator", occasional=True),
            "admin": Account(role="admin"),
        }  # fmt: skip
        roles = {}
        for row in world.roster.users.iter_rows(named=True):
            kind = kinds[row["role"]]
            roles[row["user"]] = Account(kind.role, kind.type, row["name"], kind.occasional)
        listed = world.roster.users.select(pl.col("user").alias("agent"), "name", "time_zone", "groups")
        chosen = Options(**{"time_zone": world.zone, **options})  # type: ignore[arg-type]
        return Site(world.events, listed, world.roster.groups, roles, world.roster.rules, chosen)
