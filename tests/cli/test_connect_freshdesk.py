"""`connect freshdesk`: a key is proved before anything is kept; and the webhook secret of such an account."""

from __future__ import annotations

import pytest

from connectors.freshdesk.simulated import SimulatedFreshdesk
from helpdesk_wellbeing.cli.common import open_store
from helpdesk_wellbeing.cli.platforms import connector_of
from tests.freshdesk_account import site_of

VARIABLE = "HELPDESK_WELLBEING_API_KEY"
FD = ("connect", "freshdesk", "--account", "fd", "--domain")


@pytest.fixture
def front():
    with SimulatedFreshdesk(site_of()) as running:
        yield running


@pytest.fixture
def connect(commands, front):
    """Connects with the right key unless told otherwise."""

    def run(domain="acme.freshdesk.com", account="fd", key=None, base_url=None):
        commands.patch.setenv(VARIABLE, front.api_key if key is None else key)
        return commands.here(
            "connect", "freshdesk", "--account", account, "--domain", domain, "--base-url", base_url or front.base_url
        )

    return run


def test_an_account_is_connected_with_a_key_that_is_good(commands, connect, front):
    ran = connect()

    assert (ran.code, ran.lines[-1]) == (0, "next: helpdesk-wellbeing pull --account fd")
    assert "fd: connected as" in ran.err
    assert front.api_key not in ran.err + ran.out
    looked = commands.here("doctor")
    assert f"freshdesk at {front.base_url}, API key" in looked.out
    assert (
        "not installed: suggestions have no field and no view in Freshdesk; install freshdesk --account fd"
        in looked.out
    )


def test_it_is_pulled_like_any_other(commands, connect):
    connect()

    ran = commands.here("pull", "--account", "fd")

    assert ran.code == 0, ran.err
    assert ran.line == "fd: 12 tickets, 6 states of availability; 36 events new, 0 known"
    assert commands.here("export", "events", "--account", "fd").out.count("\n") > 12
    assert "  work                    fine; last pull " in commands.here("doctor").out


def test_a_service_that_pulls_often_is_sparing_and_a_single_pull_is_complete(connect):
    connect()

    with open_store() as store:
        made = [connector_of(store, "fd", patient=patient) for patient in (True, False)]

    assert [one.settings.patient for one in made] == [True, False]


@pytest.mark.parametrize("key", ["wrong", "wrong-key-of-nobody"])
def test_with_a_key_that_is_not_good_nothing_is_kept(commands, connect, key):
    ran = connect(key=key)

    assert ran.code == 2
    assert "the API key isn't accepted" in ran.line
    assert key not in ran.err
    assert "no account yet" in commands.here("doctor").out


def test_a_key_with_too_few_rights_is_told_what_it_lacks_and_how_to_mend_it(commands):
    with SimulatedFreshdesk(site_of(scope=2, admin=False)) as narrow:
        commands.patch.setenv(VARIABLE, narrow.api_key)
        ran = commands.here(*FD, "acme.freshdesk.com", "--base-url", narrow.base_url)

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert "fd: not connected: the key of agent 900000001 lacks global ticket scope (" in ran.line
    assert ran.line.endswith("; give the agent the scope Global Access and the role Administrator, then connect again")
    assert "no account yet" in commands.here("doctor").out


@pytest.mark.parametrize(
    "domain",
    ["", " ", "acme", "-a.freshdesk.com", "https://", "ftp://acme.freshdesk.com", "https://[", "acme.freshdesk.com:99",
     "key@acme.freshdesk.com"],
)  # fmt: skip
def test_what_is_no_host_name_is_refused(commands, domain):
    ran = commands.here(*FD, domain)

    assert ran.code == 2
    assert "looks like acme.freshdesk.com" in ran.line
    assert "key@" not in ran.line


@pytest.mark.parametrize(
    "domain",
    ["acme.zendesk.com", "acme.freshdesk.com.evil.com", "evilfreshdesk.com", "freshdesk.com", "help.acme.com",
     "https://evil.com/acme.freshdesk.com", "evil.com?acme.freshdesk.com", "evil.com#.freshdesk.com"],
)  # fmt: skip
def test_a_key_is_sent_to_nobody_but_the_vendor(commands, domain):
    commands.patch.setenv(VARIABLE, "a-key")

    ran = commands.here(*FD, domain, "--base-url", "")

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert "does not end in .freshdesk.com; give the vendor's own, such as acme.freshdesk.com" in ran.line


@pytest.mark.parametrize(
    "domain", ["https://acme.freshdesk.com/", "acme.freshdesk.com/a/tickets?page=2", " HTTPS://Acme.Freshdesk.COM/a/#x"]
)
def test_an_address_from_the_browser_is_taken_as_its_host(connect, domain):
    assert connect(domain).code == 0

    with open_store() as store:
        assert store.account("fd").settings["domain"] == "acme.freshdesk.com"


