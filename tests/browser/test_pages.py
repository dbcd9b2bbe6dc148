"""Every page in a real browser: both languages, wide and narrow, by keyboard, and for those who don't see it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.pages import pages_of

SERIOUS = ("serious", "critical")
WAYS = [("en", "wide"), ("nl", "narrow")]
# Axe goes once over every page, half of them one way and half the other; by make prove over all of them both ways.
EVERY = [pytest.param(2, id="half"), pytest.param(1, id="all", marks=pytest.mark.prove)]


@pytest.fixture(scope="module")
def shots(here):
    return pages_of(here)


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize(("language", "width"), WAYS)
def test_every_page_opens_fits_the_window_and_can_be_used_by_everybody(window, here, shots, language, width, every):
    found, of = {}, {}
    for number, shot in enumerate(shots):
        is_form = shot.name.startswith("settings-")
        if is_form and width == "wide":
            continue  # forms are hard on narrow windows only
        if shot.person in of:
            of[shot.person].goto(here.url(shot.path))
        else:
            of[shot.person] = window(shot.person, shot.path, language, width)
        page = of[shot.person]
        place = f"{shot.name} for {shot.person}"
        if page.locator("html").get_attribute("lang") != language:
            found[place] = ["not in the reader's language"]
        elif page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found[place] = ["wider than the window"]
        if is_form or number % every == WAYS.index((language, width)) % every:
            violations = Axe().run(page).response["violations"]
            serious = [f"{one['id']}: {one['nodes'][0]['html']}" for one in violations if one["impact"] in SERIOUS]
            if serious:
                found.setdefault(place, []).extend(serious)
    assert found == {}


def test_the_first_tab_leads_past_the_navigation(window):
    page = window("lead", "today")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content"


def press(page, wanted):
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_lead_accepts_a_proposal_with_the_keyboard_alone(window, shots, here):
    [path] = [shot.path for shot in shots if shot.name == "proposal"]
    page = window("lead", path)
    press(page, page.get_by_role("link", name="Look at what was measured"))
    press(page, page.get_by_role("button", name="Accept").first)

    kept = here.store.proposals.get("demo", path.rpartition("/")[2])
    assert kept is not None
    assert kept.state == "accepted"
