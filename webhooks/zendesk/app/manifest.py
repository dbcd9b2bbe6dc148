"""What Zendesk checks of an app's manifest.json, each rule a small function. Pure.

https://developer.zendesk.com/documentation/apps/app-developer-guide/manifest/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from helpdesk_wellbeing.words import did_you_mean
from webhooks.packing import Folder, Problem

MANIFEST = "manifest.json"
LOCALE = re.compile(r"[a-z]{2,3}(-\w{2,3})?")
LOCATIONS: Mapping[str, frozenset[str]] = {
    "support": frozenset({
        "top_bar", "nav_bar", "ticket_sidebar", "new_ticket_sidebar", "user_sidebar", "organization_sidebar",
        "background", "modal", "ticket_editor", "system_top_bar",
    }),
    "chat": frozenset({"chat_sidebar", "main", "background"}),
    "sell": frozenset({
        "deal_card", "person_card", "company_card", "lead_card", "background", "modal", "dashboard", "note_editor",
        "call_log_editor", "email_editor", "top_bar",
    }),
}  # fmt: skip
_KEYS = frozenset({
    "name", "author", "version", "frameworkVersion", "defaultLocale", "location", "private", "signedUrls",
    "singleInstall", "requirementsOnly", "marketingOnly", "parameters", "oauth", "domainWhitelist",
    "remoteInstallationURL", "termsConditionsURL", "gaID", "experiments", "noTemplate",
})  # fmt: skip
_REQUIRED = ("author", "defaultLocale", "location", "frameworkVersion")
_WITHOUT_PAGES = ("requirementsOnly", "marketingOnly")
_BOOLEANS = ("requirementsOnly", "marketingOnly", "singleInstall", "signedUrls", "private")
_STRINGS = ("name", "defaultLocale", "version", "frameworkVersion", "remoteInstallationURL", "termsConditionsURL",
            "gaID")  # fmt: skip
_EXPERIMENTS = frozenset({"hashParams", "newCssCompiler"})
_PARAMETER_KEYS = frozenset({"name", "type", "required", "secure", "default", "scopes", "allowed_domain"})
_PARAMETER_TYPES = ("text", "checkbox", "url", "number", "multiline", "hidden", "oauth")
_SCOPES = frozenset({
    "header", "body", "url", "jwt_secret_key", "jwt_claim", "basic_auth_username", "basic_auth_password",
})  # fmt: skip
_OAUTH = ("client_id", "client_secret", "authorize_uri", "access_token_uri")
_SOUNDS_SECRET = re.compile(r"token|key|pwd|password", re.IGNORECASE)


def manifest_of(folder: Folder) -> dict[str, Any]:
    """The manifest; an empty one where it can't be read, which `at_the_root` says."""
    found = folder.json(MANIFEST)
    return found if isinstance(found, dict) else {}


def has_pages(manifest: Mapping[str, Any]) -> bool:
    """Whether the app shows anything: one of requirements or of marketing only doesn't."""
    return not any(manifest.get(key) is True for key in _WITHOUT_PAGES)


def _bad(key: str, said: str) -> Problem:
    return Problem(MANIFEST, key, said)


def _maybe(key: str, said: str) -> Problem:
    return Problem(MANIFEST, key, said, is_warning=True)


def at_the_root(folder: Folder) -> Iterator[Problem]:
    """There is a manifest, where it belongs, and it is an object."""
    if MANIFEST not in folder.files:
        nested = [name for name in sorted(folder.files) if name.endswith(f"/{MANIFEST}")]
        if nested:
            said = f"it stands in {nested[0]}; pack what is in that folder, not the folder itself"
        else:
            said = "it is missing; the app is nothing without it"
        yield Problem(MANIFEST, "", said)
    elif folder.json(MANIFEST) is not None and not isinstance(folder.json(MANIFEST), dict):
        yield Problem(MANIFEST, "", "not a JSON object; begin it with {")


