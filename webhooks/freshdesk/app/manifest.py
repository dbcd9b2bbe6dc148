"""What platform 3.0 wants of manifest.json, each rule a small function. Pure.

https://developers.freshworks.com/docs/app-sdk/v3.0/common/app-manifest/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from helpdesk_wellbeing.words import did_you_mean
from webhooks.packing import Folder, Problem

MANIFEST = "manifest.json"
REQUESTS = "config/requests.json"
SERVER = "server/server.js"
VERSION = "3.0"
COMMON = "common"
_PRODUCT_MODULES = ("support_ticket", "support_email", "support_contact", "support_company", "support_portal",
                    "support_agent")  # fmt: skip
_LOCATIONS: Mapping[str, frozenset[str]] = {
    COMMON: frozenset({"full_page_app", "cti_global_sidebar"}),
    "support_ticket": frozenset({
        "ticket_sidebar", "ticket_requester_info", "ticket_top_navigation", "ticket_background",
        "time_entry_background", "ticket_attachment", "ticket_conversation_editor", "new_ticket_requester_info",
        "new_ticket_background",
    }),
}  # fmt: skip


def _each(noun: str, *verbs: str) -> tuple[str, ...]:
    return tuple(f"on{noun}{verb}" for verb in verbs)


_EVENTS: Mapping[str, frozenset[str]] = {
    COMMON: frozenset({"onAppInstall", "afterAppUpdate", "onAppUninstall", "onExternalEvent", "onScheduledEvent"}),
    "support_ticket": frozenset({
        *_each("Ticket", "Create", "Update", "Delete"), *_each("Conversation", "Create", "Update", "Delete"),
        *_each("TimeEntry", "Create", "Update", "Delete"), *_each("TicketField", "Create", "Update", "Delete"),
        *_each("CannedResponse", "Create", "Update", "Delete"),
    }),
    "support_agent": frozenset({
        *_each("Agent", "Create", "Update", "Delete"), *_each("AgentStatus", "Create", "Update", "Delete"),
        *_each("Group", "Create", "Update", "Delete"), "onAgentAvailabilityUpdate",
    }),
}  # fmt: skip
_ONLY_COMMON = ("requests", "functions")
_TIMEOUTS = (10, 15, 20, 25, 30)
_MOST_TEMPLATES = 100
_EXPORTED = re.compile(r"^  (\w+): (?:async )?function\b|^  (?:async )?(\w+)\s*\([^)]*\)\s*\{", re.MULTILINE)
_USED = re.compile(r"""invokeTemplate\(\s*["'](\w+)["']""")
_INVOKED = re.compile(r"""request\.invoke\(\s*["'](\w+)["']""")


def manifest_of(folder: Folder) -> dict[str, Any]:
    """The manifest; an empty one where it can't be read."""
    return _dict(folder.json(MANIFEST))


def modules_of(folder: Folder) -> dict[str, dict[str, Any]]:
    """The modules that are objects, by name."""
    found = _dict(manifest_of(folder).get("modules"))
    return {name: module for name, module in found.items() if isinstance(module, dict)}


def _bad(key: str, said: str) -> Problem:
    return Problem(MANIFEST, key, said)


def platform_version(folder: Folder) -> Iterator[Problem]:
    """Apps of version 2 are taken no more."""
    version = manifest_of(folder).get("platform-version")
    if version != VERSION:
        yield _bad("platform-version", f'{version!r} is not taken any more; write "{VERSION}"')
    if "product" in manifest_of(folder):
        yield _bad("product", "it belongs to platform 2; put what it holds below modules")


def engines(folder: Folder) -> Iterator[Problem]:
    """With which Node and which fdk it was made."""
    said = _dict(manifest_of(folder).get("engines"))
    for name in ("node", "fdk"):
        if not re.fullmatch(r"\d+\.\d+\.\d+", str(said.get(name))):
            yield _bad(f"engines.{name}", "no version of three numbers; write the one that fdk version prints")


def modules(folder: Folder) -> Iterator[Problem]:
    """`common` and at least one module of a product; what only `common` may hold is there."""
    found = _dict(manifest_of(folder).get("modules"))
    if COMMON not in found:
        yield _bad("modules.common", "it is missing; add it, even if it is empty")
    if not any(name in _PRODUCT_MODULES for name in found):
        yield _bad("modules", "no module of a product; add one, such as support_ticket")
    for name, module in found.items():
        if name != COMMON and name not in _PRODUCT_MODULES:
            yield _bad(f"modules.{name}", f"no module of Freshdesk{did_you_mean(name, _PRODUCT_MODULES)}")
        if not isinstance(module, dict):
            yield _bad(f"modules.{name}", "not an object; write it as {}")
            continue
        for key in _ONLY_COMMON if name != COMMON else ():
            if key in module:
                yield _bad(f"modules.{name}.{key}", "it stands in modules.common only; move it there")


def locations(folder: Folder) -> Iterator[Problem]:
    """Every place belongs to its module and shows a page of the package."""
    for name, module in modules_of(folder).items():
        if "location" not in module:
            continue
        places = _dict(module["location"])
        if not places:
            yield _bad(f"modules.{name}.location", "it is empty; name a place, or take it away")
        known = _LOCATIONS.get(name, frozenset())
        for place, page in places.items():
            key, url = f"modules.{name}.location.{place}", _dict(page).get("url")
            if place not in known:
                yield _bad(key, f"no place in {name}{did_you_mean(place, known)}; move it, or take it away")
            if not isinstance(url, str) or f"app/{url}" not in folder.files:
                yield _bad(f"{key}.url", f"app/{url} is not in the package; add it")


def icons(folder: Folder) -> Iterator[Problem]:
    """Every place has an icon, and it is there."""
    for name, module in modules_of(folder).items():
        for place, page in _dict(module.get("location")).items():
            key, icon = f"modules.{name}.location.{place}.icon", _dict(page).get("icon")
            if not isinstance(icon, str) or not icon.endswith(".svg"):
                yield _bad(key, "no SVG; write it as styles/images/icon.svg")
            elif b"<svg" not in folder.files.get(f"app/{icon}", b""):
                yield _bad(key, f"app/{icon} is missing, or no SVG; add it")


def events(folder: Folder) -> Iterator[Problem]:
    """Every event belongs to its module and has a handler."""
    for name, module in modules_of(folder).items():
        known = _EVENTS.get(name, frozenset())
        for event, how in _dict(module.get("events")).items():
            key = f"modules.{name}.events.{event}"
            if event not in known:
                yield _bad(key, f"no event of {name}{did_you_mean(event, known)}; move it, or take it away")
            if not isinstance(_dict(how).get("handler"), str):
                yield _bad(f"{key}.handler", "it is missing; name a function that server.js exports")


def handlers(folder: Folder) -> Iterator[Problem]:
    """Each handler is exported, and each that is exported is used."""
    exported, wanted = exports_of(folder), handlers_of(folder)
    for key, handler in wanted.items():
        if handler not in exported:
            yield _bad(f"{key}.handler", f"{SERVER} exports no {handler}; add it")
    declared = {*wanted.values(), *_dict(modules_of(folder).get(COMMON, {}).get("functions"))}
    for name in sorted(exported - declared):
        yield Problem(SERVER, name, f"it is exported, but {MANIFEST} names it nowhere; declare it, or take it away")


def handlers_of(folder: Folder) -> dict[str, str]:
    """The handler of each event, by the event's key."""
    return {
        f"modules.{name}.events.{event}": how["handler"]
        for name, module in modules_of(folder).items()
        for event, how in _dict(module.get("events")).items()
        if isinstance(how, dict) and isinstance(how.get("handler"), str)
    }


def exports_of(folder: Folder) -> set[str]:
    """The functions that server.js exports, as this project writes them: two spaces and the name."""
    _, _, exported = folder.files.get(SERVER, b"").decode("utf-8", "replace").partition("\nexports = {")
    return {first or second for first, second in _EXPORTED.findall(exported)}


def functions(folder: Folder) -> Iterator[Problem]:
    """What pages may call on the server is declared, exported, called, and ends in time."""
    declared = _dict(modules_of(folder).get(COMMON, {}).get("functions"))
    called = {name for _, text in folder.texts(".js") for name in _INVOKED.findall(text)}
    for name, how in declared.items():
        key = f"modules.common.functions.{name}"
        if _dict(how).get("timeout", 15) not in _TIMEOUTS:
            yield _bad(f"{key}.timeout", f"not one of {', '.join(map(str, _TIMEOUTS))} seconds; write one of them")
        if name not in exports_of(folder):
            yield _bad(key, f"{SERVER} exports no {name}; add it")
        if name not in called:
            yield _bad(key, "no page calls it; take it away")
    for name in sorted(called - declared.keys()):
        yield _bad(f"modules.common.functions.{name}", "a page calls it, but it is not declared; add it")


def declared_requests(folder: Folder) -> Iterator[Problem]:
    """Templates are declared and described, both."""
    declared = _dict(modules_of(folder).get(COMMON, {}).get("requests"))
    described = _dict(folder.json(REQUESTS))
    for name in sorted(declared.keys() - described.keys()):
        yield Problem(REQUESTS, name, f"{MANIFEST} declares it; describe it here, or take it away there")
    for name in sorted(described.keys() - declared.keys()):
        yield _bad(
            f"modules.common.requests.{name}", f"{REQUESTS} describes it; declare it here, or take it away there"
        )
    if len(declared) > _MOST_TEMPLATES:
        yield _bad("modules.common.requests", f"more than {_MOST_TEMPLATES}; take some away")


def used_requests(folder: Folder) -> Iterator[Problem]:
    """Templates that are called are declared, and the other way round."""
    declared = set(_dict(modules_of(folder).get(COMMON, {}).get("requests")))
    called = {name: file for file, text in folder.texts(".js") for name in _USED.findall(text)}
    for name in sorted(called.keys() - declared):
        yield Problem(called[name], name, f"it is called here, but {MANIFEST} declares no such request; add it there")
    for name in sorted(declared - called.keys()):
        yield _bad(f"modules.common.requests.{name}", "nothing calls it; take it away")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
