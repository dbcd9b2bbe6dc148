"""Colours and sizes of all charts. Every colour has 3:1 against paper; none says anything alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

PAPER = "#ffffff"
INK = "#1d2733"
QUIET = "#4f5b68"
ACCENT = "#0b5c6b"
BAND = "#5f8f98"
LIMIT = "#a3241b"
WARNS = "#8a4b00"
SECOND = "#6b4fa0"
GRID = "#e4e8ec"  # helps the eye only; nothing is lost without it
COLOURS = (INK, QUIET, ACCENT, BAND, LIMIT, WARNS, SECOND)  # that say something
# One width in all of them, so that labels have the room that was measured for them.
FONT = "Arimo, Arial, 'Liberation Sans', Helvetica, sans-serif"
LINES = {"limit": (LIMIT, (6, 3)), "warns": (WARNS, (6, 3)), "usual": (QUIET, (2, 3)), "fair": (QUIET, (2, 3))}
# In CSS pixels of the drawing. A page shows it from 320 to 560 wide, so that letters have 11 to 18 pixels.
WIDTH, HEIGHT, ROW = 400, 210, 28
LETTERS = 13


def dressed(layers: Sequence[Any], height: int) -> dict[str, Any]:
    """The layers as one chart with the looks of the pages; data is put beside it later."""
    import altair as alt

    chart = (
        alt.layer(*layers)
        .properties(width=WIDTH, height=height, autosize={"type": "fit", "contains": "padding"})
        .configure(
            aria=False, background="transparent", font=FONT, padding={"left": 8, "top": 6, "right": 12, "bottom": 4}
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=QUIET, titleColor=QUIET, labelFontSize=LETTERS, titleFontSize=LETTERS,
            titleFontWeight="normal", gridColor=GRID, domainColor=QUIET, tickColor=QUIET, labelPadding=4,
        )
    )  # fmt: skip
    spec: dict[str, Any] = chart.to_dict(validate=False)
    return spec
