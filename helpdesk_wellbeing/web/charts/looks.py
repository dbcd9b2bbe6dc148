"""Colours and sizes of all charts. Every colour has 3:1 against paper; none says anything alone."""

from __future__ import annotations

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
FONT = "Arimo, Arial, 'Liberation Sans', Helvetica, sans-serif"  # one width in all of them: room is measured with it
LINES = {"limit": (LIMIT, (6, 3)), "warns": (WARNS, (6, 3)), "usual": (QUIET, (2, 3))}


def dressed(chart: Any, width: int, height: int) -> Any:
    """The chart at this whole width, with the looks of the pages."""
    return (
        chart.properties(width=width, height=height, autosize={"type": "fit", "contains": "padding"}, padding={"left": 8, "top": 6, "right": 12, "bottom": 4})
        .configure(aria=False, background="transparent", font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=QUIET, titleColor=QUIET, labelFontSize=12, titleFontSize=12, titleFontWeight="normal",
            gridColor=GRID, domainColor=QUIET, tickColor=QUIET, labelPadding=4,
        )
    )  # fmt: skip
