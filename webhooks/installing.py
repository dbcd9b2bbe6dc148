"""What `install` and `uninstall` of every platform share: steps of a plan, what came of them, how they are noted.

A platform's `provisioning` knows its things and makes them; a platform's `removal` takes them out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from helpdesk_wellbeing.said import N_, Said
from helpdesk_wellbeing.words import counted
from webhooks import known

if TYPE_CHECKING:
    from helpdesk_wellbeing.store import Store

OLD_SECRET_KEPT = timedelta(days=7)
Verdict = Literal["create", "keep", "mend", "remove"]
ONE_OF: Mapping[str, str] = {
    "ticket_fields": "ticket_field", "views": "view", "webhooks": "webhook", "triggers": "trigger",
    "automations": "automation", "creation_rules": "rule", "update_rules": "rule",
}  # fmt: skip
IN_WORDS: Mapping[str, str] = {
    "ticket_field": "custom field", "view": "view", "webhook": "webhook", "trigger": "trigger", "rule": "rule",
}  # fmt: skip
CHANGES_TICKETS = ("suggest", "clear", "move", "undo")  # kinds of writes
KindT = TypeVar("KindT", bound=str)


class Place(Protocol):
    """One account of a helpdesk, and our store beside it."""

    @property
    def store(self) -> Store: ...

    @property
    def account(self) -> str: ...


@dataclass(frozen=True)
class Step(Generic[KindT]):
    """What is to be done with one thing; `why` says what an admin changed, or is empty."""

    verdict: Verdict
    name: str
    kind: KindT
    title: str
    id: str | None
    why: str = ""
    noted: bool = True  # whether its id stands in the store

    @property
    def word(self) -> str:
        """What such a thing is called."""
        return IN_WORDS[ONE_OF[self.kind]]

    def to_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {"do": self.verdict, "name": self.name, "kind": ONE_OF[self.kind], "title": self.title, "id": self.id,
                "why": self.why}  # fmt: skip

    def line(self) -> str:
        """One line of a plan."""
        which = f" ({self.id})" if self.id else ""
        return f"{self.verdict:7} {self.word:13} {self.title}{which}" + (f": {self.why}" if self.why else "")


DELETED, FOUND_AGAIN = Said(N_("somebody deleted it")), Said(N_("found again"))
TWICE = Said(N_("it is there twice"))


def changed(what: Iterable[str]) -> Said:
    """Why a thing is to be mended."""
    return Said(N_("changed: %(what)s"), what=", ".join(what))


@dataclass(frozen=True)
class Outcome:
    """What came of a plan: the steps that were made, and a line for each one that was not."""

    made: tuple[Step[Any], ...]
    failed: tuple[str, ...]


class NotMade(Exception):
    """A step did not come through; the message says who, what and the next step."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


def carry_out(
    steps: Iterable[Step[KindT]], make: Callable[[Step[KindT]], Step[KindT]], who: str
) -> Outcome:  # fmt: skip
    """Make one step after the other. What is refused is told in `failed`, and the rest goes on."""
    made: list[Step[KindT]] = []
    failed: list[str] = []
    for step in steps:
        if failed and step.verdict == "remove":  # what works is not taken away while what replaces it does not
            typed = f"{who}: {step.title} ({step.id}) stays until the rest is in place"
            failed.append(Said(N_("“%(title)s” stays until the rest is in place"), typed, title=step.title))
            continue
        try:
            made.append(make(step))
        except NotMade as trouble:
            failed.append(trouble.line)
    return Outcome(tuple(made), tuple(failed))


def note(place: Place, step: Step[KindT], by: str, at: datetime) -> None:
    """Keep the id of a thing, which was made `at`, and tell it in the audit."""
    with place.store.transaction():
        place.store.installed.keep(place.account, step.name, ONE_OF[step.kind], str(step.id), at)
        tell(place, "installed", step, by)


