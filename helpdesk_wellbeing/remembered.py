"""Answers that are kept for as long as the thing they are about lives."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

_Thing = TypeVar("_Thing")
_Found = TypeVar("_Found")


def once_per_object(function: Callable[[_Thing], _Found]) -> Callable[[_Thing], _Found]:
    """A pure function that keeps its answer about each object for as long as that lives.

    Signals run one after the other on the same facts and need the same few views of them; the directory is the same one
    for days. The answer must not hold the object.
    """
    answers: dict[int, tuple[weakref.ref[_Thing], _Found]] = {}

    def forget(name: int) -> Callable[[weakref.ref[_Thing]], None]:
        def forgotten(gone: weakref.ref[_Thing]) -> None:
            known = answers.get(name)
            if known is not None and known[0] is gone:  # otherwise another object lives there already
                del answers[name]

        return forgotten

    @wraps(function)
    def looked_up(thing: _Thing) -> _Found:
        name = id(thing)
        known = answers.get(name)
        if known is None or known[0]() is not thing:
            known = answers[name] = (weakref.ref(thing, forget(name)), function(thing))
        return known[1]

    return looked_up