def required_keys(folder: Folder) -> Iterator[Problem]:
    """What every app must say of itself."""
    manifest = manifest_of(folder)
    for key in _REQUIRED if manifest and has_pages(manifest) else ():
        if key not in manifest:
            yield _bad(key, "it is missing; add it")
    if manifest and not manifest.get("author"):
        for key in ("author",) if "author" in manifest else ():
            yield _bad(key, "it is empty; say who made the app, with name and email")


def known_keys(folder: Folder) -> Iterator[Problem]:
    """A key that nobody reads is a slip of the pen."""
    for key in manifest_of(folder):
        if key not in _KEYS:
            yield _maybe(key, f"not a key that Zendesk reads{did_you_mean(key, _KEYS)}; take it away")


def framework(folder: Folder) -> Iterator[Problem]:
    """Only version 2.0 is served, and it has no `noTemplate`."""
    manifest = manifest_of(folder)
    version = manifest.get("frameworkVersion")
    if version is not None and version != "2.0":
        yield _bad("frameworkVersion", f'{version!r} is not served any more; write "2.0"')
    if "noTemplate" in manifest:
        yield _bad("noTemplate", "it belongs to framework 1; take it away")


def types(folder: Folder) -> Iterator[Problem]:
    """Every value is of the kind that it must be."""
    manifest = manifest_of(folder)
    for key in _BOOLEANS:
        if key in manifest and not isinstance(manifest[key], bool):
            yield _bad(key, "neither true nor false; write one of them, without quotation marks")
    for key in _STRINGS:
        if key in manifest and not isinstance(manifest[key], str):
            yield _bad(key, "no text; put it in quotation marks")
    for key, kind, word in (("author", dict, "an object"), ("location", dict, "an object"),
                            ("parameters", list, "a list"), ("experiments", dict, "an object"),
                            ("oauth", dict, "an object"), ("domainWhitelist", list, "a list")):  # fmt: skip
        if key in manifest and not isinstance(manifest[key], kind):
            yield _bad(key, f"not {word}; write it as one")
    for place, host in enumerate(list_in(manifest, "domainWhitelist")):
        if not isinstance(host, str) or not host:
            yield _bad(f"domainWhitelist.{place}", "no host name; write it as text")
    for key, value in object_in(manifest, "author").items():
        if not isinstance(value, str):
            yield _bad(f"author.{key}", "no text; put it in quotation marks")


def addresses(folder: Folder) -> Iterator[Problem]:
    """Addresses that people may click are web addresses with a host."""
    manifest = manifest_of(folder)
    named = {"author.url": object_in(manifest, "author").get("url"),
             "termsConditionsURL": manifest.get("termsConditionsURL")}  # fmt: skip
    for key, value in named.items():
        if isinstance(value, str) and not _is_web(value):
            yield _bad(key, "no web address; write it as https://host")


def default_locale(folder: Folder) -> Iterator[Problem]:
    """The default language has a name that Zendesk knows, and a file."""
    locale = manifest_of(folder).get("defaultLocale")
    if not isinstance(locale, str):
        return
    if not LOCALE.fullmatch(locale):
        yield _bad("defaultLocale", f"{locale!r} is no locale; write it as en or en-US")
    elif f"translations/{locale}.json" not in folder.files:
        yield _bad("defaultLocale", f"translations/{locale}.json is missing; add it, or name another language")


def locations(folder: Folder) -> Iterator[Problem]:
    """Where the app appears: products and places that exist, with settings of the right kind."""
    where = object_in(manifest_of(folder), "location")
    if not where and "location" in manifest_of(folder) and has_pages(manifest_of(folder)):
        yield _bad("location", "it is empty; name a product and a place, such as support.ticket_sidebar")
    for product, places in where.items():
        if product not in LOCATIONS:
            yield _bad(f"location.{product}", f"no product of Zendesk{did_you_mean(product, LOCATIONS)}")
            continue
        if not isinstance(places, dict) or not places:
            yield _bad(f"location.{product}", "no object of places; write it as {place: {url: …}}")
            continue
        for place, page in places.items():
            key = f"location.{product}.{place}"
            if place not in LOCATIONS[product]:
                yield _bad(key, f"no place in {product}{did_you_mean(place, LOCATIONS[product])}")
            yield from _page(key, page, folder)


