"""What platform 3.0 wants of the other files, and that they keep what this project promises. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from helpdesk_wellbeing.words import did_you_mean
from webhooks.freshdesk.app.manifest import MANIFEST, REQUESTS, SERVER, handlers_of
from webhooks.freshdesk.app_events import CHANGE_FIELDS, RECORD_FIELDS
from webhooks.freshdesk.proof import HEADER
from webhooks.packing import Folder, Problem

IPARAMS = "config/iparams.json"
NEUTRAL_ACCOUNT = "neutral-account"
WORDS = "app/scripts/words.js"
LANGUAGES = ("en", "nl", "de", "fr")
_NEEDED = ("app/", "config/", "server/", MANIFEST, "README.md", SERVER, IPARAMS, "app/styles/images/icon.svg")
_IPARAM_TYPES = (
    "text", "paragraph", "dropdown", "email", "number", "phone_number", "date", "url", "radio", "checkbox",
    "multiselect", "domain", "api_key",
)  # fmt: skip
_HOST = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_VARIABLE = re.compile(r"<%=\s*(.*?)\s*%>")
_KNOWN_VARIABLE = re.compile(r"(?:encode\()?(iparam|context)\.(\w+)\)?|access_token")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SECRET_NAME = re.compile(r"secret|token|password|api_key", re.IGNORECASE)
_NOT_THERE = re.compile(r"(?<![\w.])(process|Buffer|setTimeout|setInterval)\b")
_FUNCTION = re.compile(
    r"^(?P<indent> *)(?:(?P<key>\w+): )?(?P<waits>async )?function ?(?P<name>\w*)\((?P<given>[^)]*)\) \{\n"
    r"(?P<body>.*?)^(?P=indent)\}",
    re.MULTILINE | re.DOTALL,
)
_BRANCH = re.compile(r"\b(?:if|for|while|case|catch)\b|&&|\|\||\?(?!\.)")
_MOST_BRANCHES = 7
_SET_UP = ("onAppInstall", "afterAppUpdate", "onAppUninstall")
_OUTSIDE = re.compile(r"""<script[^>]+src=["'](?!\{\{\{appclient\}\}\}|scripts/)([^"']+)""")
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|\son\w+\s*=|\sstyle\s*=")
_CLIENT = '<script src="{{{appclient}}}"></script>'
_LIST = r"const %s = \[(.*?)\];"
_LANGUAGE = re.compile(r"^  (\w\w): \{\n(.*?)\n  \}", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r'^    (\w+): "', re.MULTILINE)


def folders(folder: Folder) -> Iterator[Problem]:
    """What every app has."""
    for name in _NEEDED:
        is_there = any(file.startswith(name) for file in folder.files) if name.endswith("/") else name in folder.files
        if not is_there:
            yield Problem(name, "", "it is missing; add it")
    if IPARAMS in folder.files and "config/iparams.html" in folder.files:
        yield Problem("config/iparams.html", "", f"there is {IPARAMS} already; keep one of them")


def parameters(folder: Folder) -> Iterator[Problem]:
    """What the admin is asked for at installation."""
    for name, one in _dict(folder.json(IPARAMS)).items():
        given = _dict(one)
        for key in ("display_name", "type"):
            if not given.get(key):
                yield Problem(IPARAMS, f"{name}.{key}", "it is missing; add it")
        kind = given.get("type")
        if kind and kind not in _IPARAM_TYPES:
            yield Problem(IPARAMS, f"{name}.type", f"{kind!r} is no type{did_you_mean(str(kind), _IPARAM_TYPES)}; "
                          f"write one of {', '.join(_IPARAM_TYPES)}")  # fmt: skip
        if kind == "dropdown":
            for key in ("options", "default_value"):
                if not given.get(key):
                    yield Problem(IPARAMS, f"{name}.{key}", "a dropdown needs it; add it")
        if kind in ("domain", "api_key") and not _dict(given.get("type_attributes")).get("product"):
            yield Problem(IPARAMS, f"{name}.type_attributes.product", "this type needs it; write freshdesk")
        for key in ("required", "secure"):
            if key in given and not isinstance(given[key], bool):
                yield Problem(IPARAMS, f"{name}.{key}", "neither true nor false; write one of them, without quotation "
                              "marks")  # fmt: skip
        if _SECRET_NAME.search(name) and given.get("secure") is not True:
            yield Problem(IPARAMS, f"{name}.secure", "it sounds like a secret and reaches the browser; write true")


def request_templates(folder: Folder) -> Iterator[Problem]:
    """Every template says whom it asks, by host and path apart, only over https, and once."""
    for name, one in _dict(folder.json(REQUESTS)).items():
        schema = _dict(_dict(one).get("schema"))
        host, path = str(schema.get("host", "")), str(schema.get("path", ""))
        if schema.get("method") not in _METHODS:
            yield Problem(REQUESTS, f"{name}.schema.method", f"none of {', '.join(_METHODS)}; write one of them")
        if not (_HOST.fullmatch(host) or re.fullmatch(r"<%= iparam\.\w+ %>", host)):
            said = f'"{host}" is no plain host name; write it without https://, port and path'
            yield Problem(REQUESTS, f"{name}.schema.host", said)
        if not path.startswith("/"):
            yield Problem(REQUESTS, f"{name}.schema.path", "it does not begin with /; begin it so")
        if schema.get("protocol", "https") != "https":
            yield Problem(REQUESTS, f"{name}.schema.protocol", "not https; secrets go over https only")
        if "body" in schema:
            yield Problem(REQUESTS, f"{name}.schema.body", "a body is given with the call; take it away here")
        if "maxAttempts" in _dict(_dict(one).get("options")):  # an event has 20 s, and one that hangs takes 15
            said = "a second try would outlast the event, so that nothing is sent again later; take it away"
            yield Problem(REQUESTS, f"{name}.options.maxAttempts", said)


def request_variables(folder: Folder) -> Iterator[Problem]:
    """What is filled in is asked for at installation or given with the call."""
    known = _dict(folder.json(IPARAMS))
    for name, one in _dict(folder.json(REQUESTS)).items():
        for key, text in _texts(f"{name}.schema", _dict(one).get("schema")):
            for variable in _VARIABLE.findall(text):
                found = _KNOWN_VARIABLE.fullmatch(variable)
                if not found:
                    said = f"{variable} is nothing that is filled in; write iparam.… or context.…"
                    yield Problem(REQUESTS, key, said)
                elif found[1] == "iparam" and found[2] not in known:
                    yield Problem(REQUESTS, key, f"{IPARAMS} has no {found[2]}{did_you_mean(found[2], known)}; add it")


def secrets_stay_secret(folder: Folder) -> Iterator[Problem]:
    """Secure parameters are used in headers only, and every call shows the account's secret where the door looks."""
    secure = {name for name, one in _dict(folder.json(IPARAMS)).items() if _dict(one).get("secure") is True}
    for name, one in _dict(folder.json(REQUESTS)).items():
        schema = _dict(_dict(one).get("schema"))
        for key, text in _texts(f"{name}.schema", schema):
            for parameter in sorted(secure):
                if f"iparam.{parameter}" in text and ".headers." not in key:
                    yield Problem(REQUESTS, key, f"{parameter} is secret and may stand in headers only; move it there")
        shown = str(_dict(schema.get("headers")).get(HEADER, ""))
        if not any(f"iparam.{parameter}" in shown for parameter in secure):
            yield Problem(REQUESTS, f"{name}.schema.headers.{HEADER}", "the secret is not shown there; add it")


def pages(folder: Folder) -> Iterator[Problem]:
    """Pages load the platform's client and files of the package, and hold no script of their own."""
    for name, text in folder.texts(".html"):
        if not name.startswith("app/"):
            continue
        if _CLIENT not in text:
            yield Problem(name, "script", "it does not load the platform's client; add <script src={{{appclient}}}>")
        for source in _OUTSIDE.findall(text):
            yield Problem(name, "script", f"{source} is not in the package; put it into app/scripts")
        if _INLINE.search(text):
            yield Problem(name, "", "a script or a style stands in the page; put it into a file")
        for source in re.findall(r"""(?:src|href)=["']((?:scripts|styles)/[^"']+)""", text):
            if f"app/{source}" not in folder.files:
                yield Problem(name, "", f"app/{source} is missing; add it")


def sandbox(folder: Folder) -> Iterator[Problem]:
    """The platform's sandbox has no process, no Buffer and no timers."""
    found = _NOT_THERE.search(_text(folder, SERVER))
    if found:
        yield Problem(SERVER, found[1], "the platform has no such thing; do without it")


def lint(folder: Folder) -> Iterator[Problem]:
    """An async function that waits for nothing and what is given for nothing are refused; mazes are warned of."""
    for file, text in folder.texts(".js"):
        for found in _FUNCTION.finditer(text):
            name, body = found["name"] or found["key"] or "", found["body"]
            if found["waits"] and "await " not in body:
                yield Problem(file, name, "an async function without await; take async away")
            for given in re.findall(r"\w+", found["given"]):
                if not re.search(rf"\b{given}\b", body):
                    yield Problem(file, f"{name}.{given}", "it is given and never used; take it away")
            if len(_BRANCH.findall(body)) >= _MOST_BRANCHES:
                yield Problem(file, name, f"more than {_MOST_BRANCHES} ways through it; divide it", is_warning=True)


def set_up_ends(folder: Folder) -> Iterator[Problem]:
    """The platform waits until what runs at installation says that it is done."""
    bodies = {found["key"]: found["body"] for found in _FUNCTION.finditer(_text(folder, SERVER))}
    for key, handler in handlers_of(folder).items():
        if key.endswith(_SET_UP) and "renderData(" not in bodies.get(handler, "renderData("):
            yield Problem(SERVER, handler, "it does not end with renderData(); call it there")


def forwards_no_more(folder: Folder) -> Iterator[Problem]:
    """Of a record exactly the fields that the door reads are sent, of an actor only id and type."""
    text = _text(folder, SERVER)
    for name, wanted in (("RECORD_FIELDS", RECORD_FIELDS), ("CHANGE_FIELDS", CHANGE_FIELDS)):
        listed = re.search(_LIST % name, text, re.DOTALL)
        found = set(re.findall(r'"(\w+)"', listed[1])) if listed else set()
        for field in sorted(found - set(wanted)):
            yield Problem(SERVER, f"{name}.{field}", "it would be sent, but nobody reads it there; take it away")
        for field in sorted(set(wanted) - found):
            yield Problem(SERVER, f"{name}.{field}", "it is read there, but would not be sent; add it")
    for field in sorted(set(re.findall(r"actor\.(\w+)", text)) - {"id", "type"}):
        yield Problem(SERVER, f"actor.{field}", "of an actor only id and type are sent; take it away")
    for fields in re.findall(r"actor: picked\([^,]*, \[(.*?)\]\)", text):
        for field in sorted(set(re.findall(r'"(\w+)"', fields)) - {"id", "type"}):
            yield Problem(SERVER, f"actor.{field}", "of an actor only id and type are sent; take it away")


def samples(folder: Folder) -> Iterator[Problem]:
    """Every event can be tried with `fdk run`."""
    for key in handlers_of(folder):
        name = f"server/test_data/{key.rpartition('.')[2]}.json"
        if name not in folder.files:
            yield Problem(name, "", "it is missing, so nobody can try the event; add it", is_warning=True)


def every_language_says_the_same(folder: Folder) -> Iterator[Problem]:
    """A language that lacks a word would show nothing there."""
    said = {language: set(_WORD.findall(words)) for language, words in _LANGUAGE.findall(_text(folder, WORDS))}
    wanted = set().union(*said.values())
    for language in LANGUAGES:
        for word in sorted(wanted - said.get(language, set())):
            yield Problem(WORDS, f"{language}.{word}", "it is not translated; add it")


def neutral_account(folder: Folder) -> Iterator[Problem]:
    """The neutral account means nobody's."""
    for name, data in sorted(folder.files.items()):
        if NEUTRAL_ACCOUNT.encode() in data:
            said = f"{NEUTRAL_ACCOUNT} still stands in it; build the package with --account"
            yield Problem(name, "", said)


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(f"{key}.{name}", inner)
    elif isinstance(value, str):
        yield key, value


def _text(folder: Folder, name: str) -> str:
    return folder.files.get(name, b"").decode("utf-8", "replace")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
