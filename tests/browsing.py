"""The demo's Monday morning, served on loopback, and browsers of those who look at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from helpdesk_wellbeing import app as web_side
from helpdesk_wellbeing.access.roles import Role
from helpdesk_wellbeing.cli.demo_morning import furnish
from helpdesk_wellbeing.cli.demo_platforms import ACCOUNT, served
from helpdesk_wellbeing.settings import Settings
from helpdesk_wellbeing.store import Store, open_store
from helpdesk_wellbeing.store.access import Member
from helpdesk_wellbeing.web import cookies
from tests.worlds import FOLDER, alone, world_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

NOBODY = "nobody"
LAST_DAY = date(2026, 11, 20)
# one with flags of their own; one who leads seven teams; one of the team that was asked
AGENT, LEAD, MEMBER = "410053", "410900", "410004"
WIDTHS = {"wide": (1280, 900), "narrow": (390, 844)}
# Who looks: an agent's id, and the roles that were given to them.
PEOPLE: Mapping[str, tuple[str | None, frozenset[Role]]] = {
    "agent": (AGENT, frozenset()),
    "lead": (LEAD, frozenset()),
    "member": (MEMBER, frozenset()),
    **{role.value: (None, frozenset({role})) for role in (Role.OPS, Role.HR, Role.COUNCIL, Role.ADMIN, Role.DPO)},
}


@dataclass(frozen=True)
class Served:
    """An installation that can be looked at."""

    address: str
    store: Store
    now: datetime

    def token_of(self, person: str) -> str:
        """A session of one of `PEOPLE`."""
        agent, roles = PEOPLE[person]
        who = f"zendesk:{agent}" if agent else f"email:{person}@example.com"
        if roles:
            self.store.access.put_member(ACCOUNT, Member(who, person.upper(), agent, roles, self.now, "a test"))
        return self.store.access.begin_session(
            ACCOUNT, who, person, agent, "test", self.now, self.now + timedelta(hours=11)
        )

    def url(self, path: str) -> str:
        """The address of a page of the account."""
        return f"{self.address}/a/{ACCOUNT}/{path}"


@contextmanager
def morning(folder: Path) -> Iterator[Served]:
    """Made once a run, then copied into `folder`."""
    made = _made(folder)
    home = folder / "home"
    shutil.copytree(made, home, dirs_exist_ok=True)
    settings = Settings(home, f"sqlite:///{home}/wellbeing.db")
    now = datetime.fromisoformat((home / "morning").read_text())
    app = web_side.web(settings, role="web", now=lambda: now)
    try:
        with open_store(settings) as store, served(app) as address:
            yield Served(address, store, now)
    finally:
        web_side.close(app)


def _made(scratch: Path) -> Path:
    shared = Path(os.environ.get(FOLDER, scratch)) / "morning"
    with alone(shared.with_suffix(".lock")):
        if not (shared / "morning").exists():
            _make(shared)
    return shared


def _make(home: Path) -> None:
    home.mkdir(parents=True)
    settings = Settings(home, f"sqlite:///{home}/wellbeing.db")
    world = world_of(1, LAST_DAY, weeks=9)
    with open_store(settings) as store:
        store.create_account(
            ACCOUNT,
            platform="zendesk",
            zone=world.zone,
            settings={"base_url": "http://127.0.0.1:9", "subdomain": "acme"},
        )
        for kind in ("people", "leave", "groups", "on_call"):
            getattr(store, f"replace_{kind}")(ACCOUNT, "file", getattr(world.roster, kind))
        store.add_events(ACCOUNT, world.events)
        clock = furnish(store, world, web_side.catalogue(settings))
    (home / "morning").write_text(clock.at.isoformat())


def chromium() -> Path | None:
    """The browser of this machine: what WELLBEING_CHROMIUM names, else Debian's."""
    named = os.environ.get("WELLBEING_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return Path(found) if found else None


@contextmanager
def launched(program: Path) -> Iterator[Browser]:
    """A browser that calls nobody by itself."""
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=quiet)
        try:
            yield browser
        finally:
            browser.close()


def context_of(browser: Browser, here: Served, person: str, language: str, width: str) -> BrowserContext:
    """A window of somebody who has signed in."""
    wide, high = WIDTHS[width]
    context = browser.new_context(viewport={"width": wide, "height": high}, locale=language, reduced_motion="reduce")
    if person != NOBODY:
        context.add_cookies([{"name": cookies.NAME, "value": here.token_of(person), "url": here.url("")}])
    return context