def _page(key: str, page: Any, folder: Folder) -> Iterator[Problem]:
    given = page if isinstance(page, dict) else {"url": page}
    url = given.get("url")
    if given.get("autoLoad") is False and not url:
        yield _bad(f"{key}.autoLoad", "a place that is not loaded by itself needs an url; add it")
    elif not isinstance(url, str) or not url:
        yield _bad(f"{key}.url", "no address; write it as https://host/path, or as assets/page.html")
    else:
        yield from _page_address(f"{key}.url", url, folder)
    for name in ("autoLoad", "autoHide", "flexible", "signed"):
        if name in given and not isinstance(given[name], bool):
            yield _bad(f"{key}.{name}", "neither true nor false; write one of them, without quotation marks")


def _page_address(key: str, url: str, folder: Folder) -> Iterator[Problem]:
    if "{{setting." in url:
        return
    parts = _split(url)
    if parts.scheme or parts.netloc:
        if parts.scheme != "https" and parts.hostname != "localhost":
            yield _bad(key, "not https; Zendesk frames nothing else")
        elif not parts.hostname:
            yield _bad(key, "no host in it; write it as https://host/path")
    elif not url.startswith("assets/"):
        yield _bad(key, "a page of the package begins with assets/; move it there")
    elif url.partition("?")[0] not in folder.files:
        yield _bad(key, f"{url} is not in the package; add it")


def hosts_are_allowed(folder: Folder) -> Iterator[Problem]:
    """Every host that is framed is one that the app may call."""
    manifest = manifest_of(folder)
    allowed = list_in(manifest, "domainWhitelist")
    for key, url in sorted(page_addresses(manifest).items()):
        host = _split(url).hostname
        if host and "{{" not in url and host not in allowed:
            yield _maybe("domainWhitelist", f"{host}, of {key}, is not in it; add it")