def tell(place: Place, what: str, step: Step[KindT], by: str) -> None:
    """A line of the audit."""
    about = [{"do": step.verdict, "name": step.name, "kind": ONE_OF[step.kind], "id": step.id}]
    place.store.audit.add(place.account, datetime.now(UTC), what, by=by, things=about)


def note_removed(place: Place, step: Step[KindT], by: str) -> None:
    """A thing is gone: forget its id, and tell it in the audit."""
    with place.store.transaction():
        noted = place.store.installed.things(place.account).get(step.name)
        if noted is not None and noted.platform_id == step.id:
            place.store.installed.forget(place.account, step.name)
        tell(place, "uninstalled", step, by)


def made_at(row: Mapping[str, Any], otherwise: Callable[[], datetime]) -> datetime:
    """When a thing was made, by the platform's clock."""
    try:
        at = datetime.fromisoformat(str(row.get("created_at")))
    except ValueError:
        return otherwise()
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


# ---- taking out -----------------------------------------------------------------------------------------------------


class Cleaned(Protocol):
    """What became of the tickets."""

    cleaned: int
    deleted: list[str]  # survey tickets of ours
    failed: dict[str, str]  # ticket -> the platform's word

    def to_json(self) -> dict[str, Any]: ...

    def lines(self) -> Iterable[str]: ...


CleanedT = TypeVar("CleanedT", bound=Cleaned)


@dataclass(frozen=True)
class Removal(Generic[KindT]):
    """What `uninstall` would do."""

    steps: tuple[Step[KindT], ...]
    tickets: tuple[str, ...]  # that carry anything of ours
    own: tuple[str, ...]  # those of them that we made
    secret: bool  # whether there is a webhook secret to be forgotten
    stops: bool  # whether acting goes on so far

    @property
    def is_nothing(self) -> bool:
        """Whether nothing of ours is there."""
        return not (self.steps or self.tickets or self.secret)

    def to_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {"things": [step.to_json() for step in self.steps], "tickets": len(self.tickets),
                "survey_tickets": len(self.own), "webhook_secret": self.secret, "stops_acting": self.stops}  # fmt: skip

    def lines(self) -> list[str]:
        """A plan as a person reads it."""
        lines = ["stop    all writes and notices of this account"] if self.stops else []
        lines += [step.line() for step in self.steps]
        others = len(self.tickets) - len(self.own)
        if others:
            lines.append(f"clean   {others:,} tickets: our tags and the value of our field; your own rules run on that")
        if self.own:
            lines.append(f"delete  {counted(len(self.own), 'survey ticket')} of ours")
        return [*lines, *(["forget  the webhook secret"] if self.secret else [])]


@dataclass(frozen=True)
class Removed(Generic[CleanedT]):
    """What became of it."""

    things: Outcome
    tickets: CleanedT

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left but what nobody can change."""
        return not (self.things.failed or self.tickets.failed)


def stop_acting(place: Place, by: str, now: datetime) -> None:
    """Nothing more is written in this account, and nobody is asked any more."""
    from helpdesk_wellbeing.acting import asking, policy

    policy.change(place.store, place.account, by, now, stopped=True)
    place.store.writes.cancel_all(place.account, "withdrawn", now)
    asking.end_waves(place.store, place.account, now)


def remove_all(
    steps: Sequence[Step[KindT]], remove: Callable[[Step[KindT]], None]
) -> tuple[list[Step[KindT]], list[str]]:  # fmt: skip
    """Take away one thing after the other: those that are gone, and a line for each one that is not."""
    made: list[Step[KindT]] = []
    failed: list[str] = []
    for step in steps:
        try:
            remove(step)
        except NotMade as trouble:
            failed.append(trouble.line)
        else:
            made.append(step)
    return made, failed


def forget_secret(place: Place) -> None:
    """No call is taken in any more."""
    known.forget_previous(place.store, place.account)
    place.store.drop_secret(place.account, known.SECRET)


def forget_things(place: Place) -> None:
    """What an admin has deleted before us."""
    for name in place.store.installed.things(place.account):
        place.store.installed.forget(place.account, name)
