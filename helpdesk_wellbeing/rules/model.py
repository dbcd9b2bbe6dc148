"""The shape of a rule file, strictly checked.

A rule compares ready numbers and counts rows; it never computes. `warn` and `critical` are alternatives (any of them is
enough); inside one alternative all comparisons must hold, on `after` evaluations in a row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Operator = Literal["at_least", "above", "at_most", "below"]
OPERATORS: tuple[Operator, ...] = ("at_least", "above", "at_most", "below")
Text = Annotated[str, Field(min_length=1)]
_OPERATORS: Mapping[str, Operator] = {">=": "at_least", ">": "above", "<=": "at_most", "<": "below"}
_COMPARED = re.compile(r"(?P<value>\w+) (?P<sign>[<>]=?) ((?P<times>[\d.e+-]+) x )?(?P<bound>\S+)")
_IN_A_ROW = re.compile(r"(?P<text>.+), (?P<after>\d+) evaluations in a row")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Comparison(_Strict):
    """One value against a number, or against another value times a factor."""

    value: Text
    at_least: float | str | None = None
    above: float | str | None = None
    at_most: float | str | None = None
    below: float | str | None = None
    times: float = 1.0

    @model_validator(mode="after")
    def _exactly_one_operator(self) -> Comparison:
        given = [name for name in OPERATORS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(OPERATORS)}; got {given or 'none'}")
        return self

    @property
    def operator(self) -> Operator:
        return next(name for name in OPERATORS if getattr(self, name) is not None)

    @property
    def bound(self) -> float | str:
        bound: float | str = getattr(self, self.operator)
        return bound

    def names(self) -> list[str]:
        """The values that this comparison reads."""
        return [self.value, *([self.bound] if isinstance(self.bound, str) else [])]

    def __str__(self) -> str:
        words = {operator: sign for sign, operator in _OPERATORS.items()}
        factor = f"{self.times:g} x " if self.times != 1.0 else ""
        bound = self.bound if isinstance(self.bound, str) else f"{self.bound:g}"
        return f"{self.value} {words[self.operator]} {factor}{bound}"

    @staticmethod
    def of(text: str) -> Comparison:
        """From what `str` made of one. Raises ValueError."""
        found = _COMPARED.fullmatch(text)
        if found is None:
            raise ValueError(f"no comparison: {text}")
        try:
            bound: float | str = float(found["bound"])
        except ValueError:
            bound = found["bound"]
        said: dict[str, Any] = {_OPERATORS[found["sign"]]: bound}
        return Comparison(value=found["value"], times=float(found["times"] or 1), **said)


class Alternative(_Strict):
    """All of these together, on `after` evaluations in a row."""

    all: tuple[Comparison, ...] = Field(min_length=1)
    after: int = Field(default=1, ge=1)

    def __str__(self) -> str:
        text = " and ".join(map(str, self.all))
        return text if self.after == 1 else f"{text}, {self.after} evaluations in a row"

    @staticmethod
    def of(text: str) -> Alternative:
        """From what `str` made of one. Raises ValueError."""
        whole, after = _apart(text)
        return Alternative(all=_together(whole), after=after)


class Exit(_Strict):
    """What ends the flag: any of these alternatives, on `after` evaluations with evidence in a row."""

    any: tuple[tuple[Comparison, ...], ...] = Field(min_length=1)
    after: int = Field(default=1, ge=1)

    def __str__(self) -> str:
        text = ", or ".join(" and ".join(map(str, group)) for group in self.any)
        return text if self.after == 1 else f"{text}, {self.after} evaluations in a row"

    @staticmethod
    def of(text: str) -> Exit:
        """From what `str` made of one. Raises ValueError."""
        whole, after = _apart(text)
        return Exit(any=tuple(map(_together, whole.split(", or "))), after=after)


def _apart(text: str) -> tuple[str, int]:
    found = _IN_A_ROW.fullmatch(text)
    return (text, 1) if found is None else (found["text"], int(found["after"]))


def _together(text: str) -> tuple[Comparison, ...]:
    return tuple(map(Comparison.of, text.split(" and ")))


class _NanWhereMissing(dict[str, float]):
    def __missing__(self, key: str) -> float:
        return math.nan


LEVELS = ("none", "pending", "warn", "critical", "cooling", "cleared")
Level = Literal["none", "pending", "warn", "critical", "cooling", "cleared"]


class Example(_Strict):
    """Values evaluation by evaluation ("_": an evaluation without evidence) and the level after each."""

    name: Text
    given: tuple[dict[str, float] | Literal["_"], ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_level_each(self) -> Example:
        if len(self.given) != len(self.levels):
            raise ValueError(f"{len(self.given)} evaluations given, {len(self.levels)} levels expected")
        return self

    @property
    def fires(self) -> bool:
        return bool({"warn", "critical"} & set(self.levels))


class Rule(_Strict):
    """One rule file. `id` is the file's name and the flag's `rule`."""

    id: Text
    signal: Text
    title: Text
    says: Text  # one line for a reader, a format string over the shown values
    why: Text
    source: Text
    may_be_wrong: tuple[Text, ...] = Field(min_length=1)
    suggests: tuple[Text, ...] = ()
    statutory: bool = False  # a violation that is shown is certain: critical may come at once
    frozen: bool = False  # values and window stay those of the evaluation that raised the level
    quiet: int = Field(default=0, ge=0)  # evaluations after the end in which it does not rise again
    needs: Text  # the minimum evidence, in words; the signal holds it
    enabled: bool = True
    warn: tuple[Alternative, ...] = Field(min_length=1)
    critical: tuple[Alternative, ...] = ()
    exit: Exit
    examples: tuple[Example, ...]

    @model_validator(mode="after")
    def _examples_show_all_three_ends(self) -> Rule:
        if not any(example.fires for example in self.examples):
            raise ValueError("examples: needs at least one that fires")
        if all(example.fires for example in self.examples):
            raise ValueError("examples: needs at least one that stays quiet")
        if not any("_" in example.given for example in self.examples):
            raise ValueError('examples: needs at least one evaluation without evidence ("_")')
        return self

    def sentence(self, values: Mapping[str, float | None]) -> str:
        """What a flag of this rule says; a value that is not known shows as nan."""
        return self.says.format_map(_NanWhereMissing({k: v for k, v in values.items() if v is not None}))

    def comparisons(self) -> list[Comparison]:
        """Every comparison of the rule, in the order of the file."""
        found = [c for alternative in (*self.warn, *self.critical) for c in alternative.all]
        return found + [c for group in self.exit.any for c in group]

    def thresholds(self) -> dict[str, Any]:
        """The levels in words, as `rules show` prints them."""
        return {
            "warn": [str(a) for a in self.warn],
            "critical": [str(a) for a in self.critical],
            "exit": str(self.exit),
        }
