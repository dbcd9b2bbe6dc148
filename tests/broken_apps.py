"""Packages of both helpdesks' apps, broken on purpose: what each must be refused for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from helpdesk_wellbeing.errors import ConfigError
from webhooks import packing, scripts
from webhooks.packing import Folder, Problem

Check = Callable[[Folder], Iterator[Problem]]
ODD = (5, "https://[x", [[]], [{}], {"a": [5]})


class Broken:
    """A good package, to be changed."""

    def __init__(self, good: Folder) -> None:
        self.files = dict(good.files)
        self.links: set[str] = set()

    @property
    def folder(self) -> Folder:
        return Folder(self.files, frozenset(self.links))


def is_refused(folder: Folder, check: Check, checks: tuple[Check, ...], file: str, key: str) -> None:
    """This check finds it, in this file at this key, and no package is made."""
    found = list(check(folder))

    assert (file, key) in [(problem.file, problem.key) for problem in found if not problem.is_warning]
    assert all(problem.said for problem in found)
    with pytest.raises(ConfigError, match="no package was written"):
        packing.packed(folder, [one for each in checks for one in each(folder)], len(checks), "acme")


def is_warned_of(folder: Folder, check: Check, file: str, key: str) -> None:
    """This check finds it there, and finds nothing that is refused."""
    found = list(check(folder))

    assert (file, key) in [(problem.file, problem.key) for problem in found if problem.is_warning]
    assert [problem for problem in found if not problem.is_warning] == []


def no_check_breaks(good: Folder, checks: Iterable[Check], *names: str) -> None:
    """Whatever stands anywhere in one of these JSON files."""
    pure = [check for check in checks if check is not scripts.broken_scripts]
    for name in names:
        whole = json.loads(good.files[name])
        for way in _ways(whole):
            for odd in ODD:
                folder = Folder({**good.files, name: json.dumps(_with(whole, way, odd)).encode()})
                for check in pure:
                    list(check(folder))


def _ways(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _ways(one, (*way, key))


def _with(value: Any, way: tuple[Any, ...], put: Any) -> Any:
    if not way:
        return put
    copied = list(value) if isinstance(value, list) else dict(value)
    copied[way[0]] = _with(value[way[0]], way[1:], put)
    return copied
