"""A chart as a page shows it: a drawing, words, and the same as a table."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import get_locale
from markupsafe import Markup

from helpdesk_wellbeing.web.charts.drawing import DRAWINGS, Make, inline


@dataclass(frozen=True)
class Table:
    """The data of a chart in words and numbers of the reader's language; the first cell of a row names it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Sign:
    """What a line or a mark stands for; `looks` is a class of the style sheet."""

    looks: str
    word: str


@dataclass(frozen=True)
class Figure:
    """What the macro `figure` of charts.html shows."""

    name: str  # of its elements in the page
    title: str
    description: str
    caption: str
    drawing: Markup
    table: Table
    signs: tuple[Sign, ...] = ()


def figure(
    make: Make,
    *what: object,
    title: str,
    description: str,
    caption: str,
    table: Table,
    signs: Sequence[Sign] = (),
    key: str = "",
) -> Figure:
    """Draw it, or take the drawing that is kept. `key` tells two figures of the same data in one page apart."""
    language = str(get_locale().language)
    name = "f" + hashlib.sha256(repr((make.__qualname__, title, what, key)).encode()).hexdigest()[:10]

    svg = inline(DRAWINGS.get(make, language, *what), name, title, description)
    drawing = Markup(svg)  # drawn by us; what others named is escaped
    return Figure(name, title, description, caption, drawing, table, tuple(signs))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Of any sequences."""
    return Table(tuple(head), tuple(tuple(row) for row in rows))
