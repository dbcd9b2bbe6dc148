"""What Zendesk checks of the other files of an app: words, pictures, what may not be in a package. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from webhooks.packing import Folder, Problem, png_size
from webhooks.zendesk.app.manifest import LOCALE, MANIFEST, has_pages, list_in, manifest_of, object_in

_FORBIDDEN = frozenset({
    "rar", "zip", "gz", "gzip", "pdf", "doc", "docx", "avi", "bin", "bz", "bz2", "csh", "sh", "jar", "mp3", "mpeg",
    "odt", "pptx", "ppt", "xls", "xlsx", "7z",
})  # fmt: skip
_PUBLIC_WORDS = ("long_description", "installation_instructions")
_WITH_ICON = ("nav_bar", "top_bar", "ticket_editor", "system_top_bar")
_LOGOS = {"assets/logo.png": (320, 320), "assets/logo-small.png": (128, 128)}
_BANNER = "assets/banner.png"
_BANNER_SIZES = ((830, 200), (1660, 400))
_SCRIPTED_SVG = re.compile(r"<script|<foreignObject|<image|\son\w+\s*=|javascript:|data:|<!ENTITY", re.IGNORECASE)
_SECRET = re.compile(
    r"password|secret|api_?key|auth_?(key|pass)|-----BEGIN [A-Z ]*PRIVATE KEY|\btoken\b['\"]?\s*[:=]", re.IGNORECASE
)
_PLAIN_HTTP = re.compile(r"http://(?!localhost\b|127\.0\.0\.1\b|www\.w3\.org/)", re.IGNORECASE)


def translations_are_there(folder: Folder) -> Iterator[Problem]:
    """Every file has a locale's name and an `app` with what the app must say of itself."""
    for name, _ in _translations(folder):
        locale = PurePosixPath(name).stem
        if not LOCALE.fullmatch(locale):
            yield Problem(name, "", "its name is no locale; call it en.json or en-US.json")
        found = folder.json(name)
        if found is not None and not isinstance(found, dict):
            yield Problem(name, "", "not a JSON object; begin it with {")
        elif found is not None and not isinstance(found.get("app"), dict):
            yield Problem(name, "app", "it is missing; put the words below app")
    words = _words(folder, "translations/en.json")
    if "translations/en.json" in folder.files and not words.get("name"):
        yield Problem("translations/en.json", "app.name", "it is missing; say what the app is called")
    if words and manifest_of(folder).get("private", True) is False:
        for key in _PUBLIC_WORDS:
            if not words.get(key):
                yield Problem("translations/en.json", f"app.{key}", "a public app needs it; add it")
        if not (words.get("short_description") or words.get("description")):
            yield Problem("translations/en.json", "app.short_description", "a public app needs it; add it")


def translated_parameters(folder: Folder) -> Iterator[Problem]:
    """Every parameter that is named in a language has a label, and the default language names them all."""
    manifest = manifest_of(folder)
    names = [one.get("name") for one in list_in(manifest, "parameters") if isinstance(one, dict)]
    asked = [name for name in names if isinstance(name, str)]
    for name, _ in _translations(folder):
        named = _words(folder, name).get("parameters", {})
        if not isinstance(named, dict):
            yield Problem(name, "app.parameters", "not an object; write it as {name: {label: …}}")
            continue
        for parameter, words in named.items():
            if not isinstance(words, dict) or not words.get("label"):
                yield Problem(name, f"app.parameters.{parameter}.label", "it is missing; add it")
            if parameter not in asked:
                said = f"{MANIFEST} has no such parameter; take it away"
                yield Problem(name, f"app.parameters.{parameter}", said, is_warning=True)
        if name == f"translations/{manifest.get('defaultLocale')}.json":
            for parameter in asked:
                if parameter not in named:
                    yield Problem(name, f"app.parameters.{parameter}", "the admin sees no word for it; add its label")


def translated_products(folder: Folder) -> Iterator[Problem]:
    """Words that are said product by product are those of the app's products."""
    products = object_in(manifest_of(folder), "location").keys()
    for name, _ in _translations(folder):
        said = {key for key in ("support", "chat", "sell") if isinstance(_words(folder, name).get(key), dict)}
        for product in sorted(said - products):
            yield Problem(name, f"app.{product}", f"{MANIFEST} has no place in {product}; take it away")


