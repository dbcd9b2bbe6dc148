"""What our app brings with it (requirements.json), and what Zendesk checks of that. Pure.

The field and the view are those of `things.wanted`, with our mark, so that `install` finds them and makes no others.
Webhook and trigger stay with `install`: their secret must be kept here.

https://developer.zendesk.com/documentation/apps/app-developer-guide/apps_requirements/
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from typing import Any

from helpdesk_wellbeing.words import did_you_mean
from webhooks.packing import Folder, Problem
from webhooks.zendesk import things
from webhooks.zendesk.app.manifest import list_in, manifest_of, object_in

REQUIREMENTS = "requirements.json"
_KINDS = (
    "automations", "channel_integrations", "custom_objects", "custom_objects_v2", "macros", "targets", "views",
    "ticket_fields", "triggers", "user_fields", "organization_fields", "webhooks",
)  # fmt: skip
_WITHOUT_TITLE = frozenset({"channel_integrations", "custom_objects", "custom_objects_v2", "webhooks"})
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "user_fields": ("key",),
    "organization_fields": ("key",),
    "webhooks": ("name", "status", "endpoint", "http_method", "request_format"),
    "channel_integrations": ("manifest_url",),
}
_OLD_TARGETS = ("http_target", "url_target_v2")
_MOST = 5000
_MOST_OLD_OBJECTS = 50
_MOST_OBJECTS = 50
_MOST_OF_AN_OBJECT = {"object_fields": 20, "object_triggers": 10}
_MOST_BYTES_OF_OBJECTS = 1024 * 1024


def brought(account: str, made: Container[str]) -> bytes | None:
    """The file for an account in which `install` has made these things already; None when there is nothing to bring.

    Zendesk makes what stands in it, and never looks whether it is there.
    """
    found: dict[str, dict[str, Any]] = {}
    for one in things.wanted(account, "", "events"):
        if one.name in things.BROUGHT and one.name not in made:
            found.setdefault(one.kind, {})[f"wellbeing_{one.name}"] = things.body_of(account, one)
    return json.dumps(found, indent=2, sort_keys=True).encode() + b"\n" if found else None


def _bad(key: str, said: str) -> Problem:
    return Problem(REQUIREMENTS, key, said)


def requirements_have_a_place(folder: Folder) -> Iterator[Problem]:
    """An app of requirements has some; one of marketing or of chat has none; what is there is an object."""
    manifest, is_there = manifest_of(folder), REQUIREMENTS in folder.files
    if manifest.get("requirementsOnly") is True and not is_there:
        yield _bad("", "it is missing, and the app is of requirements only; add it")
    is_of_chat = object_in(manifest, "location").keys() == {"chat"}
    if (manifest.get("marketingOnly") is True or is_of_chat) and is_there:
        yield _bad("", "an app for marketing, or for chat alone, can't have it; take it away")
    found = folder.json(REQUIREMENTS)
    if found is not None and not isinstance(found, dict):
        yield _bad("", "not a JSON object; begin it with {")


def requirement_kinds(folder: Folder) -> Iterator[Problem]:
    """Things that an app can bring with it, not too many."""
    found = _of(folder)
    for kind in found:
        if kind not in _KINDS:
            yield _bad(kind, f"no kind of requirement{did_you_mean(kind, _KINDS)}; write one of {', '.join(_KINDS)}")
    number = sum(len(things) for things in found.values() if isinstance(things, dict | list))
    if number > _MOST:
        yield _bad("", f"{number:,} requirements are more than {_MOST:,}; take some away")


def requirement_fields(folder: Folder) -> Iterator[Problem]:
    """Every thing has what its kind needs."""
    for kind, given_things in _of(folder).items():
        if kind not in _KINDS or kind.startswith("custom_objects"):
            continue
        if not isinstance(given_things, dict):
            yield _bad(kind, "not an object; write it as {your key: {…}}")
            continue
        needed = _NEEDED.get(kind, ()) + (() if kind in _WITHOUT_TITLE else ("title",))
        for name, thing in given_things.items():
            given = thing if isinstance(thing, dict) else {}
            for key in needed:
                if not given.get(key):
                    yield _bad(f"{kind}.{name}.{key}", "it is missing; add it")
            if kind == "targets" and given.get("type") in _OLD_TARGETS:
                yield _bad(f"targets.{name}.type", f"{given['type']} is not taken any more; make a webhook of it")


def requirement_objects(folder: Folder) -> Iterator[Problem]:
    """Custom objects of either kind keep to their limits."""
    found = _of(folder)
    old = object_in(found, "custom_objects")
    if sum(len(list_in(old, key)) for key in old) > _MOST_OLD_OBJECTS:
        yield _bad("custom_objects", f"more than {_MOST_OLD_OBJECTS} of them; take some away")
    new = found.get("custom_objects_v2")
    if new is None:
        return
    text = json.dumps(new)
    if len(text) > _MOST_BYTES_OF_OBJECTS:
        yield _bad("custom_objects_v2", "more than 1 MB; take some away")
    if "{{setting." in text:
        yield _bad("custom_objects_v2", "settings can't be filled in here; write the value itself")
    if len(list_in(object_in(found, "custom_objects_v2"), "objects")) > _MOST_OBJECTS:
        yield _bad("custom_objects_v2.objects", f"more than {_MOST_OBJECTS} of them; take some away")
    for kind, most in _MOST_OF_AN_OBJECT.items():
        ours = (one for one in list_in(object_in(found, "custom_objects_v2"), kind) if isinstance(one, dict))
        for name, number in Counter(str(one.get("object_key")) for one in ours).items():
            if number > most:
                yield _bad(f"custom_objects_v2.{kind}", f"{name} has more than {most} of them; take some away")


def _of(folder: Folder) -> dict[str, Any]:
    found = folder.json(REQUIREMENTS)
    return found if isinstance(found, dict) else {}
