"""Taking out what is older than it may be."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk_wellbeing.store import tables
from helpdesk_wellbeing.store.admission import ENDED
from helpdesk_wellbeing.store.clock import MICROSECONDS_A_DAY
from helpdesk_wellbeing.store.events import Owner
from helpdesk_wellbeing.store.state import LONGEST_SLICE_DAYS

TRANSITIONS = "transitions"
_OPEN = ("open", "asked", "accepted", "snoozed")


def events(connection: Connection, owner: Owner, before_day: int, days: int) -> int:
    """The oldest `days` days before `before_day`, with the fingerprints of their events; how many events."""
    chunk, prints = tables.event_chunks, tables.event_ids
    mine = chunk.c.account == owner.number
    oldest = sa.select(chunk.c.day).where(mine, chunk.c.day < before_day).distinct().order_by(chunk.c.day).limit(days)
    these = list(connection.execute(oldest).scalars())
    if not these:
        return 0
    counted = sa.select(sa.func.sum(chunk.c.rows)).where(mine, chunk.c.day <= these[-1])
    count = int(connection.execute(counted).scalar_one())
    connection.execute(chunk.delete().where(mine, chunk.c.day <= these[-1]))
    connection.execute(prints.delete().where(prints.c.account == owner.number, prints.c.day <= these[-1]))
    return count


def state(connection: Connection, owner: Owner, before: int) -> int:
    """Checkpoints, and what is known of tickets that ended, from before."""
    points, listed, memory = tables.checkpoints, tables.tickets, tables.ticket_memory
    gone = connection.execute(points.delete().where(points.c.account == owner.number, points.c.at < before)).rowcount
    past = sa.and_(listed.c.account == owner.number, listed.c.updated_at < before, listed.c.status.in_(ENDED))
    named = sa.select(listed.c.ticket).where(past)
    mine = memory.c.account == owner.number
    gone += connection.execute(memory.delete().where(mine, memory.c.ticket.in_(named))).rowcount
    return gone + connection.execute(listed.delete().where(past)).rowcount


def pieces(connection: Connection, owner: Owner, before: int, transitions: bool) -> int:
    """Slices that ended before: of changes of level, or of facts."""
    table = tables.pieces
    which = table.c.kind == TRANSITIONS if transitions else table.c.kind != TRANSITIONS
    ended = table.c.since <= before - LONGEST_SLICE_DAYS * MICROSECONDS_A_DAY
    return connection.execute(table.delete().where(table.c.account == owner.number, which, ended)).rowcount


def _decisions(connection: Connection, owner: Owner, before: int) -> int:
    made, wrote, asked = tables.proposals, tables.writes, tables.consents
    waiting = sa.select(wrote.c.proposal).where(wrote.c.account == owner.number, wrote.c.state.in_(("planned", "sent")))
    old = sa.and_(
        made.c.account == owner.number, made.c.changed_at < before, made.c.expires_at < before,
        made.c.state.not_in(_OPEN), made.c.id.not_in(waiting),
    )  # fmt: skip
    named = list(connection.execute(sa.select(made.c.id).where(old)).scalars())
    for id in named:
        connection.execute(asked.delete().where(asked.c.account == owner.number, asked.c.proposal == id))
    gone = connection.execute(made.delete().where(old)).rowcount
    ended = sa.and_(
        wrote.c.account == owner.number, wrote.c.changed_at < before, wrote.c.state.not_in(("planned", "sent"))
    )
    return gone + connection.execute(wrote.delete().where(ended)).rowcount


def _older(table: sa.Table, *columns: str) -> Callable[[Connection, Owner, int], int]:
    """Rows whose times in these columns are all known and before."""

    def take_out(connection: Connection, owner: Owner, before: int) -> int:
        old = [table.c[name] < before for name in columns]
        return connection.execute(table.delete().where(table.c.account == owner.number, *old)).rowcount

    return take_out


def _invitations(connection: Connection, owner: Owner, before: int) -> int:
    waves, asked = tables.survey_waves, tables.survey_invitations
    closed = sa.and_(waves.c.account == owner.number, waves.c.closes_at < before, waves.c.closed_on.is_not(None))
    old = asked.c.wave.in_(sa.select(waves.c.wave).where(closed))
    return connection.execute(asked.delete().where(asked.c.account == owner.number, old)).rowcount


def _inbox(connection: Connection, owner: Owner, before: int) -> int:
    """What is worked off, and what was set aside, as nobody could read it."""
    from helpdesk_wellbeing.store.inbox import MOST_TRIES

    box = tables.inbox
    done = sa.or_(box.c.body.is_(None), box.c.tries >= MOST_TRIES)
    return connection.execute(box.delete().where(box.c.account == owner.number, box.c.received < before, done)).rowcount


ROWS: dict[str, tuple[Callable[[Connection, Owner, int], int], ...]] = {
    "flags": (_decisions, _older(tables.flags_seen, "gone_at"), _older(tables.contests, "at", "until")),
    "surveys": (_invitations,),
    "audit": (_older(tables.break_glass, "until"),),
    "inbox": (_inbox,),
    "sessions": (_older(tables.web_sessions, "ends_at"), _older(tables.entry_links, "ends_at")),
    "notices": (_older(tables.notices, "made_at", "due_at"),),
}


def rows(connection: Connection, owner: Owner, kind: str, before: int) -> int:
    """The rows of one class of data; how many went."""
    return sum(take_out(connection, owner, before) for take_out in ROWS[kind])
