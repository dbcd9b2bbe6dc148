"""Everything that goes wrong on the way, seeded, each kind to be switched on alone."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.simulating.faults import ERRORS, SPOILERS, Dice

__all__ = ["ERRORS", "RECOVERABLE", "RECOVERABLE_WRITES", "SPOILERS", "TWISTS", "WRITE_SPOILERS", "Faults"]

# The page is well-formed, and not what a hopeful reader expects.
TWISTS = (
    "repeat",  # rows come twice in a page and again on the next
    "split_ties",  # a time-based page may end between rows of one second
    "late",  # some rows of the newest `late_seconds` become visible only later
    "oversize",  # more rows than asked for, above 1000
    "null_end_time",  # the last page has rows and no end time
    "endless",  # the stream never says that it ends and never moves on
    "elsewhere",  # the next page's address is on another host
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
    "merge_away",  # the ticket is merged into another just before
    "agent_leaves",  # whom it is to be assigned to is deactivated just before
    "group_empties",  # the last members leave the group just before
    "field_drops",  # an admin deletes the custom field just before
)
RECOVERABLE_WRITES = {"lost": 0.06, "late_error": 0.04, "conflict": 0.04, "write_error": 0.04, "collide": 0.04}
# Without what a reader may well stop at: "html", "cut_json", "null_page", "wrong_type", "redirect".
RECOVERABLE = {
    "throttle": 0.03, "throttle_bare": 0.01, "error": 0.04, "reset": 0.03, "truncate": 0.03,
    "slow": 0.01, "expire": 0.02, "repeat": 0.2, "split_ties": 1.0,
    "late": 0.3, "oversize": 0.1, "null_end_time": 0.5,
}  # fmt: skip


@dataclass
class Faults(Dice):
    """How often each kind happens; `late_seconds` is how recent a row must be to become visible late."""

    late_seconds: int = 50

    twists = TWISTS
    write_spoilers = WRITE_SPOILERS
    recoverable = RECOVERABLE
    recoverable_writes = RECOVERABLE_WRITES

    def late_share(self) -> float:
        """The share of the newest rows that become visible late."""
        return self.share.get("late", 0.0)
