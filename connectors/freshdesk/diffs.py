"""Sights of tickets -> events. What two sights differ in happened between them; nobody knows who did it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from connectors.columns import Columns
from connectors.freshdesk.roster import STATUS_WORDS
from connectors.freshdesk.sights import Row, Sight

PRIORITIES = {1: "low", 2: "normal", 3: "high", 4: "urgent"}
CHANNELS = {1: "email", 2: "web", 3: "phone", 5: "social", 6: "social", 7: "chat", 9: "web", 10: "email", 13: "social"}
OPEN, SOLVED, CLOSED = "2", "4", "5"
_DONE = frozenset({SOLVED, CLOSED})
_BY_REQUESTER = frozenset({1, 7, 9})  # tickets made by API and by agents come as portal, phone or outbound e-mail
_METRICS = {"f": "reply_time", "n": "next_reply_time", "e": "total_resolution_time"}
_AT_ONCE_S = 5  # rules that run at a ticket's creation change it within seconds


@dataclass(frozen=True)
class Context:
    """What rows don't say. Ids are strings."""

    account: str
    staff: Set[str] = frozenset()  # all who work or worked here
    own_user: str | None = None  # whose every change is the plugin's
    statuses: Mapping[str, str] = field(default_factory=dict)  # id of a status -> our word, where it isn't the usual
    told_from: int | None = None  # epoch second from which on the activity export tells what was changed

    def word(self, status: str) -> str:
        """Our word for a status; work that isn't done yet where nobody knows it."""
        return self.statuses.get(status) or STATUS_WORDS.get(status, "pending")


Out = Columns[Context]


def tell(row: Row, before: Sight | None, since: int | None, out: Out) -> None:
    """The events of a sight; `before`: the one before, None if there was none. `since`: everything that had been
    changed by then had been seen (epoch seconds, None: not known)."""
    if before is None:
        _first(row, out)
    else:
        _changed(row, before, max(before.at, since or 0), out)


def _first(row: Row, out: Out) -> None:
    """A ticket comes into sight: how it began, and what its stamps tell of the time since.

    Group and priority seldom change and are taken for the first ones (grade B); an assignee answers soon.
    """
    seen = row.sight
    fresh = seen.at - seen.created <= _AT_ONCE_S
    known = seen.source in _BY_REQUESTER and row.requester is not None
    index = _add(
        out, f"ticket:{seen.ticket}:created", seen.created, seen, "created", batch=f"ticket:{seen.ticket}:created",
        actor=row.requester if known else None, kind_of_actor="requester" if known else "unknown",
        grade="A" if fresh else "B",
    )  # fmt: skip
    out.sparse["channel"][index] = CHANNELS.get(seen.source or 0, "other")
    out.sparse["group"][index] = seen.group
    out.sparse["priority"][index] = PRIORITIES.get(seen.priority or 0)
    out.sparse["status"][index] = out.context.word(seen.status if fresh else OPEN)
    if fresh:
        out.sparse["assignee"][index] = seen.assignee
    for tag in seen.tags:
        if fresh:
            batch = f"ticket:{seen.ticket}:created"
            _add(out, f"{batch}:tagged:{tag}", seen.created, seen, "tagged", None, tag, batch, grade="A")
        else:
            _diff(out, seen, "tagged", seen.at, seen.created, None, tag)
    if not fresh:
        if seen.assignee is not None:
            _diff(out, seen, "assigned", _taken_up(row, out.context), seen.created, None, seen.assignee)
        _statuses(row, OPEN, seen.created - 1, seen.created, out)
    _late(row, "", seen.created, out)
    if seen.gone:
        _diff(out, seen, "deleted", seen.at, seen.created, None, None)


def _changed(row: Row, before: Sight, since: int, out: Out) -> None:
    seen = row.sight
    _statuses(row, before.status, before.at, since, out)
    for kind, old, new in (
        ("assigned", before.assignee, seen.assignee),
        ("moved", before.group, seen.group),
        ("priority", PRIORITIES.get(before.priority or 0), PRIORITIES.get(seen.priority or 0)),
    ):
        if old != new:
            _diff(out, seen, kind, seen.at, since, old, new)
    for tag in sorted(set(seen.tags) - set(before.tags)):
        _diff(out, seen, "tagged", seen.at, since, None, tag)
    for tag in sorted(set(before.tags) - set(seen.tags)):
        _diff(out, seen, "untagged", seen.at, since, tag, None)
    _late(row, before.late, since, out)
    if seen.gone and not before.gone:
        _diff(out, seen, "deleted", seen.at, since, None, None)
    elif before.gone and not seen.gone:
        _diff(out, seen, "status", seen.at, since, "deleted", out.context.word(seen.status))


