"""A mapping file: how a foreign log says what our columns ask. See docs/mappings/README.md."""

from __future__ import annotations

import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from helpdesk_wellbeing import events
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.instants import zone_problem
from helpdesk_wellbeing.words import did_you_mean, excerpt

ZONE = "time_zone"  # may stand among the columns and values, though events have none
OURS = tuple(name for name in events.SCHEMA if name != "account")
TIMES = ("at", "started_at", "due_at")
DROPPED = "\0dropped"
_WORDS = {
    "kind": events.KINDS,
    "actor_kind": events.ACTOR_KINDS,
    "channel": events.CHANNELS,
    "grade": events.GRADES,
    "status": events.STATUSES,
    "priority": events.PRIORITIES,
}
_PATTERN = "~"


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]


class Values:
    """Theirs to ours: whole values first, then patterns ("~…") in their order, then "*"."""

    def __init__(self, table: dict[str, str]) -> None:
        self._exact = {theirs: ours for theirs, ours in table.items() if not theirs.startswith(_PATTERN)}
        self._default = self._exact.pop("*", None)
        self._patterns = [
            (re.compile(theirs[1:]), ours) for theirs, ours in table.items() if theirs.startswith(_PATTERN)
        ]

    def __call__(self, theirs: str) -> str | None:
        """Our value; DROPPED when the row is not wanted, None when the value means nothing to us."""
        ours = self._exact.get(theirs)
        if ours is None:
            ours = next((m.expand(to) for rx, to in self._patterns if (m := rx.search(theirs))), self._default)
        if ours is None:
            return theirs or None
        return DROPPED if ours == "-" else ours or None


class Zones(BaseModel):
    """Where people work, told by a column of theirs: `values` turn what it says into IANA zones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Names
    values: dict[str, str] = {}

    @model_validator(mode="after")
    def _zones_exist(self) -> Zones:
        _check_zones(self.values, "values")
        return self

    @cached_property
    def table(self) -> Values:
        return Values(self.values)


class Tiers(BaseModel):
    """Tiers told by the names of groups: patterns for 3, 2 and 1, tried in this order, else `default`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    third: Names | None = Field(default=None, alias="3")
    second: Names | None = Field(default=None, alias="2")
    first: Names | None = Field(default=None, alias="1")
    default: Annotated[int, Field(ge=1, le=3)] | None = None

    @model_validator(mode="after")
    def _patterns_compile(self) -> Tiers:
        for patterns in (self.first, self.second, self.third):
            for pattern in patterns or ():
                _compiled(pattern, "pattern")
        return self

    def of(self, group: str) -> int | None:
        """The tier of a group, or None."""
        for tier, patterns in ((3, self.third), (2, self.second), (1, self.first)):
            if any(re.search(pattern, group) for pattern in patterns or ()):
                return tier
        return self.default


class Mapping(BaseModel):
    """How to read a log that uses other columns. Frozen; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: str | None = None  # IANA name, or "column:NAME"; for times without an offset
    time_format: str | None = None  # strftime pattern in place of ISO 8601
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    separator: str = " / "  # between joined columns
    columns: dict[str, Names] = {}
    constants: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    automation: tuple[str, ...] = ()  # actors that are no person; "~…" is a pattern
    tiers: Tiers | None = None
    zones: Zones | None = None

    @model_validator(mode="after")
    def _fits_our_columns(self) -> Mapping:
        for table in ("columns", "constants", "values"):
            for name in getattr(self, table):
                if name not in (*OURS, ZONE) or (table == "constants" and name == ZONE):
                    raise ValueError(f'{table}.{name}: "{name}" is not a column of ours{did_you_mean(name, OURS)}')
        for name in self.constants:
            if name in self.columns:
                raise ValueError(f"{name} is both a column and a constant; keep one")
            _check_words(name, self.constants[name], f"constants.{name}")
        if self.zone_column is None and self.time_zone is not None and (why := zone_problem(self.time_zone)):
            raise ValueError(f"time_zone: {why}")
        if self.time_zone is not None and ZONE in self.columns:
            raise ValueError("time_zone is given twice; keep time_zone or columns.time_zone")
        for name, table_of in self.values.items():
            self._check_values(name, table_of)
        for actor in self.automation:
            if actor.startswith(_PATTERN):
                _compiled(actor[1:], "automation")
        return self

    @staticmethod
    def _check_values(name: str, table: dict[str, str]) -> None:
        if name in TIMES:
            raise ValueError(f"values.{name}: times cannot be replaced")
        if name == ZONE:
            _check_zones(table, "values.time_zone")
            return
        for theirs, ours in table.items():
            if theirs.startswith(_PATTERN):
                _compiled(theirs[1:], f"values.{name}")
            if ours != "-" and "\\" not in ours:
                _check_words(name, ours, f'values.{name}."{excerpt(theirs)}"')

    @property
    def zone_column(self) -> tuple[str, ...] | None:
        """Their columns that hold the zone of each row, if the rows say it."""
        if self.time_zone is not None and self.time_zone.startswith("column:"):
            return (self.time_zone.removeprefix("column:"),)
        return self.columns.get(ZONE)

    @cached_property
    def tables(self) -> dict[str, Values]:
        """The tables of `values`, ready to use."""
        return {name: Values(table) for name, table in self.values.items()}

    @cached_property
    def is_automation(self) -> Values:
        """ "yes" for actors that are no person."""
        return Values(dict.fromkeys(self.automation, "yes") | {"*": ""})


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises ConfigError that names every problem with its place."""
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such mapping; check the path") from error
    except OSError as error:
        raise ConfigError(f"{path}: the mapping cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: the mapping is not UTF-8; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: the mapping is not TOML: {error}") from error
    except ValidationError as error:
        raise ConfigError(f"{path}: {'; '.join(_told(problem) for problem in error.errors())}") from error


def _told(problem: object) -> str:
    assert isinstance(problem, dict)
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        field = str(problem["loc"][-1])
        known = {"zones": Zones.model_fields, "tiers": ("1", "2", "3", "default")}.get(
            str(problem["loc"][0]) if len(problem["loc"]) > 1 else "", Mapping.model_fields
        )
        return f"{place}: not a field of a mapping{did_you_mean(field, known)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _check_words(name: str, ours: str, place: str) -> None:
    words = _WORDS.get(name)
    if words is None:
        return
    for word in kinds_of(ours) if name == "kind" else [ours]:
        if word not in words and not (word == "" and name != "kind"):
            raise ValueError(f'{place}: "{excerpt(word)}" is not a word for {name}{did_you_mean(word, words)}')


def kinds_of(text: str) -> list[str]:
    """ "moved + assigned" is two changes of one save."""
    return [part.strip() for part in text.split("+")]


def _check_zones(table: dict[str, str], place: str) -> None:
    for theirs, zone in table.items():
        if zone not in ("", "-") and "\\" not in zone and (why := zone_problem(zone)):
            raise ValueError(f'{place}."{excerpt(theirs)}": {why}')
        if theirs.startswith(_PATTERN):
            _compiled(theirs[1:], place)


def _compiled(pattern: str, place: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f'{place}: "{excerpt(pattern)}" is not a regular expression ({error})') from error
