"""The app inside a page that speaks the real SDK's handshake, in a real browser that keeps no third-party cookie."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Frame, Page, Route
from werkzeug.serving import make_server

from connectors.zendesk.simulated import SimulatedZendesk
from tests.zendesk_frames import LEAD, TICKET, Place, a_place, a_zendesk, make_home
from webhooks.zendesk.app.frames import SDK_HOST

HOST = (Path(__file__).parent / "host.html").read_text("utf-8")
PACKAGE = "zendesk_app_framework_sdk@2.0.11"
FOLDER = "WELLBEING_ZAF_SDK"  # where it lies unpacked, for machines without npm
# Its files are CommonJS modules: a browser gets them in one, as Zendesk serves them.
BUNDLE = """(function () {{
  const modules = {{ {modules} }};
  function require(name) {{
    const module = {{ exports: {{}} }};
    modules[name](module, require);
    return module.exports;
  }}
  window.ZAFClient = require("./index");
}}());"""


@pytest.fixture(scope="module")
def sdk(tmp_path_factory) -> str:
    """Zendesk's SDK as one script. Tests only: what ships loads it from Zendesk."""
    named = os.environ.get(FOLDER)
    folder = Path(named) if named else _fetched(tmp_path_factory.mktemp("sdk"))
    if folder is None:
        pytest.skip(f"NO SDK: npm could not fetch {PACKAGE}, and {FOLDER} names no folder with it")
    parts = (f'"./{file.stem}": function (module, require) {{ {file.read_text("utf-8")} }}'
             for file in sorted((folder / "lib").glob("*.js")))  # fmt: skip
    return BUNDLE.format(modules=",\n".join(parts))


def _fetched(folder: Path) -> Path | None:
    npm = shutil.which("npm")
    if npm is None:
        return None
    try:
        subprocess.run([npm, "pack", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=20)
    except (subprocess.SubprocessError, OSError):
        return None
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


@pytest.fixture(scope="module")
def front() -> Iterator[SimulatedZendesk]:
    with a_zendesk() as running:
        yield running


@pytest.fixture
def place(front: SimulatedZendesk, tmp_path: Path) -> Iterator[Place]:
    with a_place(make_home(tmp_path, front), front) as opened:
        yield opened


@pytest.fixture
def address(place: Place) -> Iterator[str]:
    """The pages on a loopback port."""
    server = make_server("127.0.0.1", 0, place.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


Opens = Callable[..., tuple[Page, Frame]]


@pytest.fixture
def opens(browser: Browser, place: Place, front: SimulatedZendesk, address: str, sdk: str) -> Iterator[Opens]:
    """Opens a place of the app inside a page of the account's host; complaints of the browser fail the test."""
    contexts, complaints = [], []

    def open_app(location: str, user: int | None, language: str = "en", width: int = 320) -> tuple[Page, Frame]:
        context = browser.new_context(locale=language, viewport={"width": max(width, 360), "height": 800})
        contexts.append(context)
        # a page that a test stands in for does not count as local, so it may not frame what is
        context.grant_permissions(["local-network-access"], origin=front.base_url)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        values = {"ADDRESS": f"{address}/zaf/{location}", "ORIGIN": front.base_url, "WIDTH": str(width),
                  "TOKEN": place.apps.open(place.app, location, user)}  # fmt: skip
        html = HOST
        for name, value in values.items():
            html = html.replace(name, value)
        page.route(f"{front.base_url}/agent", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.route(f"{SDK_HOST}/**", lambda route: _serve(route, sdk))
        page.goto(f"{front.base_url}/agent")
        frame = page.frame(name="app")
        assert frame is not None
        return page, frame

    yield open_app
    for context in contexts:
        assert context.cookies() == []
        context.close()
    assert complaints == []


def _serve(route: Route, sdk: str) -> None:
    route.fulfill(body=sdk, content_type="text/javascript")


def test_a_lead_accepts_a_move_beside_its_ticket(opens: Opens, place: Place) -> None:
    id = place.suggest()
    page, frame = opens("ticket_sidebar", LEAD)

    frame.get_by_text("Gina Giver").first.wait_for()
    shot(page, "sidebar")
    assert page.evaluate("heard.includes('iframe.handshake')")
    frame.get_by_role("button", name="Accept").click()
    frame.get_by_text("Accepted.").wait_for()
    assert place.state(id) == "accepted"
    assert page.evaluate("document.querySelector('iframe').height") != "600"


def test_it_is_declined_by_keyboard_in_dutch(opens: Opens, place: Place) -> None:
    id = place.suggest(TICKET, "36")
    page, frame = opens("ticket_sidebar", LEAD, "nl")

    frame.get_by_label("Of afwijzen, omdat").select_option("wrong moment")
    shot(page, "sidebar-nl")
    frame.get_by_role("button", name="Afwijzen").press("Enter")
    frame.get_by_text("Afgewezen.").wait_for()
    assert place.state(id) == "declined"


@pytest.mark.parametrize("location", ["ticket_sidebar", "nav_bar"])
def test_everybody_can_use_it_and_it_fits(opens: Opens, place: Place, location: str) -> None:
    place.suggest()
    page, frame = opens(location, LEAD, width=320 if location == "ticket_sidebar" else 900)
    frame.get_by_role("heading").first.wait_for()
    shot(page, f"axe-{location}")

    found = Axe().run(frame).response["violations"]  # alone: its messages to frames are for one origin
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert not frame.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def shot(page: Page, name: str) -> None:
    """A picture, where somebody wants to look."""
    folder = os.environ.get("WELLBEING_SHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
