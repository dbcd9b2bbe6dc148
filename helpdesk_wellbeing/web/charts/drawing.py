"""From a specification to an SVG that a page may hold: drawn once, kept, safe for threads."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import structlog

MOST_BYTES = 16 * 1024 * 1024  # of drawings that are kept; one has 5 to 40 kB
_LOCALES: dict[str, Any] = {"nl": "nl-NL", "de": "de-DE", "fr": "fr-FR"}  # d3's names; English is its own default
_ROOT = re.compile(r"<svg\b[^>]*>")
_TAG = re.compile(r"<[a-z]+ [^<>]*>")
_SAID = re.compile(r' (?:role|aria-[a-z]+|class|pointer-events)="[^"]*"')  # the whole is one picture with one text
_ID = re.compile(r'(\bid="|url\(#|href="#)')
_log = structlog.get_logger(__name__)

Make = Callable[..., dict[str, Any]]  # what is drawn -> its specification


class Drawings:
    """Drawings by what they were made of. The program that draws is one for a process, so they wait in line for it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._pen = threading.Lock()

    def get(self, make: Make, language: str, *what: object) -> str:
        """The SVG, without the words that a page adds. `what` must be plain: its text names the drawing."""
        key = hashlib.sha256(repr((make.__qualname__, language, what)).encode()).hexdigest()
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known
        with self._pen:
            made = _draw(make(*what), language)
        self._keep(key, made)
        return made

    @property
    def kept_bytes(self) -> int:
        """How much is kept."""
        return self._bytes

    def _keep(self, key: str, made: str) -> None:
        with self._lock:
            if key in self._kept or len(made) > self._most:
                return
            self._kept[key] = made
            self._bytes += len(made)
            while self._bytes > self._most:
                self._bytes -= len(self._kept.popitem(last=False)[1])


DRAWINGS = Drawings()


def _draw(spec: dict[str, Any], language: str) -> str:
    import altair
    import vl_convert

    version = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    locale = _LOCALES.get(language)
    drawn: str = vl_convert.vegalite_to_svg(
        spec, vl_version=version, allowed_base_urls=[], format_locale=locale,
        time_format_locale=locale,
    )  # fmt: skip
    root = _ROOT.match(drawn)
    if root is None:
        raise ValueError("a drawing that is none")
    return root.group() + _TAG.sub(lambda tag: _SAID.sub("", tag.group()), drawn[root.end() :])


def inline(drawn: str, name: str, title: str, description: str) -> str:
    """The SVG as it stands in a page: named and described for who does not see it; ids are this drawing's own."""
    from markupsafe import escape

    root = _ROOT.match(drawn)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', root.group()) if root else None
    if root is None or size is None:
        raise ValueError("a drawing without a size")
    body = _ID.sub(lambda found: found.group() + name + "-", drawn[root.end() :])
    return (
        f'<svg role="img" aria-labelledby="{name}-title {name}-text" viewBox="0 0 {size[1]} {size[2]}" '
        f'width="{size[1]}" height="{size[2]}"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-text">{escape(description)}</desc>{body}'
    )


_warming = threading.Lock()
_is_warm = False


def warm_up() -> None:
    """Draw something in a thread of its own, once a process: the first drawing takes about a second.

    The thread is waited for at the end of the process: what draws cannot be stopped midway.
    """
    global _is_warm
    with _warming:
        if _is_warm:
            return
        _is_warm = True
    threading.Thread(target=_warm, name="charts-warm-up").start()


def _warm() -> None:
    from datetime import date

    from helpdesk_wellbeing.pages.series import Line, Point
    from helpdesk_wellbeing.web.charts.specs import over_time_spec

    try:
        points = (Point(date(2026, 1, 5), 1.0, 0.5, 1.5),)
        DRAWINGS.get(over_time_spec, "en", points, (Line("limit", 2.0),), "", "above")
    except Exception as error:  # drawn again when a page asks; the page says what is wrong then
        _log.warning("charts could not be warmed up", error=type(error).__name__)
