"""The newcomer's walk with a stopwatch: from `demo` to a first accepted proposal, written and undone.

Run: python -m tests.browser.walk. It starts the demo as a person does and uses nothing but the address that is printed
and what the pages show.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browsing import WIDTHS, chromium, launched

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"^\s*(http://127\.0\.0\.1:\d+/a/\w+/)\s*$", re.MULTILINE)
WHO = "Team lead A"
READY_S, WRITTEN_S = 540.0, 30.0
AGAIN_S = 0.5


class Stopwatch:
    """Says what was reached, and when."""

    def __init__(self) -> None:
        self._begun = self._last = time.monotonic()

    def lap(self, what: str) -> None:
        """A line with the seconds of this step and of all so far."""
        now = time.monotonic()
        print(f"{now - self._begun:7.1f} s  (+{now - self._last:5.1f})  {what}", flush=True)
        self._last = now


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """The demo with its pages; the address that it prints."""
    said = folder / "demo.txt"
    command = [sys.executable, "-m", "helpdesk_wellbeing", "demo", "--browse", "--keep", str(folder / "demo")]
    with said.open("wb") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT) as running:
        try:
            yield _address(running, said)
        finally:
            running.send_signal(signal.SIGINT)  # Ctrl-C
            running.wait(60)


def _address(running: subprocess.Popen[bytes], said: Path) -> str:
    until = time.monotonic() + READY_S
    while time.monotonic() < until and running.poll() is None:
        found = ADDRESS.search(said.read_text("utf-8"))
        if found:
            return found[1]
        time.sleep(AGAIN_S)
    raise SystemExit(f"the demo printed no address:\n{said.read_text('utf-8')[-2000:]}")


def walk(page: Page, address: str, watch: Stopwatch) -> None:
    """What somebody does who has read nothing but what the demo printed."""
    page.goto(address)
    watch.lap(f"the page “{page.title()}” is open")
    page.get_by_role("link", name="Sign in with Zendesk").or_(page.get_by_role("button", name="Zendesk")).first.click()
    page.get_by_role("link", name=re.compile(WHO)).click()
    page.get_by_role("heading", name="Today", exact=True).wait_for()
    watch.lap(f"signed in as {WHO}: {page.get_by_role('heading', level=2).first.inner_text()}")

    page.get_by_role("link", name=re.compile("^Move .* tickets? within")).first.click()
    watch.lap(f"opened: {page.get_by_role('heading', level=1).inner_text()}")
    page.get_by_role("link", name=re.compile("^Look at what was measured")).click()
    page.get_by_role("heading", name="What was measured").wait_for()
    watch.lap("its evidence is open")
    page.get_by_role("button", name=re.compile("^Accept (it|all)")).click()
    page.get_by_text("Accepted.", exact=True).wait_for()
    watch.lap("accepted")

    _until(page, "Done")
    moved = page.get_by_role("cell", name="moved", exact=True).count()
    ticket = page.get_by_role("rowheader").get_by_role("link").first
    receiver = page.locator("tbody tr").first.get_by_role("cell").nth(1).inner_text()
    watch.lap(f"done: {moved} tickets are moved")
    with page.expect_popup() as opened:
        ticket.click()
    opened.value.get_by_text(receiver).wait_for()
    watch.lap(f"seen in the helpdesk: {opened.value.get_by_role('heading').inner_text()} is {receiver}'s now")
    opened.value.close()

    page.get_by_role("link", name="Back to Today").click()
    page.locator("#decided").get_by_role("link").first.click()
    page.get_by_role("button", name="Undo").click()
    _until(page, "Taken back")
    watch.lap("found under “Decided lately” and undone")


def _until(page: Page, state: str) -> None:
    """Load the page anew, as somebody who waits does, until it says so."""
    until = time.monotonic() + WRITTEN_S
    while not page.locator(".tag").get_by_text(state, exact=True).is_visible():
        if time.monotonic() > until:
            raise SystemExit(f"after {WRITTEN_S:.0f} s it still does not say “{state}”: {page.url}")
        time.sleep(AGAIN_S)
        page.goto(page.url)


def main() -> int:
    """The exit code."""
    program = chromium()
    if program is None:
        print("no Chromium here: apt-get install chromium, or name one in WELLBEING_CHROMIUM", file=sys.stderr)
        return 2
    watch = Stopwatch()
    wide, high = WIDTHS["wide"]
    with tempfile.TemporaryDirectory() as scratch, demo(Path(scratch)) as address, launched(program) as browser:
        watch.lap(f"make demo has printed {address}")
        page = browser.new_page(viewport={"width": wide, "height": high}, locale="en")
        walk(page, address, watch)
    watch.lap("the demo has ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
