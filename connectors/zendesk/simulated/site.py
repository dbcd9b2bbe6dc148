"""The account behind the simulated Zendesk: our events and people, turned into what the platform keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import polars as pl

from connectors.simulating.text import numbers_of
from helpdesk_wellbeing.people import GROUPS, PEOPLE

from . import events as event_rows
from . import people as staff_rows
from . import tickets as ticket_rows
from .audits import CHILDREN_OF_CREATE, FIRST_ID, audited
from .ledger import Ledger
from .options import Account, Options
from .pages import MOST_CHUNKS, Rows

if TYPE_CHECKING:
    from helpdesk_wellbeing.demo.world import World

RELATIONS = ("trigger", "automation")


@dataclass(frozen=True)
class Site:
    """What the account holds: `events` in `events.SCHEMA`, people and groups in the frames of `people`.

    `roles` tells, by our agent id, how a user appears (admins, light agents, deactivated people); everybody
    else who acts is an agent. Bots and integrations look like agents too, as they do on the platform.
    """

    events: pl.DataFrame
    people: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PEOPLE))
    groups: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=GROUPS))
    roles: Mapping[str, Account] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)  # actor of system events -> trigger | automation
    options: Options = field(default_factory=Options)

    @staticmethod
    def from_world(world: World) -> Site:
        """The account of a simulated team. What its accounts really are stays hidden, as on the platform."""
        kinds = {"agent": ("agent", 0), "light_agent": ("agent", 1), "admin": ("admin", 4)}
        roles = {
            row["user"]: Account(*kinds[row["role"]], name=row["name"])
            for row in world.roster.users.iter_rows(named=True)
        }
        roster = world.roster
        listed = roster.users.select(
            pl.col("user").alias("agent"), "name", "time_zone", "groups"
        )  # zones and groups are what the platform itself knows
        return Site(world.events, listed, roster.groups, roles, roster.rules, Options(time_zone=world.zone))

    @cached_property
    def children(self) -> pl.DataFrame:
        """Everything that stands in audits, one row per child."""
        return audited(self.events)

    def next_id(self) -> int:
        """The first id that no audit and no child has."""
        newest = self.children["child"].max()
        return FIRST_ID if not isinstance(newest, int) else newest + CHILDREN_OF_CREATE

    def children_of(self, rows: pl.DataFrame, requesters: Mapping[int, int]) -> pl.DataFrame:
        """What `rows`, which are newer than all that happened, become in audits; only their tickets are folded anew.

        `requesters` by ticket number, where the events do not say who asked.
        """
        tickets = rows["ticket"].unique().implode()
        mine = self.events.filter(pl.col("ticket").is_in(tickets))
        new = audited(pl.concat([mine, rows])).filter(pl.col("id").is_in(rows["id"].implode()))
        offset = self.next_id() - (new["audit"].min() or 0)  # type: ignore[operator]
        asked = pl.col("ticket_no").replace_strict(dict(requesters), default=None, return_dtype=pl.Int64)
        return new.with_columns(
            pl.col("child", "audit") + offset,
            requester_no=pl.coalesce(asked, "requester_no") if requesters else pl.col("requester_no"),
        )

    def followed_by(self, rows: pl.DataFrame, children: pl.DataFrame) -> Site:
        """The site after more has happened: `rows`, and the children that they became."""
        whole = self.children.n_chunks() > MOST_CHUNKS
        later = replace(self, events=pl.concat([self.events, rows], rechunk=whole))
        added = children.select(self.children.columns)
        later.__dict__["children"] = pl.concat([self.children, added], rechunk=whole)
        return later


class Holdings:
    """A site rendered for one base URL. Rows are made once, tickets once per state that the clock shows.

    `ledger` holds what our events cannot say of what was written while the account ran.
    """

    def __init__(self, site: Site, base: str, ledger: Ledger | None = None) -> None:
        self.site = site
        self.base = base
        self.ledger = ledger or Ledger()
        self._lock = RLock()
        self._tickets: dict[tuple[int, int, bool], tuple[pl.DataFrame, Rows]] = {}
        self._with_bodies: Rows | None = None

    def after(self, rows: pl.DataFrame, children: pl.DataFrame) -> Holdings:
        """The same account after more has happened; what is rendered already is kept and added to."""
        later = Holdings(self.site.followed_by(rows, children), self.base, self.ledger)
        kept = later.__dict__
        kept["staff"] = self.staff
        kinds = set(rows["kind"].cast(pl.String))
        if "rated" not in kinds and "ratings" in self.__dict__:
            kept["ratings"] = self.ratings
        if not kinds & {"created", "sla_breached"} and "metric_events" in self.__dict__:
            kept["metric_events"] = self.metric_events
        if "ticket_events" in self.__dict__:
            kept["ticket_events"] = self.ticket_events.followed_by(later._events(children, bodies=False))
        return later

    def with_staff(self, staff: staff_rows.Staff) -> Holdings:
        """The same account with other people, groups or memberships; what happened stays."""
        later = Holdings(self.site, self.base, self.ledger)
        later.__dict__.update({k: v for k, v in self.__dict__.items() if not k.startswith("_")})
        later.__dict__["staff"] = staff
        return later

    @cached_property
    def _stamps(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        return self.site.children["sec"].to_numpy()

    @cached_property
    def ticket_events(self) -> Rows:
        return self._events(self.site.children, bodies=False)

    def ticket_events_with_bodies(self) -> Rows:
        with self._lock:
            if self._with_bodies is None:
                self._with_bodies = self._events(self.site.children, bodies=True)
            return self._with_bodies

    def _layout(self, audits: bool, bodies: bool) -> event_rows.Layout:
        options = self.site.options
        rules = zip(numbers_of(self.site.rules), self.site.rules.values(), strict=True)
        relations = {no: word for no, word in rules if word in RELATIONS}
        return event_rows.Layout(audits, bodies, options.numeric_ids, options.custom_statuses, relations)

    def _events(self, children: pl.DataFrame, bodies: bool) -> Rows:
        plain, written = self.ledger.parted(children)
        frame = self.ledger.events(written, bodies)
        if plain.height or not written:
            rendered = event_rows.rows(plain, self._layout(False, bodies)).select("sec", "id", "json")
            frame = pl.concat([rendered, frame]).sort("id") if written else rendered
        return Rows.of(frame, "sec", "id", frame["json"])

    def audits(self, ticket: int, now: int) -> list[str]:
        """A ticket's audits, oldest first."""
        mine = self.site.children.filter((pl.col("ticket_no") == ticket) & (pl.col("sec") <= now))
        plain, written = self.ledger.parted(mine)
        frame = event_rows.rows(plain, self._layout(True, True)).select("sec", "id", "json")
        return pl.concat([frame, self.ledger.audits_of(written)]).sort("id")["json"].to_list()

    def ticket(self, no: int, now: int) -> dict[str, Any] | None:
        """One ticket as it stands at `now`, deleted ones with that status; null when there is none."""
        mine = self.site.children.filter((pl.col("ticket_no") == no) & (pl.col("sec") <= now))
        if mine.is_empty():
            return None
        frame = ticket_rows.states(mine, self.ratings, now)
        text = ticket_rows.ticket_rows(frame, self.base, self.site.options, False, self.ledger.blank_fields())
        shown: dict[str, Any] = orjson.loads(self.ledger.patched(frame["ticket_no"], text, False)[0])
        return shown

    @cached_property
    def metric_events(self) -> Rows:
        frame = ticket_rows.metric_events(self.site.events)
        return Rows.of(frame, "sec", "id", frame["json"])

    @cached_property
    def ratings(self) -> pl.DataFrame:
        return ticket_rows.ratings(self.site.events, self.site.children)

    def tickets(self, now: int, exported: bool) -> Rows:
        """Tickets as they stand at `now`: exports by generated time and id, lists by id and none deleted."""
        seen = int(np.searchsorted(self._stamps, now, side="right"))
        rated = int(self.ratings.filter(pl.col("sec") <= now).height) if self.ratings.height else 0
        key = (seen * 1_000_003 + rated, self.ledger.version, exported)
        with self._lock:
            if key not in self._tickets:
                for old in [k for k in self._tickets if k[2] == exported]:
                    del self._tickets[old]
                frame = ticket_rows.states(self.site.children, self.ratings, now)
                if not exported:
                    frame = frame.filter(pl.col("status_after") != "deleted").sort("ticket_no")
                blank = self.ledger.blank_fields()
                text = ticket_rows.ticket_rows(frame, self.base, self.site.options, exported, blank)
                text = self.ledger.patched(frame["ticket_no"], text, exported)
                stamp = "generated" if exported else "ticket_no"
                self._tickets[key] = (frame, Rows.of(frame, stamp, "ticket_no", text))
            return self._tickets[key][1]

    @cached_property
    def staff(self) -> staff_rows.Staff:
        site = self.site
        return staff_rows.staff(
            site.events, site.children, site.people, site.groups, site.roles, site.options, self.base
        )

    def prepare(self, now: int) -> None:
        """Render everything that pulls ask for, so that the first request is as fast as the others."""
        self.tickets(now, True)
        self.staff  # noqa: B018
        self.ticket_events  # noqa: B018
        self.metric_events  # noqa: B018
