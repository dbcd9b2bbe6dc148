"""The Zendesk app's package: the one that ships passes every check, and each broken one is refused by its check."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import pytest

from tests import broken_apps
from webhooks import packing, scripts
from webhooks.zendesk.app import checks, contents, manifest, requirements
from webhooks.zendesk.app.package import finished, package, source

URL = "https://wellbeing.acme.example"


class Broken(broken_apps.Broken):
    def __init__(self):
        super().__init__(finished(URL))

    def json(self, name, **changes):
        found = json.loads(self.files[name])
        for path, value in changes.items():
            *way, last = path.split("__")
            place = found
            for step in way:
                place = place[int(step) if step.isdigit() else step]
            if value is None:
                place.pop(last)
            else:
                place[int(last) if last.isdigit() else last] = value
        self.files[name] = json.dumps(found).encode()

    def manifest(self, **changes):
        self.json("manifest.json", **changes)

    def require(self, **things):
        self.files["requirements.json"] = json.dumps(things).encode()


def test_what_install_has_made_is_not_brought_a_second_time():
    def brought(made):
        with zipfile.ZipFile(io.BytesIO(package(URL, "acme", made).archive)) as archive:
            names = archive.namelist()
            return json.loads(archive.read("requirements.json")) if "requirements.json" in names else {}

    assert {kind: list(found) for kind, found in brought(()).items()} == {
        "ticket_fields": ["wellbeing_field"], "views": ["wellbeing_view"],
    }  # fmt: skip
    assert "[helpdesk-wellbeing acme/field]" in brought(())["ticket_fields"]["wellbeing_field"]["description"]
    assert list(brought({"field"})) == ["views"]
    assert brought({"field", "view", "webhook"}) == {}


def png(width, height):
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\0" * 9


def nested(b):
    b.files = {f"app/{name}": data for name, data in b.files.items()}


def oauth(**block):
    return {"client_id": "a", "client_secret": "b", "authorize_uri": "c", "access_token_uri": "d"} | block


SIDEBAR = "location__support__ticket_sidebar"
# (what is done to the good package, the check that must find it, the file and the key that it must name)
REFUSED = {
    "no manifest": (lambda b: b.files.pop("manifest.json"), manifest.at_the_root, "manifest.json", ""),
    "nested": (nested, manifest.at_the_root, "manifest.json", ""),
    "a list": (lambda b: b.files.update({"manifest.json": b"[]"}), manifest.at_the_root, "manifest.json", ""),
    "no JSON": (lambda b: b.files.update({"manifest.json": b"{"}), packing.json_problems, "manifest.json", ""),
    "no UTF-8": (
        lambda b: b.files.update({"manifest.json": b'"\xff"'}), packing.json_problems, "manifest.json", ""),
    "a key twice": (
        lambda b: b.files.update({"manifest.json": b'{"name": 1, "name": 2}'}), packing.json_problems,
        "manifest.json", "name"),
    "a link": (lambda b: b.links.add("assets/x"), packing.link_problems, "assets/x", ""),
    "no author": (lambda b: b.manifest(author=None), manifest.required_keys, "manifest.json", "author"),
    "empty author": (lambda b: b.manifest(author={}), manifest.required_keys, "manifest.json", "author"),
    "no location": (lambda b: b.manifest(location=None), manifest.required_keys, "manifest.json", "location"),
    "framework 1": (
        lambda b: b.manifest(frameworkVersion="1.0"), manifest.framework, "manifest.json", "frameworkVersion"),
    "noTemplate": (lambda b: b.manifest(noTemplate=True), manifest.framework, "manifest.json", "noTemplate"),
    "signed as text": (lambda b: b.manifest(signedUrls="true"), manifest.types, "manifest.json", "signedUrls"),
    "version as number": (lambda b: b.manifest(version=1), manifest.types, "manifest.json", "version"),
    "author as text": (lambda b: b.manifest(author="me"), manifest.types, "manifest.json", "author"),
    "author's name as number": (lambda b: b.manifest(author__name=1), manifest.types, "manifest.json", "author.name"),
    "one host": (
        lambda b: b.manifest(domainWhitelist="acme.example"), manifest.types, "manifest.json", "domainWhitelist"),
    "host as number": (
        lambda b: b.manifest(domainWhitelist=[1]), manifest.types, "manifest.json", "domainWhitelist.0"),
    "author's address": (lambda b: b.manifest(author__url="acme"), manifest.addresses, "manifest.json", "author.url"),
    "terms": (
        lambda b: b.manifest(termsConditionsURL="ftp://a"), manifest.addresses, "manifest.json",
        "termsConditionsURL"),
    "locale": (
        lambda b: b.manifest(defaultLocale="English"), manifest.default_locale, "manifest.json", "defaultLocale"),
    "locale without a file": (
        lambda b: b.manifest(defaultLocale="pt"), manifest.default_locale, "manifest.json", "defaultLocale"),
    "unknown product": (
        lambda b: b.manifest(location__suport={"modal": URL}), manifest.locations, "manifest.json",
        "location.suport"),
    "unknown place": (
        lambda b: b.manifest(location__support__sidebar={"url": URL}), manifest.locations, "manifest.json",
        "location.support.sidebar"),
    "no place": (lambda b: b.manifest(location={}), manifest.locations, "manifest.json", "location"),
    "plain http": (
        lambda b: b.manifest(**{f"{SIDEBAR}__url": "http://acme.example/x"}), manifest.locations, "manifest.json",
        "location.support.ticket_sidebar.url"),
    "no file": (
        lambda b: b.manifest(**{f"{SIDEBAR}__url": "assets/iframe.html"}), manifest.locations, "manifest.json",
        "location.support.ticket_sidebar.url"),
    "not in assets": (
        lambda b: b.manifest(**{f"{SIDEBAR}__url": "iframe.html"}), manifest.locations, "manifest.json",
        "location.support.ticket_sidebar.url"),
    "autoLoad without an address": (
        lambda b: b.manifest(location__support__nav_bar__url=None), manifest.locations, "manifest.json",
        "location.support.nav_bar.autoLoad"),
    "a product without places": (
        lambda b: b.manifest(location__support=[]), manifest.locations, "manifest.json", "location.support"),
    "a place without an address": (
        lambda b: b.manifest(**{f"{SIDEBAR}__url": None}), manifest.locations, "manifest.json",
        "location.support.ticket_sidebar.url"),
    "an address without a host": (
        lambda b: b.manifest(**{f"{SIDEBAR}__url": "https:///x"}), manifest.locations, "manifest.json",
        "location.support.ticket_sidebar.url"),
    "flexible as text": (
        lambda b: b.manifest(**{f"{SIDEBAR}__flexible": "yes"}), manifest.locations, "manifest.json",
        "location.support.ticket_sidebar.flexible"),
    "a parameter called name": (
        lambda b: b.manifest(parameters__0__name="name"), manifest.parameters, "manifest.json", "parameters.name"),
    "a parameter that is no object": (
        lambda b: b.manifest(parameters=["server_url"]), manifest.parameters, "manifest.json", "parameters.0"),
    "required as text": (
        lambda b: b.manifest(parameters__0__required="yes"), manifest.parameters, "manifest.json",
        "parameters.server_url.required"),
    "one scope as text": (
        lambda b: b.manifest(parameters__0__scopes="header"), manifest.parameters, "manifest.json",
        "parameters.server_url.scopes"),
    "a nameless parameter": (
        lambda b: b.manifest(parameters__0__name=None), manifest.parameters, "manifest.json", "parameters.0.name"),
    "unknown type": (
        lambda b: b.manifest(parameters__0__type="uri"), manifest.parameters, "manifest.json",
        "parameters.server_url.type"),
    "unknown key": (
        lambda b: b.manifest(parameters__0__help="x"), manifest.parameters, "manifest.json",
        "parameters.server_url.help"),
    "hidden and required": (
        lambda b: b.manifest(parameters__0__type="hidden"), manifest.parameters, "manifest.json",
        "parameters.server_url.required"),
    "scopes of nothing secret": (
        lambda b: b.manifest(parameters__0__scopes=["header"]), manifest.parameters, "manifest.json",
        "parameters.server_url.scopes"),
    "unknown scope": (
        lambda b: b.manifest(parameters__0__secure=True, parameters__0__scopes=["cookie"]), manifest.parameters,
        "manifest.json", "parameters.server_url.scopes"),
    "two of a name": (
        lambda b: b.manifest(parameters=[{"name": "a", "type": "text"}] * 2), manifest.parameters, "manifest.json",
        "parameters.a"),
    "half an oauth block": (
        lambda b: b.manifest(oauth=oauth(client_secret=""), parameters=[{"name": "a", "type": "oauth"}]),
        manifest.third_party_login, "manifest.json", "oauth.client_secret"),
    "oauth without a parameter": (
        lambda b: b.manifest(oauth=oauth()), manifest.third_party_login, "manifest.json", "oauth"),
    "two oauth parameters": (
        lambda b: b.manifest(oauth=oauth(), parameters=[{"name": name, "type": "oauth"} for name in "ab"]),
        manifest.third_party_login, "manifest.json", "parameters"),
    "a secure oauth parameter": (
        lambda b: b.manifest(oauth=oauth(), parameters=[{"name": "a", "type": "oauth", "secure": True}]),
        manifest.third_party_login, "manifest.json", "parameters.a.secure"),
    "unknown experiment": (
        lambda b: b.manifest(experiments={"magic": True}), manifest.experiments, "manifest.json",
        "experiments.magic"),
    "unsigned": (lambda b: b.manifest(signedUrls=False), manifest.pages_are_signed, "manifest.json", "signedUrls"),
    "one unsigned place": (
        lambda b: b.manifest(location__support__nav_bar__signed=False), manifest.pages_are_signed, "manifest.json",
        "location.support.nav_bar.signed"),
    "no requirements": (
        lambda b: b.manifest(requirementsOnly=True), requirements.requirements_have_a_place, "requirements.json", ""),
    "requirements of marketing": (
        lambda b: (b.manifest(marketingOnly=True), b.require(views={})), requirements.requirements_have_a_place,
        "requirements.json", ""),
    "requirements as a list": (
        lambda b: b.files.update({"requirements.json": b"[]"}), requirements.requirements_have_a_place,
        "requirements.json", ""),
    "things as a list": (
        lambda b: b.require(views=[]), requirements.requirement_fields, "requirements.json", "views"),
    "requirements of chat": (
        lambda b: (b.manifest(location={"chat": {"main": URL}}), b.require(views={})),
        requirements.requirements_have_a_place, "requirements.json", ""),
    "unknown kind": (
        lambda b: b.require(view={"a": {"title": "A"}}), requirements.requirement_kinds, "requirements.json", "view"),
    "too many": (
        lambda b: b.require(views={str(n): {"title": "A"} for n in range(5001)}), requirements.requirement_kinds,
        "requirements.json", ""),
    "no title": (
        lambda b: b.require(views={"a": {}}), requirements.requirement_fields, "requirements.json", "views.a.title"),
    "no key": (
        lambda b: b.require(user_fields={"a": {"title": "A"}}), requirements.requirement_fields, "requirements.json",
        "user_fields.a.key"),
    "no endpoint": (
        lambda b: b.require(webhooks={"a": {"name": "A", "status": "active", "http_method": "POST",
                                            "request_format": "json"}}),
        requirements.requirement_fields, "requirements.json", "webhooks.a.endpoint"),
    "old target": (
        lambda b: b.require(targets={"a": {"title": "A", "type": "http_target"}}), requirements.requirement_fields,
        "requirements.json", "targets.a.type"),
    "too many objects": (
        lambda b: b.require(custom_objects_v2={"objects": [{}] * 51}), requirements.requirement_objects,
        "requirements.json", "custom_objects_v2.objects"),
    "too many old objects": (
        lambda b: b.require(custom_objects={"custom_object_types": [{}] * 40, "custom_object_relationship_types":
                                            [{}] * 11}),
        requirements.requirement_objects, "requirements.json", "custom_objects"),
    "an object of too many fields": (
        lambda b: b.require(custom_objects_v2={"object_fields": [{"object_key": "a"}] * 21}),
        requirements.requirement_objects, "requirements.json", "custom_objects_v2.object_fields"),
    "an object of too many triggers": (
        lambda b: b.require(custom_objects_v2={"object_triggers": [{"object_key": "a"}] * 11}),
        requirements.requirement_objects, "requirements.json", "custom_objects_v2.object_triggers"),
    "objects that are too large": (
        lambda b: b.require(custom_objects_v2={"objects": [{"title": "x" * 1024 * 1024}]}),
        requirements.requirement_objects, "requirements.json", "custom_objects_v2"),
    "a setting in objects": (
        lambda b: b.require(custom_objects_v2={"objects": [{"title": "{{setting.x}}"}]}),
        requirements.requirement_objects, "requirements.json", "custom_objects_v2"),
    "no name in English": (
        lambda b: b.json("translations/en.json", app__name=None), contents.translations_are_there,
        "translations/en.json", "app.name"),
    "no app": (
        lambda b: b.json("translations/nl.json", app=None), contents.translations_are_there,
        "translations/nl.json", "app"),
    "a language's name": (
        lambda b: b.files.update({"translations/dutch.json": b'{"app": {}}'}), contents.translations_are_there,
        "translations/dutch.json", ""),
    "public without words": (
        lambda b: (b.manifest(private=False), b.json("translations/en.json", app__long_description=None)),
        contents.translations_are_there, "translations/en.json", "app.long_description"),
    "public without a short word": (
        lambda b: (b.manifest(private=False), b.json("translations/en.json", app__short_description=None)),
        contents.translations_are_there, "translations/en.json", "app.short_description"),
    "words as a list": (
        lambda b: b.files.update({"translations/nl.json": b"[]"}), contents.translations_are_there,
        "translations/nl.json", ""),
    "labels as a list": (
        lambda b: b.json("translations/nl.json", app__parameters=[]), contents.translated_parameters,
        "translations/nl.json", "app.parameters"),
    "no label": (
        lambda b: b.json("translations/nl.json", app__parameters__server_url__label=None),
        contents.translated_parameters, "translations/nl.json", "app.parameters.server_url.label"),
    "an unnamed parameter": (
        lambda b: b.json("translations/en.json", app__parameters={}), contents.translated_parameters,
        "translations/en.json", "app.parameters.server_url"),
    "another product's words": (
        lambda b: b.json("translations/en.json", app__chat={"name": "A"}), contents.translated_products,
        "translations/en.json", "app.chat"),
    "a number for a word": (
        lambda b: b.json("translations/de.json", app__name=1), contents.translated_leaves, "translations/de.json",
        "app.name"),
    "a package's leaf": (
        lambda b: b.json("translations/de.json", app__package="x"), contents.translated_leaves,
        "translations/de.json", "app.name"),
    "untranslated": (
        lambda b: b.json("translations/fr.json", app__long_description=None),
        contents.every_language_says_the_same, "translations/fr.json", "app.long_description"),
    "no icon": (
        lambda b: b.files.pop("assets/icon_nav_bar.svg"), contents.icons, "assets/icon_nav_bar.svg", ""),
    "no logo": (lambda b: b.files.pop("assets/logo.png"), contents.logos, "assets/logo.png", ""),
    "a small logo": (
        lambda b: b.files.update({"assets/logo.png": png(128, 128)}), contents.logos, "assets/logo.png", ""),
    "a logo that is no PNG": (
        lambda b: b.files.update({"assets/logo-small.png": b"GIF89a"}), contents.logos, "assets/logo-small.png", ""),
    "a banner": (
        lambda b: b.files.update({"assets/banner.png": png(800, 200)}), contents.banner, "assets/banner.png", ""),
    "no drawing": (
        lambda b: b.files.update({"assets/logo.svg": b"<html/>"}), contents.drawings, "assets/logo.svg", ""),
    "an archive": (
        lambda b: b.files.update({"assets/old.ZIP": b"PK"}), contents.forbidden_files, "assets/old.ZIP", ""),
    "sources without pages": (
        lambda b: (b.manifest(marketingOnly=True), b.files.update({"assets/a.js": b""})),
        contents.no_pages_where_none_are_shown, "assets/a.js", ""),
    "the neutral host": (
        lambda b: b.files.update({"assets/a.html": b"https://wellbeing.example.com"}), packing.address_problems,
        "assets/a.html", ""),
    "an empty script": (
        lambda b: b.files.update({"assets/a.js": b"\n"}), scripts.empty_scripts, "assets/a.js", ""),
    "dangerous JavaScript": (
        lambda b: b.files.update({"assets/a.js": b'let a;\neval("1")'}), scripts.dangerous_scripts,
        "assets/a.js", "line 2"),
}  # fmt: skip
WARNED = {
    "unknown key": (lambda b: b.manifest(singed=True), manifest.known_keys, "manifest.json", "singed"),
    "another host": (
        lambda b: b.manifest(domainWhitelist=["other.example"]), manifest.hosts_are_allowed, "manifest.json",
        "domainWhitelist"),
    "an open secret": (
        lambda b: b.manifest(parameters=[{"name": "api_key", "type": "text"}]), manifest.insecure_parameters,
        "manifest.json", "parameters.api_key"),
    "a default secret": (
        lambda b: b.manifest(parameters=[{"name": "a", "type": "text", "secure": True, "scopes": ["header"],
                                          "default": "x"}]),
        manifest.insecure_parameters, "manifest.json", "parameters.a.default"),
    "no scopes": (
        lambda b: b.manifest(parameters=[{"name": "a", "type": "text", "secure": True}]),
        manifest.insecure_parameters, "manifest.json", "parameters.a.scopes"),
    "a word for nothing": (
        lambda b: b.json("translations/nl.json", app__parameters__more={"label": "x"}),
        contents.translated_parameters, "translations/nl.json", "app.parameters.more"),
    "a script in a drawing": (
        lambda b: b.files.update({"assets/logo.svg": b"<svg><script>1</script></svg>"}), contents.drawings,
        "assets/logo.svg", ""),
    "a secret in a script": (
        lambda b: b.files.update({"assets/a.js": b'const api_key = "x"'}), contents.secrets_in_files,
        "assets/a.js", ""),
    "plain http in a page": (
        lambda b: b.files.update({"assets/a.html": b"http://acme.example/"}), contents.plain_addresses,
        "assets/a.html", ""),
}  # fmt: skip


def test_what_ships_passes_every_check_without_a_warning():
    assert checks.problems(finished(URL)) == []


def test_every_check_has_a_broken_package_that_only_it_was_made_for():
    tried = {check for _, check, _, _ in [*REFUSED.values(), *WARNED.values()]}

    assert tried | {scripts.broken_scripts} == set(checks.CHECKS)


@pytest.mark.parametrize("what", REFUSED)
def test_a_broken_package_is_refused_with_file_and_key(what):
    breaks, check, file, key = REFUSED[what]
    broken = Broken()
    breaks(broken)

    broken_apps.is_refused(broken.folder, check, checks.CHECKS, file, key)


@pytest.mark.parametrize("what", WARNED)
def test_a_doubtful_package_is_built_with_a_warning(what):
    breaks, check, file, key = WARNED[what]
    broken = Broken()
    breaks(broken)

    broken_apps.is_warned_of(broken.folder, check, file, key)


def test_no_check_breaks_at_what_is_of_the_wrong_kind():
    good = Broken()
    good.manifest(oauth=oauth(), experiments={"magic": True})
    good.json("manifest.json", parameters__0__scopes=["header"])
    good.require(views={"a": {"title": "A"}}, targets={"a": {"title": "A", "type": "email_target"}},
                 custom_objects={"custom_object_types": [{}]},
                 custom_objects_v2={"objects": [{}], "object_fields": [{"object_key": "a"}]})  # fmt: skip

    broken_apps.no_check_breaks(
        good.folder, checks.CHECKS, "manifest.json", "requirements.json", "translations/nl.json"
    )


def test_the_neutral_package_is_refused_so_that_nobody_uploads_it():
    assert {problem.key for problem in checks.problems(source())} == {""}


def test_the_package_bears_the_installations_address_and_port():
    found = json.loads(finished(f"{URL}:8443").files["manifest.json"])

    assert found["location"]["support"]["ticket_sidebar"]["url"] == f"{URL}:8443/zaf/ticket_sidebar"
    assert found["domainWhitelist"] == ["wellbeing.acme.example"]
    assert found["parameters"][0]["default"] == f"{URL}:8443"


def test_the_same_files_give_the_same_zip():
    first, second = package(URL, "acme"), package(URL, "acme")

    assert first.archive == second.archive
    with zipfile.ZipFile(io.BytesIO(first.archive)) as archive:
        assert "manifest.json" in archive.namelist()
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None