def _taken_up(row: Row, context: Context) -> int:
    """When the ticket had its assignee at the latest, as far as stamps tell: at the first answer, or when solved.

    Where it will be told who had it then, nothing is guessed: some time before it was seen.
    """
    seen = row.sight
    named = ("first_responded_at", "resolved_at", "closed_at")
    found = [at for name in named if seen.created <= (at := row.stamps.get(name, -1)) <= seen.at]
    at = min(found, default=seen.at)
    return seen.at if context.told_from is not None and at >= context.told_from else at


def _statuses(row: Row, before: str, before_at: int, since: int, out: Out) -> None:
    """Every change of status that is certain; each stamp is the latest of its kind."""
    seen, word = row.sight, out.context.word
    status = before
    for at, new in _steps(row, before, before_at):
        if word(new) != word(status):
            _diff(out, seen, "status", at, since, word(status), word(new))
        status = new


def _steps(row: Row, before: str, before_at: int) -> Iterator[tuple[int, str]]:
    seen = row.sight
    stamped = {name: at for name, at in row.stamps.items() if before_at < at <= seen.at}
    steps: list[tuple[int, str]] = []
    solved, closed, reopened = (stamped.get(name) for name in ("resolved_at", "closed_at", "reopened_at"))
    if solved is not None and solved != closed:
        steps.append((solved, SOLVED))
    if closed is not None:
        steps.append((closed, CLOSED))
    if reopened is not None:
        was_done = before in _DONE or any(at <= reopened for at, _ in steps)
        if not was_done:  # a reopening takes the stamp of the solving away: some time before it
            steps.append((max(before_at + 1, reopened - 1), SOLVED))
        steps.append((reopened, OPEN))
    steps.sort(key=lambda step: step[0])
    if (steps[-1][1] if steps else before) != seen.status:
        steps.append((max([stamped.get("status_updated_at", seen.at), *(at for at, _ in steps)]), seen.status))
    yield from steps


def _late(row: Row, before: str, since: int, out: Out) -> None:
    """Marks that were set: at the due time, where that lies in the past."""
    seen = row.sight
    new = [letter for letter in seen.late if letter not in before]
    for letter in new:
        due = row.due.get(letter)
        if letter == "e" and (due is None or due > seen.at) and len(new) > 1:
            continue  # set for another target, which has its own mark
        at = due if due is not None and seen.created <= due <= seen.at else seen.at
        index = _diff(out, seen, "sla_breached", at, since, None, _METRICS[letter])
        out.actor_kind[index] = "system"


def _diff(out: Out, seen: Sight, kind: str, at: int, since: int, before: str | None, after: str | None) -> int:
    """An event of grade B that happened between `since` and `at`."""
    what = after if after is not None else before
    named = f"{kind}:{what}" if what is not None else kind
    batch = f"diff:{seen.ticket}:{seen.at}"
    index = _add(out, f"diff:{seen.ticket}:{named}:{at}", at, seen, kind, before, after, batch, grade="B")
    out.started[index] = min(since, at)
    return index


def _add(
    out: Out, identity: str, at: int, seen: Sight, kind: str, before: str | None = None, after: str | None = None,
    batch: str | None = None, actor: str | None = None, kind_of_actor: str = "unknown", grade: str = "A",
) -> int:  # fmt: skip
    index = len(out.ids)
    out.ids.append(identity)
    out.at.append(at)
    out.ticket.append(seen.ticket)
    out.actor.append(actor)
    out.actor_kind.append(kind_of_actor)
    out.kind.append(kind)
    out.before.append(before)
    out.after.append(after)
    out.batch.append(batch)
    if grade != "A":
        out.sparse["grade"][index] = grade
    return index