def page_addresses(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The address of each place, by its key."""
    found = {}
    for product, places in object_in(manifest, "location").items():
        for place, page in places.items() if isinstance(places, dict) else ():
            url = page.get("url") if isinstance(page, dict) else page
            if isinstance(url, str):
                found[f"location.{product}.{place}"] = url
    return found


def parameters(folder: Folder) -> Iterator[Problem]:
    """What the admin is asked for: known types and keys, each name once."""
    manifest = manifest_of(folder)
    seen: set[str] = set()
    for place, one in enumerate(list_in(manifest, "parameters")):
        if not isinstance(one, dict):
            yield _bad(f"parameters.{place}", "no object; write it as {name: …, type: …}")
            continue
        name = one.get("name")
        key = f"parameters.{name if isinstance(name, str) and name else place}"
        if not isinstance(name, str) or not name:
            yield _bad(f"{key}.name", "it is missing; name the parameter")
            continue
        if name == "name":
            yield _bad(key, "no parameter may be called name; call it something else")
        if name in seen:
            yield _bad(key, "there are two of this name; rename one")
        seen.add(name)
        yield from _parameter(key, one)


def _parameter(key: str, one: Mapping[str, Any]) -> Iterator[Problem]:
    kind = one.get("type", "text")
    for unknown in sorted(one.keys() - _PARAMETER_KEYS):
        yield _bad(f"{key}.{unknown}", f"no key of a parameter{did_you_mean(unknown, _PARAMETER_KEYS)}; take it away")
    if kind not in _PARAMETER_TYPES:
        yield _bad(f"{key}.type", f"{kind!r} is no type; write one of {', '.join(_PARAMETER_TYPES)}")
    for name in ("required", "secure"):
        if name in one and not isinstance(one[name], bool):
            yield _bad(f"{key}.{name}", "neither true nor false; write one of them, without quotation marks")
    if kind == "hidden" and one.get("required") is True:
        yield _bad(f"{key}.required", "nobody can fill in what is hidden; take it away")
    scopes = one.get("scopes", [])
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        yield _bad(f"{key}.scopes", "no list of texts; write it as one")
        return
    for scope in sorted(set(scopes) - _SCOPES):
        yield _bad(f"{key}.scopes", f"{scope!r} is no scope; write some of {', '.join(sorted(_SCOPES))}")
    if scopes and one.get("secure") is not True:
        yield _bad(f"{key}.scopes", "only secure parameters have scopes; add secure: true, or take them away")


def insecure_parameters(folder: Folder) -> Iterator[Problem]:
    """Secrets that a browser could see."""
    for one in list_in(manifest_of(folder), "parameters"):
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            continue
        key, is_secure = f"parameters.{one['name']}", one.get("secure") is True
        if _SOUNDS_SECRET.search(one["name"]) and one.get("type", "text") == "text" and not is_secure:
            yield _maybe(key, "it sounds like a secret and reaches the browser; add secure: true")
        if "default" in one and (is_secure or one.get("type") == "hidden"):
            yield _maybe(f"{key}.default", "everybody with the package can read it; take it away")
        if is_secure and not one.get("scopes"):
            yield _maybe(f"{key}.scopes", "a secure parameter without scopes may be used anywhere; name its scopes")


def third_party_login(folder: Folder) -> Iterator[Problem]:
    """The oauth block is whole, and one parameter, which is not secure, goes with it."""
    manifest = manifest_of(folder)
    of_oauth = [one for one in list_in(manifest, "parameters") if isinstance(one, dict) and one.get("type") == "oauth"]
    if len(of_oauth) > 1:
        yield _bad("parameters", "more than one of type oauth; keep one")
    for one in of_oauth:
        if one.get("secure") is True:
            yield _bad(f"parameters.{one.get('name')}.secure", "one of type oauth cannot be secure; take it away")
    if "oauth" in manifest:
        for key in _OAUTH:
            if not object_in(manifest, "oauth").get(key):
                yield _bad(f"oauth.{key}", "it is missing; add it, or take the oauth block away")
        if not of_oauth:
            yield _bad("oauth", "it needs a parameter of type oauth; add one")


def experiments(folder: Folder) -> Iterator[Problem]:
    """Experiments that are known."""
    for name, is_on in object_in(manifest_of(folder), "experiments").items():
        if is_on and name not in _EXPERIMENTS:
            yield _bad(
                f"experiments.{name}", f"no experiment of Zendesk{did_you_mean(name, _EXPERIMENTS)}; take it away"
            )


def pages_are_signed(folder: Folder) -> Iterator[Problem]:
    """Our own rule: a page of this installation is only answered to a signed call."""
    manifest = manifest_of(folder)
    if manifest and page_addresses(manifest) and manifest.get("signedUrls") is not True:
        yield _bad("signedUrls", "pages are only shown to calls that Zendesk signed; write true")
    for product, places in object_in(manifest, "location").items():
        for place, page in places.items() if isinstance(places, dict) else ():
            if isinstance(page, dict) and page.get("signed") is False:
                yield _bad(f"location.{product}.{place}.signed", "pages are only shown to calls that Zendesk signed; "
                           "take it away")  # fmt: skip


def object_in(manifest: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What is there; an empty object where it is none, which `types` says."""
    found = manifest.get(key)
    return found if isinstance(found, dict) else {}


def list_in(manifest: Mapping[str, Any], key: str) -> list[Any]:
    """The same of a list."""
    found = manifest.get(key)
    return found if isinstance(found, list) else []


def _is_web(text: str) -> bool:
    parts = _split(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _split(url: str) -> SplitResult:
    """Its parts; of what can't be read, those of an address without a host."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("https", "", "", "", "")
