"""manifest.json is a Zendesk app manifest that an admin can install (the checks of Zendesk's own validator)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from helpdesk_wellbeing import __version__

TOP = Path(__file__).parents[1]
LOCATIONS = {
    "top_bar", "nav_bar", "ticket_sidebar", "new_ticket_sidebar", "user_sidebar", "organization_sidebar",
    "background", "modal", "ticket_editor", "system_top_bar",
}  # fmt: skip
PARAMETER_TYPES = {"text", "checkbox", "url", "number", "multiline", "hidden", "oauth"}
SCOPES = {"header", "body", "url", "jwt_secret_key", "jwt_claim", "basic_auth_username", "basic_auth_password"}


def no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
    return dict(pairs)


@pytest.fixture(scope="module")
def manifest():
    return json.loads((TOP / "manifest.json").read_text("utf-8"), object_pairs_hook=no_duplicates)


def test_it_has_the_required_fields_with_their_types(manifest):
    assert {"name", "author", "defaultLocale", "location", "frameworkVersion"} <= manifest.keys()
    assert manifest["frameworkVersion"] == "2.0"
    assert all(isinstance(manifest[key], bool) for key in ("private", "signedUrls"))
    assert all(isinstance(value, str) for value in manifest["author"].values())
    assert urlsplit(manifest["author"]["url"]).scheme in ("http", "https")
    assert all(isinstance(host, str) for host in manifest["domainWhitelist"])


def test_its_version_is_the_products(manifest):
    assert manifest["version"] == __version__


def test_its_locale_has_a_translation_with_every_parameter(manifest):
    locale = manifest["defaultLocale"]
    assert re.fullmatch(r"[a-z]{2,3}(-\w{2,3})?", locale)
    app = json.loads((TOP / "translations" / f"{locale}.json").read_text("utf-8"))["app"]

    assert app["name"] == manifest["name"]
    assert {p["name"] for p in manifest["parameters"]} == app["parameters"].keys()
    assert all(parameter["label"] for parameter in app["parameters"].values())


def test_its_pages_are_known_locations_on_allowed_https_hosts(manifest):
    support = manifest["location"]["support"]
    assert support.keys() <= LOCATIONS
    for page in support.values():
        assert urlsplit(page["url"]).scheme == "https"
        assert urlsplit(page["url"]).hostname in manifest["domainWhitelist"]
        assert isinstance(page.get("flexible", False), bool)
        assert isinstance(page.get("autoLoad", True), bool)


def test_its_secrets_never_reach_the_browser(manifest):
    for parameter in manifest["parameters"]:
        assert parameter["type"] in PARAMETER_TYPES
        assert parameter["name"] != "name"
        if re.search("token|key|pwd|password|secret", parameter["name"]):
            assert parameter["secure"] is True
            assert parameter["scopes"]
            assert set(parameter["scopes"]) <= SCOPES
            assert "default" not in parameter


def test_the_icons_that_its_locations_need_are_there(manifest):
    assert "nav_bar" in manifest["location"]["support"]
    for name in ("icon_nav_bar.svg", "logo.svg", "logo.png", "logo-small.png"):
        assert (TOP / "assets" / name).stat().st_size > 0
