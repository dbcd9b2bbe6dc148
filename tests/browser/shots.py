"""Screenshots of every page, in both languages, wide and narrow: python -m tests.browser.shots FOLDER [PAGE …]."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from helpdesk_wellbeing import logs
from tests.browser.pages import pages_of
from tests.browsing import WIDTHS, chromium, context_of, launched, morning


def main(folder: Path, wanted: list[str]) -> int:
    """Take them; the exit code."""
    program = chromium()
    if program is None:
        print("no Chromium here: apt-get install chromium, or name one in WELLBEING_CHROMIUM", file=sys.stderr)
        return 2
    logs.only_trouble()
    folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    with tempfile.TemporaryDirectory() as scratch, morning(Path(scratch)) as here, launched(program) as browser:
        for shot in pages_of(here):
            if wanted and shot.name not in wanted:
                continue
            for language in ("en", "nl"):
                for width in WIDTHS:
                    context = context_of(browser, here, shot.person, language, width)
                    page = context.new_page()
                    page.goto(here.url(shot.path))
                    page.screenshot(path=folder / f"{shot.name}-{shot.person}-{language}-{width}.png", full_page=True)
                    context.close()
                    taken += 1
    print(f"{taken} screenshots in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots"), sys.argv[2:]))