def translated_leaves(folder: Folder) -> Iterator[Problem]:
    """Words are texts; where app.package is there, each is a title and a value."""
    for name, _ in _translations(folder):
        words = _words(folder, name)
        if "package" in words:
            for key, leaf in _leaves("app", words, whole=("title", "value")):
                if not isinstance(leaf, dict) and key != "app.package":
                    yield Problem(name, key, "with app.package every word is {title: …, value: …}; write it so")
        else:
            for key, leaf in _leaves("app", words):
                if not isinstance(leaf, str):
                    yield Problem(name, key, "no text; put it in quotation marks")


def every_language_says_the_same(folder: Folder) -> Iterator[Problem]:
    """Our own rule: a language that lacks a word would show English in the middle of it."""
    default = f"translations/{manifest_of(folder).get('defaultLocale')}.json"
    wanted = {key for key, _ in _leaves("app", _words(folder, default))}
    for name, _ in _translations(folder):
        for key in sorted(wanted - {key for key, _ in _leaves("app", _words(folder, name))}):
            yield Problem(name, key, "it is not translated; add it")


def icons(folder: Folder) -> Iterator[Problem]:
    """Places with an icon of their own have it."""
    support = object_in(object_in(manifest_of(folder), "location"), "support")
    for place in _WITH_ICON:
        svg, png = f"assets/icon_{place}.svg", f"assets/icon_{place}_inactive.png"
        if place in support and svg not in folder.files and png not in folder.files:
            yield Problem(svg, "", f"it is missing, and {place} shows it; add it")


def logos(folder: Folder) -> Iterator[Problem]:
    """The logos are there, in the sizes that Zendesk shows."""
    if manifest_of(folder) and not has_pages(manifest_of(folder)):
        return
    for name, size in _LOGOS.items():
        if name not in folder.files:
            yield Problem(name, "", "it is missing; add it")
        elif png_size(folder.files[name]) != size:
            yield Problem(name, "", f"not a PNG of {size[0]} × {size[1]} pixels; draw it in that size")


def banner(folder: Folder) -> Iterator[Problem]:
    """A banner, where there is one, has one of two sizes."""
    if _BANNER in folder.files and png_size(folder.files[_BANNER]) not in _BANNER_SIZES:
        yield Problem(_BANNER, "", "not a PNG of 830 × 200 or 1660 × 400 pixels; draw it in that size")


def drawings(folder: Folder) -> Iterator[Problem]:
    """Zendesk cleans drawings; what it would take out is not put in."""
    for name, text in folder.texts(".svg"):
        if "<svg" not in text:
            yield Problem(name, "", "no SVG; draw it anew")
        elif _SCRIPTED_SVG.search(text):
            said = "it holds a script or a picture, which Zendesk takes out; draw it with shapes alone"
            yield Problem(name, "", said, is_warning=True)


def forbidden_files(folder: Folder) -> Iterator[Problem]:
    """Archives, documents, programs."""
    for name in sorted(folder.files):
        if PurePosixPath(name).suffix.lstrip(".").lower() in _FORBIDDEN:
            yield Problem(name, "", "Zendesk takes no files of this kind; take it away")


def no_pages_where_none_are_shown(folder: Folder) -> Iterator[Problem]:
    """An app of requirements or marketing only brings no sources."""
    manifest = manifest_of(folder)
    if manifest and not has_pages(manifest):
        for name, _ in folder.named(".js", ".css", ".html", ".hdbs"):
            yield Problem(name, "", "an app without pages brings no sources; take it away")


def secrets_in_files(folder: Folder) -> Iterator[Problem]:
    """What looks like a secret, in files that everybody with the package can read."""
    for name, text in folder.texts(".js", ".html", ".xml", ".json"):
        found = None if name == MANIFEST else _SECRET.search(text)
        if found:
            said = f"“{found.group(0)}” looks like a secret; take it away if it is one"
            yield Problem(name, "", said, is_warning=True)


def plain_addresses(folder: Folder) -> Iterator[Problem]:
    """Addresses that anybody on the way can read and change."""
    for name, text in folder.texts(".js", ".html"):
        if _PLAIN_HTTP.search(text):
            yield Problem(name, "", "an address with http://; write https://", is_warning=True)


def _translations(folder: Folder) -> Iterator[tuple[str, bytes]]:
    return ((name, data) for name, data in folder.named(".json") if name.startswith("translations/"))


def _words(folder: Folder, name: str) -> dict[str, Any]:
    found = folder.json(name)
    words = found.get("app") if isinstance(found, dict) else None
    return words if isinstance(words, dict) else {}


def _leaves(key: str, value: Any, whole: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and not (whole and value.keys() == set(whole)):
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}", inner, whole)
    else:
        yield key, value
