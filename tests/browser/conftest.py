"""A real browser before the demo's Monday morning. Without a browser these tests are skipped, loudly."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browsing import Served, chromium, context_of, launched, morning

REQUIRED = "WELLBEING_BROWSER_REQUIRED"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        if os.environ.get(REQUIRED):
            pytest.fail("no Chromium here, and this run requires one; apt-get install chromium")
        pytest.skip("NO BROWSER: apt-get install chromium, or name one in WELLBEING_CHROMIUM; no page was looked at")
    with launched(program) as one:
        yield one


@pytest.fixture(scope="session")
def here(tmp_path_factory) -> Iterator[Served]:
    with morning(tmp_path_factory.mktemp("morning")) as served:
        yield served


def is_complaint(page: Page, said: ConsoleMessage) -> bool:
    """Not that the page itself is refused or not there: some are."""
    is_own = said.text.startswith("Failed to load resource") and said.location["url"] == page.url
    return said.type in ("error", "warning") and not is_own


@pytest.fixture
def window(browser: Browser, here: Served) -> Iterator[Callable[..., Page]]:
    """Opens a page as one of `PEOPLE`; what the browser complains of fails the test."""
    contexts, complaints = [], []

    def open_page(person: str, path: str, language: str = "en", width: str = "wide") -> Page:
        context = context_of(browser, here, person, language, width)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if is_complaint(page, said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(here.url(path))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