def test_an_account_of_another_domain_that_was_stored_before_can_be_connected_anew(commands):
    commands.without_a_key(domain="help.acme.example")
    commands.patch.setenv(VARIABLE, "")

    assert "HELPDESK_WELLBEING_API_KEY is set but empty" in commands.here(*FD, "help.acme.example").line
    assert "does not end in .freshdesk.com" in commands.here(*FD, "help.other.example").line


@pytest.mark.parametrize("base_url", ["http://elsewhere.example", "https://host/path"])
def test_a_base_url_that_cannot_be_is_refused(connect, base_url):
    ran = connect(base_url=base_url)

    assert ran.code == 2
    assert "base URL must be https://host" in ran.line


def test_without_a_terminal_and_without_a_key_the_variable_is_named(commands):
    ran = commands.apart(*FD, "acme.freshdesk.com", start_new_session=True)

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert ran.line.endswith(f"no terminal to ask for the API key; set {VARIABLE}")


@pytest.mark.parametrize("again", ["acme.freshdesk.com", "Acme.Freshdesk.COM"])
def test_one_freshdesk_is_not_connected_under_two_names(connect, again):
    connect()

    ran = connect(again, account="other")

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert ran.line.endswith("acme.freshdesk.com is connected already, as fd; use that name, or give another domain")
    assert connect(again).code == 0
    assert connect("other.freshdesk.com", account="other").code == 0
    assert connect("other.freshdesk.com").code == 2


def test_a_name_with_the_activity_of_one_freshdesk_is_not_given_to_another(commands, connect, front):
    connect("acme.freshdesk.com")
    connect("other.freshdesk.com")  # nothing was read yet: somebody mistyped it
    assert commands.here("pull", "--account", "fd").code == 0

    ran = connect("acme.freshdesk.com")

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert ran.line.endswith(
        'fd has the activity of other.freshdesk.com, and "acme.freshdesk.com" is another helpdesk; '
        "connect it under another name"
    )
    assert connect("Other.Freshdesk.COM", base_url=front.base_url.replace("127.0.0.1", "localhost")).code == 0


def test_a_name_that_is_a_zendesk_accounts_is_refused(commands, connect, zendesk):
    commands.connect(zendesk)

    assert connect(account="acme").line.endswith("acme is not a Freshdesk account; choose another name")


def test_an_account_without_a_key_gets_one_and_is_read_from_then_on(commands, connect):
    commands.without_a_key()
    commands.patch.setenv("HELPDESK_WELLBEING_WEBHOOK_SECRET", "shown-by-rules-made-by-hand")
    assert commands.here(*SET).code == 0

    assert connect().code == 0

    assert commands.here("pull", "--account", "fd").code == 0
    assert commands.here("secrets", "show", "--account", "fd", "webhook_secret").out == "shown-by-rules-made-by-hand\n"


def test_a_new_installation_is_told_of_it(commands):
    assert "helpdesk-wellbeing connect freshdesk --account NAME --domain" in commands.here("doctor").out


SET = ("secrets", "set", "--account", "fd", "webhook_secret")
ROTATE = ("secrets", "rotate", "--account", "fd")


@pytest.mark.parametrize("command", [SET, ROTATE])
@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "HELPDESK_WELLBEING_WEBHOOK_SECRET is set but empty; put the webhook secret into it, or unset it to be"),
        (" \n", "HELPDESK_WELLBEING_WEBHOOK_SECRET is set but empty"),
        ("geheim-geheim-gehört", "the webhook secret has signs that no HTTP header takes"),
        ("sixteen-signs\tand-more", "the webhook secret has signs that no HTTP header takes"),
        ("too-short", "the webhook secret has fewer than 16 characters"),
    ],
)
def test_a_webhook_secret_that_cannot_be_is_said(commands, command, secret, said):
    commands.without_a_key()
    commands.patch.setenv("HELPDESK_WELLBEING_WEBHOOK_SECRET", secret)

    ran = commands.here(*command)

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert said in ran.line
    assert "geh" not in ran.err


def test_without_a_terminal_and_a_variable_the_variable_is_named(commands):
    commands.without_a_key()

    ran = commands.apart(*SET, start_new_session=True)

    assert (ran.code, len(ran.lines)) == (2, 1)
    assert ran.line.endswith("no terminal to ask for the webhook secret; set HELPDESK_WELLBEING_WEBHOOK_SECRET")


def test_a_secret_that_is_not_there_cannot_be_shown_and_it_is_said_how_to_set_one(commands):
    commands.without_a_key()

    ran = commands.here("secrets", "show", "--account", "fd", "webhook_secret")

    assert (ran.code, ran.out) == (2, "")
    assert "secrets set --account fd webhook_secret" in ran.line


def test_after_a_rotation_it_is_said_how_the_rules_get_the_new_secret(commands):
    commands.without_a_key()
    commands.patch.setenv("HELPDESK_WELLBEING_WEBHOOK_SECRET", "a-new-secret-of-the-account")

    assert "install freshdesk --account fd --url" in commands.here(*ROTATE).err
