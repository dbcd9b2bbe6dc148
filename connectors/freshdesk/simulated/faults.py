"""Everything that goes wrong on the way, seeded, each kind to be switched on alone."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.simulating import faults
from connectors.simulating.faults import Dice

SPOILERS = tuple(kind for kind in faults.SPOILERS if kind != "expire")  # a key has no time of its own
# The page is well-formed, and not what a hopeful reader expects.
TWISTS = (
    "repeat",  # rows of a ticket list come twice in a page
    "shuffled",  # rows of one second come in another order each time
    "elsewhere",  # the address of the next page is on another host
    "unlinked",  # there is a next page and no Link header
    "drained",  # somebody else has just used up the minute
)
# What happens to a write besides. The answer is lost, or replaced with nothing written, or the world moves just before.
WRITE_SPOILERS = (
    "lost",  # written, and the connection ends without an answer
    "hang",  # written, and no answer for `hang_seconds`, then the connection ends
    "late_error",  # written, and answered 504
    "conflict",  # 409, nothing written
    "write_error",  # 500, nothing written
    "forbid",  # 403, nothing written
    "collide",  # somebody edits the ticket just before
    "delete_away",  # the ticket goes to the trash just before
    "agent_leaves",  # whom it is to be assigned to is deactivated just before
    "group_empties",  # the last members leave the group just before
    "field_drops",  # an admin deletes the custom field just before
)
RECOVERABLE = {
    "throttle": 0.03, "throttle_bare": 0.01, "error": 0.04, "reset": 0.03, "truncate": 0.03, "slow": 0.01,
    "repeat": 0.2, "shuffled": 0.3, "unlinked": 0.1, "drained": 0.002,
}  # fmt: skip
RECOVERABLE_WRITES = {"lost": 0.06, "late_error": 0.04, "write_error": 0.04, "collide": 0.04}


@dataclass
class Faults(Dice):
    """How often each kind happens, and to which paths."""

    spoilers = SPOILERS
    twists = TWISTS
    write_spoilers = WRITE_SPOILERS
    recoverable = RECOVERABLE
    recoverable_writes = RECOVERABLE_WRITES
