"""The Freshworks app's package: the one that ships passes every check, each broken one is refused by its check."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from helpdesk_wellbeing.errors import ConfigError
from tests import broken_apps
from webhooks import packing, scripts
from webhooks.freshdesk.app import checks, contents, manifest
from webhooks.freshdesk.app.package import finished, package, source

URL = "https://wellbeing.acme.example"
SERVER, REQUESTS, IPARAMS = "server/server.js", "config/requests.json", "config/iparams.json"


class Broken(broken_apps.Broken):
    def __init__(self):
        super().__init__(finished(URL, "acme"))

    def json(self, file, *path, to=None):
        found = json.loads(self.files[file])
        *way, last = path
        place = found
        for step in way:
            place = place.setdefault(step, {})
        if to is None:
            place.pop(last)
        else:
            place[last] = to
        self.files[file] = json.dumps(found).encode()

    def manifest(self, *path, to=None):
        self.json("manifest.json", *path, to=to)

    def calls(self, function):
        self.text("app/scripts/page.js", "show();\n", f'client.request.invoke("{function}", {{}});\n')

    def text(self, file, old, new):
        assert old.encode() in self.files[file]
        self.files[file] = self.files[file].replace(old.encode(), new.encode())


EVENTS = ("modules", "support_ticket", "events")
PLACES = ("modules", "common", "location")
# (what is done to the good package, the check that must find it, the file and the key that it must name)
REFUSED = {
    "no server": (lambda b: b.files.pop(SERVER), contents.folders, SERVER, ""),
    "no readme": (lambda b: b.files.pop("README.md"), contents.folders, "README.md", ""),
    "two kinds of parameters": (
        lambda b: b.files.update({"config/iparams.html": b""}), contents.folders, "config/iparams.html", ""),
    "no JSON": (lambda b: b.files.update({"manifest.json": b"{"}), packing.json_problems, "manifest.json", ""),
    "a key twice": (
        lambda b: b.files.update({IPARAMS: b'{"a": {}, "a": {}}'}), packing.json_problems, IPARAMS, "a"),
    "a link": (lambda b: b.links.add("app/x"), packing.link_problems, "app/x", ""),
    "platform 2.3": (
        lambda b: b.manifest("platform-version", to="2.3"), manifest.platform_version, "manifest.json",
        "platform-version"),
    "a product": (
        lambda b: b.manifest("product", to={"freshdesk": {}}), manifest.platform_version, "manifest.json", "product"),
    "no engines": (lambda b: b.manifest("engines"), manifest.engines, "manifest.json", "engines.node"),
    "half a version": (
        lambda b: b.manifest("engines", "fdk", to="10"), manifest.engines, "manifest.json", "engines.fdk"),
    "no common": (lambda b: b.manifest("modules", "common"), manifest.modules, "manifest.json", "modules.common"),
    "no product's module": (
        lambda b: b.manifest("modules", "support_ticket"), manifest.modules, "manifest.json", "modules"),
    "unknown module": (
        lambda b: b.manifest("modules", "tickets", to={}), manifest.modules, "manifest.json", "modules.tickets"),
    "a module that is no object": (
        lambda b: b.manifest("modules", "support_email", to=[1]), manifest.modules, "manifest.json",
        "modules.support_email"),
    "requests elsewhere": (
        lambda b: b.manifest("modules", "support_ticket", "requests", to={}), manifest.modules, "manifest.json",
        "modules.support_ticket.requests"),
    "empty location": (
        lambda b: b.manifest(*PLACES, to={}), manifest.locations, "manifest.json", "modules.common.location"),
    "a place of another module": (
        lambda b: b.manifest(*PLACES, "ticket_sidebar", to={"url": "index.html", "icon": "styles/images/icon.svg"}),
        manifest.locations, "manifest.json", "modules.common.location.ticket_sidebar"),
    "no page": (
        lambda b: b.files.pop("app/sidebar.html"), manifest.locations, "manifest.json",
        "modules.support_ticket.location.ticket_sidebar.url"),
    "no icon": (
        lambda b: b.files.pop("app/styles/images/icon.svg"), manifest.icons, "manifest.json",
        "modules.common.location.full_page_app.icon"),
    "a PNG icon": (
        lambda b: b.manifest(*PLACES, "full_page_app", "icon", to="icon.png"), manifest.icons, "manifest.json",
        "modules.common.location.full_page_app.icon"),
    "unknown event": (
        lambda b: b.manifest(*EVENTS, "onTicketMerge", to={"handler": "onTicketUpdateHandler"}), manifest.events,
        "manifest.json", "modules.support_ticket.events.onTicketMerge"),
    "an event of common": (
        lambda b: b.manifest(*EVENTS, "onAppInstall", to={"handler": "onAppInstallHandler"}), manifest.events,
        "manifest.json", "modules.support_ticket.events.onAppInstall"),
    "no handler": (
        lambda b: b.manifest(*EVENTS, "onTicketDelete", to={}), manifest.events, "manifest.json",
        "modules.support_ticket.events.onTicketDelete.handler"),
    "a handler that is not there": (
        lambda b: b.manifest(*EVENTS, "onTicketDelete", "handler", to="gone"), manifest.handlers, "manifest.json",
        "modules.support_ticket.events.onTicketDelete.handler"),
    "an export for nothing": (
        lambda b: b.manifest(*EVENTS, "onTicketDelete"), manifest.handlers, SERVER, "onTicketDeleteHandler"),
    "a function that is not there": (
        lambda b: (b.manifest("modules", "common", "functions", to={"look": {"timeout": 20}}), b.calls("look")),
        manifest.functions, "manifest.json", "modules.common.functions.look"),
    "a function that nobody calls": (
        lambda b: (b.manifest("modules", "common", "functions", to={"look": {"timeout": 20}}),
                   b.text(SERVER, "exports = {\n", "exports = {\n  look: function () {\n    renderData();\n  },\n")),
        manifest.functions, "manifest.json", "modules.common.functions.look"),
    "an odd timeout": (
        lambda b: b.manifest("modules", "common", "functions", to={"look": {"timeout": 12}}), manifest.functions,
        "manifest.json", "modules.common.functions.look.timeout"),
    "an undeclared function": (
        lambda b: b.calls("look"), manifest.functions, "manifest.json", "modules.common.functions.look"),
    "a request without a template": (
        lambda b: b.json(REQUESTS, "getState"), manifest.declared_requests, REQUESTS, "getState"),
    "a template that is not declared": (
        lambda b: b.manifest("modules", "common", "requests", "getState"), manifest.declared_requests,
        "manifest.json", "modules.common.requests.getState"),
    "too many templates": (
        lambda b: [b.manifest("modules", "common", "requests", f"r{n}", to={}) for n in range(98)],
        manifest.declared_requests, "manifest.json", "modules.common.requests"),
    "a call without a template": (
        lambda b: b.text(SERVER, '"postEvent"', '"sendEvent"'), manifest.used_requests, SERVER, "sendEvent"),
    "a template that nobody calls": (
        lambda b: b.text("app/scripts/page.js", '"getState"', '"getSuggestion"'), manifest.used_requests,
        "manifest.json", "modules.common.requests.getState"),
    "a parameter without a name": (
        lambda b: b.json(IPARAMS, "wellbeing_secret", "display_name"), contents.parameters, IPARAMS,
        "wellbeing_secret.display_name"),
    "a parameter of no type": (
        lambda b: b.json(IPARAMS, "wellbeing_secret", "type", to="password"), contents.parameters, IPARAMS,
        "wellbeing_secret.type"),
    "an empty dropdown": (
        lambda b: b.json(IPARAMS, "mode", to={"display_name": "Mode", "type": "dropdown", "options": ["a"]}),
        contents.parameters, IPARAMS, "mode.default_value"),
    "a key of no product": (
        lambda b: b.json(IPARAMS, "key", to={"display_name": "Key", "type": "api_key", "secure": True}),
        contents.parameters, IPARAMS, "key.type_attributes.product"),
    "secure as text": (
        lambda b: b.json(IPARAMS, "mode", to={"display_name": "Mode", "type": "text", "secure": "true"}),
        contents.parameters, IPARAMS, "mode.secure"),
    "an open secret": (
        lambda b: b.json(IPARAMS, "wellbeing_secret", "secure", to=False), contents.parameters, IPARAMS,
        "wellbeing_secret.secure"),
    "a host with its scheme": (
        lambda b: b.json(REQUESTS, "postEvent", "schema", "host", to="https://wellbeing.acme.example"),
        contents.request_templates, REQUESTS, "postEvent.schema.host"),
    "a host with a port": (
        lambda b: b.json(REQUESTS, "postEvent", "schema", "host", to="wellbeing.acme.example:8443"),
        contents.request_templates, REQUESTS, "postEvent.schema.host"),
    "a path without a slash": (
        lambda b: b.json(REQUESTS, "postEvent", "schema", "path", to="webhooks"), contents.request_templates,
        REQUESTS, "postEvent.schema.path"),
    "no method": (
        lambda b: b.json(REQUESTS, "postEvent", "schema", "method"), contents.request_templates, REQUESTS,
        "postEvent.schema.method"),
    "plain http": (
        lambda b: b.json(REQUESTS, "postEvent", "schema", "protocol", to="http"), contents.request_templates,
        REQUESTS, "postEvent.schema.protocol"),
    "a body in the template": (
        lambda b: b.json(REQUESTS, "postEvent", "schema", "body", to="{}"), contents.request_templates, REQUESTS,
        "postEvent.schema.body"),
    "a second try": (
        lambda b: b.json(REQUESTS, "postEvent", "options", to={"maxAttempts": 2}), contents.request_templates,
        REQUESTS, "postEvent.options.maxAttempts"),
    "a parameter that nobody is asked for": (
        lambda b: b.json(REQUESTS, "postEvent", "schema", "path", to="/<%= iparam.account %>"),
        contents.request_variables, REQUESTS, "postEvent.schema.path"),
    "an odd variable": (
        lambda b: b.json(REQUESTS, "postEvent", "schema", "path", to="/<%= process.env %>"),
        contents.request_variables, REQUESTS, "postEvent.schema.path"),
    "the secret in an address": (
        lambda b: b.json(REQUESTS, "getState", "schema", "query", to={"s": "<%= iparam.wellbeing_secret %>"}),
        contents.secrets_stay_secret, REQUESTS, "getState.schema.query.s"),
    "a call without the secret": (
        lambda b: b.json(REQUESTS, "postEvent", "schema", "headers", "X-Helpdesk-Wellbeing-Secret"),
        contents.secrets_stay_secret, REQUESTS, "postEvent.schema.headers.X-Helpdesk-Wellbeing-Secret"),
    "a page without the client": (
        lambda b: b.text("app/index.html", '<script src="{{{appclient}}}"></script>', ""), contents.pages,
        "app/index.html", "script"),
    "a script from elsewhere": (
        lambda b: b.text("app/index.html", "scripts/page.js", "https://cdn.example/page.js"), contents.pages,
        "app/index.html", "script"),
    "an inline script": (
        lambda b: b.text("app/sidebar.html", "<main>", "<main><script>1</script>"), contents.pages,
        "app/sidebar.html", ""),
    "a page without its script": (
        lambda b: b.files.pop("app/scripts/page.js"), contents.pages, "app/index.html", ""),
    "a timer": (
        lambda b: b.text(SERVER, "renderData();", "setTimeout(renderData, 1);"), contents.sandbox, SERVER,
        "setTimeout"),
    "async for nothing": (
        lambda b: b.text(SERVER, "onAppUninstallHandler: function", "onAppUninstallHandler: async function"),
        contents.lint, SERVER, "onAppUninstallHandler"),
    "async for nothing in a page": (
        lambda b: b.text("app/scripts/page.js", "function told", "async function told"), contents.lint,
        "app/scripts/page.js", "told"),
    "given for nothing": (
        lambda b: b.text(SERVER, "async function post(body)", "async function post(body, tries)"), contents.lint,
        SERVER, "post.tries"),
    "an installation without an end": (
        lambda b: b.text(SERVER, "onAppUninstallHandler: function () {\n    renderData();",
                         "onAppUninstallHandler: function () {\n    return;"),
        contents.set_up_ends, SERVER, "onAppUninstallHandler"),
    "a text is sent": (
        lambda b: b.text(SERVER, '"agent_id", ', '"agent_id", "subject", '), contents.forwards_no_more, SERVER,
        "RECORD_FIELDS.subject"),
    "a changed text is sent": (
        lambda b: b.text(SERVER, '["deleted", ', '["deleted", "subject", '), contents.forwards_no_more, SERVER,
        "CHANGE_FIELDS.subject"),
    "too little is sent": (
        lambda b: b.text(SERVER, '"time_spent", ', ""), contents.forwards_no_more, SERVER,
        "RECORD_FIELDS.time_spent"),
    "an address is sent": (
        lambda b: b.text(SERVER, 'actor: picked(data.actor, ["id", "type"])',
                         'actor: picked(data.actor, ["id", "type", "email"])'),
        contents.forwards_no_more, SERVER, "actor.email"),
    "an address is sent in another way": (
        lambda b: b.text(SERVER, 'actor: picked(data.actor, ["id", "type"])', "actor: { mail: data.actor.email }"),
        contents.forwards_no_more, SERVER, "actor.email"),
    "untranslated": (
        lambda b: b.text("app/scripts/words.js", '    refused: "Je installatie', '    refusd: "Je installatie'),
        contents.every_language_says_the_same, "app/scripts/words.js", "nl.refused"),
    "the neutral account": (
        lambda b: b.files.update({"app/a.html": b"neutral-account"}), contents.neutral_account, "app/a.html", ""),
    "the neutral host": (
        lambda b: b.files.update({"app/a.html": b"wellbeing.example.com"}), packing.address_problems, "app/a.html",
        ""),
    "an empty script": (
        lambda b: b.files.update({"app/scripts/page.js": b"\n"}), scripts.empty_scripts, "app/scripts/page.js", ""),
    "dangerous JavaScript": (
        lambda b: b.files.update({"app/scripts/page.js": b'let a;\neval("1")'}), scripts.dangerous_scripts,
        "app/scripts/page.js", "line 2"),
}  # fmt: skip


def test_what_ships_passes_every_check_without_a_warning():
    assert [one for one in checks.problems(finished(URL, "acme")) if one.file != "*.js"] == []


def test_every_check_has_a_broken_package():
    tried = {check for _, check, _, _ in REFUSED.values()}

    assert tried | {contents.samples, scripts.broken_scripts} == set(checks.CHECKS)


@pytest.mark.parametrize("what", REFUSED)
def test_a_broken_package_is_refused_with_file_and_key(what):
    breaks, check, file, key = REFUSED[what]
    broken = Broken()
    breaks(broken)

    broken_apps.is_refused(broken.folder, check, checks.CHECKS, file, key)


def test_no_check_breaks_at_what_is_of_the_wrong_kind():
    broken_apps.no_check_breaks(finished(URL, "acme"), checks.CHECKS, "manifest.json", REQUESTS, IPARAMS)


def test_an_event_that_nobody_can_try_is_a_warning():
    broken = Broken()
    broken.files.pop("server/test_data/onTicketCreate.json")

    broken_apps.is_warned_of(broken.folder, contents.samples, "server/test_data/onTicketCreate.json", "")


def test_a_function_with_many_ways_through_it_is_a_warning():
    broken = Broken()
    broken.text(SERVER, "async function post(body) {\n", f"async function post(body) {{\n{'  if (body) {}' * 7}\n")

    broken_apps.is_warned_of(broken.folder, contents.lint, SERVER, "post")


def test_the_neutral_package_is_refused_so_that_nobody_uploads_it():
    assert {problem.said.partition(" ")[0] for problem in checks.problems(source())} == {
        "neutral-account", "wellbeing.example.com"
    }  # fmt: skip


def test_an_address_with_a_port_is_refused():
    with pytest.raises(ConfigError, match="port 443"):
        package(f"{URL}:8443", "acme")


def test_the_package_bears_the_installations_address_and_the_account():
    found = json.loads(finished(URL, "acme-fd").files[REQUESTS])

    assert found["postEvent"]["schema"]["host"] == "wellbeing.acme.example"
    assert found["postEvent"]["schema"]["path"] == "/webhooks/freshdesk/acme-fd"
    assert b'href="https://wellbeing.acme.example/a/acme-fd/"' in finished(URL, "acme-fd").files["app/index.html"]


def test_the_same_files_give_the_same_zip():
    first, second = package(URL, "acme"), package(URL, "acme")

    assert first.archive == second.archive
    with zipfile.ZipFile(io.BytesIO(first.archive)) as archive:
        assert {"manifest.json", SERVER, ".fdk/configs.json"} <= set(archive.namelist())
