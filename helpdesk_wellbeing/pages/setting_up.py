"""Setting up the helpdesk itself from a page: what the page asks for, and what whoever knows the platforms offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from helpdesk_wellbeing.errors import ConfigError, NotLetIn, PlatformError, Refused, RetryLater, WellbeingError

Do = Literal["install", "uninstall"]
Line = Mapping[str, Any]  # as `said.for_page` gives it
Trouble = Literal["credentials", "rights", "scope", "no_admin", "no_app", "unreachable", "other"]
Tell = Callable[[str], None]


class MayOnlyRead(ConfigError):
    """The connection was not given the right to write."""


class NoAdmin(ConfigError):
    """The connection's user is no admin there."""


class NoApp(ConfigError):
    """Our app was not found among those of the account, or more than one of it."""


@dataclass(frozen=True)
class Asked:
    """What is to be done. For `install`: `url`, where the helpdesk reaches this installation; `news`, how it tells of
    news, where there is a choice (None: as before)."""

    do: Do
    url: str = ""
    news: str | None = None


@dataclass(frozen=True)
class Step:
    """One thing: what is done with it, as a word (create, keep, mend, remove), and why, where there is a reason."""

    do: str
    kind: str  # ticket_field, view, webhook, trigger, rule
    title: str
    id: str | None
    why: Line | None


@dataclass(frozen=True)
class Rule:
    """A rule of theirs that survey tickets could set off."""

    title: str
    id: str
    effect: str
    where: str
    add: str


@dataclass(frozen=True)
class Task:
    """Something left to a person."""

    title: Line
    steps: tuple[Line, ...]


@dataclass(frozen=True)
class Plan:
    """What would be done. `digest` changes with what is done, not with what is told beside it."""

    asked: Asked
    steps: tuple[Step, ...]
    changes: bool  # whether there is anything to do
    digest: str
    notes: tuple[Line, ...] = ()
    rules: tuple[Rule, ...] = ()
    under: str = ""  # where the condition of a rule goes
    tasks: tuple[Task, ...] = ()
    tickets: int = 0  # `uninstall`: that are cleaned of our tags and our field
    survey_tickets: int = 0  # and those of ours that are deleted
    secret: bool = False  # whether a webhook secret is forgotten
    stops: bool = False  # whether acting goes on so far
    is_another: bool = False  # what was shown is no longer so


@dataclass(frozen=True)
class Done:
    """What came of it: every step of the plan with whether it was made, what was refused, what is left."""

    asked: Asked
    steps: tuple[tuple[Step, bool], ...]
    failed: tuple[Line, ...]
    is_whole: bool
    tasks: tuple[Task, ...] = ()
    notes: tuple[Line, ...] = ()
    cleaned: int = 0  # `uninstall`: tickets
    deleted: int = 0  # and survey tickets of ours


@dataclass(frozen=True)
class App:
    """The app of a helpdesk, checked and ready to be uploaded."""

    file: str
    archive: bytes


class SettingUp(Protocol):
    """The helpdesk of an account, set up from a page. What talks to the helpdesk is for the background: see
    `pages.jobs`; it calls `tell` with what it does now. All raise WellbeingError, whose messages hold no secret."""

    def wrong_address(self, account: str, url: str) -> Literal["form", "here"] | None:
        """Why the helpdesk could not reach us there: it is no such address, or one of this machine."""
        ...

    def plan(self, account: str, asked: Asked, tell: Tell) -> Plan:
        """What would be done."""
        ...

    def carry_out(self, account: str, asked: Asked, digest: str, by: Any, tell: Tell) -> Plan | Done:
        """Plan anew, and do it if that is the plan with this digest; else the plan as it is now."""
        ...

    def package(self, account: str, url: str) -> App:
        """The app. Raises ConfigError with a line for all that the helpdesk would refuse."""
        ...

    def find_app(self, account: str) -> None:
        """Find the app among those of the account, after it was installed there. Raises NoApp."""
        ...

    def knows_app(self, account: str) -> bool | None:
        """Whether it was found; None where it need not be."""
        ...

    def types_secret(self, account: str) -> bool:
        """Whether somebody has to type into the helpdesk what it proves its calls with."""
        ...

    def secret(self, account: str) -> str:
        """That secret; it is made where there is none yet."""
        ...


def trouble_of(error: WellbeingError) -> Trouble:
    """What kind of trouble it is: by it the next step is told."""
    if isinstance(error, MayOnlyRead):
        return "scope"
    if isinstance(error, NoAdmin):
        return "no_admin"
    if isinstance(error, NoApp):
        return "no_app"
    status = error.status if isinstance(error, Refused) else None
    if isinstance(error, NotLetIn) or status == 401:
        return "credentials"
    if status == 403:
        return "rights"
    return "unreachable" if isinstance(error, RetryLater) or type(error) is PlatformError else "other"


def to_json(found: Plan | Done) -> dict[str, Any]:
    """To be kept; `read_plan` and `read_done` read it."""
    return asdict(found)


def read_plan(kept: Mapping[str, Any]) -> Plan:
    """A plan that was kept."""
    return Plan(**{
        **kept, "asked": Asked(**kept["asked"]), "steps": tuple(Step(**one) for one in kept["steps"]),
        "rules": tuple(Rule(**one) for one in kept["rules"]), "tasks": _tasks(kept), "notes": tuple(kept["notes"]),
    })  # fmt: skip


def read_done(kept: Mapping[str, Any]) -> Done:
    """What came of one."""
    return Done(**{
        **kept, "asked": Asked(**kept["asked"]),
        "steps": tuple((Step(**step), bool(made)) for step, made in kept["steps"]),
        "failed": tuple(kept["failed"]), "tasks": _tasks(kept), "notes": tuple(kept["notes"]),
    })  # fmt: skip


def _tasks(kept: Mapping[str, Any]) -> tuple[Task, ...]:
    return tuple(Task(one["title"], tuple(one["steps"])) for one in kept["tasks"])
