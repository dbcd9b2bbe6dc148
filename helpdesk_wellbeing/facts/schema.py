"""The declared shapes of facts, which are all that signals may look at.

Times are UTC instants, dates are local dates (the agent's zone; queues: the group's), durations are elapsed time in
whole microseconds (`pl.Duration("us")`), weights are whole numbers of `WEIGHT_UNIT`: sums are exact in any order.
"""

from __future__ import annotations

import polars as pl

from helpdesk_wellbeing.events import GRADES, UTC

DURATION = pl.Duration("us")
WEIGHT_UNIT = 1e-8  # one normal e-mail ticket that is open weighs 100_000_000
ONE_TICKET = 100_000_000

# One row per shift: a run of an agent's work events without a gap of six hours or more. A row is the shift as far as it
# was seen; `closed` says that six hours have passed since `end`, so it cannot grow any more.
SHIFTS = pl.Schema(
    {
        "agent": pl.String(),
        "start": UTC,
        "end": UTC,
        "date": pl.Date(),  # local date of the first event
        "closed": pl.Boolean(),
        "work_events": pl.Int32(),
        "active_15": DURATION,
        "active_30": DURATION,
        "active_60": DURATION,
        "longest_gap": DURATION,
        "breaks": DURATION,  # sum of in-shift gaps of 15 minutes or more
        "longest_stretch": DURATION,  # longest run without a gap of 15 minutes or more
        "night": DURATION,  # active(30) between 00:00 and 06:00 local
        "end_minute": pl.Int16(),  # local minute of the day of `end`, 0..1439
        "first_block_events": pl.Int32(),  # work events in the first active(30) block
        "last_block_events": pl.Int32(),
        "open_weight": pl.Int64(),  # weight of all open tickets assigned to the agent at `start` (LD1)
        "grade": pl.Enum(GRADES),  # the worst grade of its events
    }
)

# One row per agent and local date with at least one work event (or active minutes that reach over midnight).
DAYS = pl.Schema(
    {
        "agent": pl.String(),
        "date": pl.Date(),
        "first": UTC,  # null when only active minutes of a block from the day before reach in
        "last": UTC,
        "work_events": pl.Int32(),
        "active_15": DURATION,  # split at local midnight
        "active_30": DURATION,
        "active_60": DURATION,
        "tickets": pl.Int32(),  # distinct tickets
        "clock_hours": pl.Int8(),  # distinct local clock hours with a work event
        "touched_weight": pl.Int64(),  # weight of distinct tickets touched, status factor left out (LD3)
        "solved_weight": pl.Int64(),  # weight of tickets this agent solved, status factor left out (LD1)
        "after_hours": DURATION,  # active(30) outside the agent's schedule, on call left out; null: no schedule
        "grade": pl.Enum(GRADES),
    }
)

# One row per group and date of the group's zone with anything happening or anything open.
QUEUES = pl.Schema(
    {
        "group": pl.String(),
        "date": pl.Date(),
        "created": pl.Int32(),  # tickets created in the group or first seen there
        "solved": pl.Int32(),
        "open_at_end": pl.Int32(),  # all unsolved tickets, pending included, at the end of the date
        "escalated": pl.Int32(),  # moved from here to a group of a higher tier
        "reopened": pl.Int32(),
    }
)

# Open weight per agent at 06:00, 09:00, 12:00, 15:00 and 18:00 of the account's zone (LD4). Who has none is absent.
LOADS = pl.Schema({"at": UTC, "agent": pl.String(), "weight": pl.Int64()})

# One row per evaluation day (04:00 to 04:00 of the account's zone, named by its first date), group and ticket that had
# activity in the group. Any event of the ticket is activity.
TOUCHES = pl.Schema({"day": pl.Date(), "group": pl.String(), "ticket": pl.String()})

# One row per agent, local date and ticket that the agent worked on. A bulk or batched save counts for its first ticket.
HANDLED = pl.Schema({"agent": pl.String(), "date": pl.Date(), "shift_start": UTC, "ticket": pl.String()})

# One row per ticket that became hard (wellbeing reference 3.1): when, by which indicators, strong or not.
HARD = pl.Schema({"ticket": pl.String(), "at": UTC, "indicators": pl.String()})  # indicators: "+"-joined words, sorted

SCHEMAS = {
    "shifts": SHIFTS,
    "days": DAYS,
    "queues": QUEUES,
    "loads": LOADS,
    "touches": TOUCHES,
    "handled": HANDLED,
    "hard": HARD,
}
