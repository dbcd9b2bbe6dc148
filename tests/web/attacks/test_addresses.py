"""Settings that hold an address, in every spelling of a machine inside the house."""

from __future__ import annotations

import socket

import pytest

from connectors.oidc import provider
from helpdesk_wellbeing.access.doors import OfProvider
from helpdesk_wellbeing.acting.policy import PUBLIC_URL
from helpdesk_wellbeing.cli.connecting import host_of, refuse_strangers, subdomain_of
from helpdesk_wellbeing.errors import ConfigError, Refused, WellbeingError
from helpdesk_wellbeing.notices import addresses
from helpdesk_wellbeing.notices.settings import Smtp

OUTSIDE = "https://93.184.216.34/"
INSIDE = (
    "127.0.0.1", "127.1", "0x7f000001", "0x7f.1", "2130706433", "017700000001", "0177.0.0.1", "0.0.0.0", "0",
    "localhost", "LOCALHOST", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]",
    "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[fe80::1]",
    "[fc00::1]", "[fd00:ec2::254]", "10.0.0.1", "192.168.1.1",
    "172.16.0.1", "100.64.0.1", "169.254.169.254", "0xa9fea9fe", "2852039166", "224.0.0.1", "255.255.255.255",
)  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
def test_a_provider_outside_has_us_ask_nobody_inside(host):
    with pytest.raises(Refused):
        provider.check_address(f"https://{host}/keys", OUTSIDE, here=False)


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.7", "::1", "169.254.169.254", "fd00::1", "::ffff:10.0.0.1"])
def test_a_name_that_leads_inside_is_no_way_around(monkeypatch, inside):
    def looked_up(host, port, *_, **__):
        known = {"rebound.example": inside, "outside.example": "93.184.216.34"}
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known.get(host, host), port))]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    provider.check_address("https://outside.example/keys", "https://outside.example/", here=False)
    with pytest.raises(Refused):
        provider.check_address("https://rebound.example/keys", "https://outside.example/", here=False)
    monkeypatch.setitem(addresses.HOSTS, "slack", (addresses.re.compile(r"rebound\.example"),))
    with pytest.raises(Refused):
        addresses.check_public("https://rebound.example/x", loopback=False)


@pytest.mark.parametrize("issuer", ["http://id.example/", "http://127.1/", "file:///etc/passwd", "https://u:p@id.example",
                                    "https://id.example/?x", "https:///x", "gopher://id.example", "//id.example", "",
                                    "https://id.example/#f", "http://localhost.evil.example/"])  # fmt: skip
def test_an_issuer_is_an_https_address(issuer):
    with pytest.raises(ValueError, match="https"):
        OfProvider(issuer=issuer, client_id="x")


@pytest.mark.parametrize("host", INSIDE)
def test_a_room_for_notices_is_none_of_the_house(host):
    with pytest.raises(WellbeingError):
        addresses.check_webhook("slack", f"https://{host}/services/x", loopback=False)
    with pytest.raises(WellbeingError):
        addresses.check_webhook("slack", f"https://hooks.slack.com@{host}/services/x", loopback=False)
    with pytest.raises(WellbeingError):
        addresses.check_public(f"https://{host}/services/x", loopback=False)


@pytest.mark.parametrize("url", ["http://wellbeing.example.com", "https://a.example/path", "https://a.example@evil.example",
                                 "https://a.example\r\nX: y", "javascript:alert(1)", "//a.example",
                                 "https://a.example?x",
                                 "http://10.0.0.1", "http://127.0.0.1.evil.example",
                                 "https://a.example#x", "ftp://a.example"])  # fmt: skip
def test_the_address_of_links_is_a_host_over_tls(url):
    assert PUBLIC_URL.fullmatch(url) is None


@pytest.mark.parametrize("host", ["mail.example.com/x", "mail example", "mail\r\nX", "u@mail", "-mail", "a;b", ""])
def test_a_mail_server_is_a_host(host):
    with pytest.raises(ValueError):
        Smtp(host=host, sender="a@example.com")


@pytest.mark.parametrize("sender", ["a@example.com\r\nBcc: b@evil.example", "A <a@example.com>", "a@b.de, b@c.de",
                                    "a@b@c", "a b@example.com", '"a\\"@example.com'])  # fmt: skip
def test_a_sender_is_one_plain_address(sender):
    with pytest.raises(ValueError):
        Smtp(host="mail.example.com", sender=sender)


@pytest.mark.parametrize("place", ["127.0.0.1", "acme.zendesk.com.evil.example", "evil.example#.zendesk.com",
                                   "evil.example/.zendesk.com", "a@evil.example", "acme;frame", "acme.zendesk.com:8080",
                                   "acme' *", "../x", "acme\r\nx", ""])  # fmt: skip
def test_a_helpdesk_is_the_vendors(place):
    """The name is in addresses that we ask, and in who may frame our pages."""
    with pytest.raises(ConfigError):
        subdomain_of(place)
    if "evil" in place or "." not in place:
        with pytest.raises(ConfigError):
            refuse_strangers(_Nothing(), "new", host_of(place))  # type: ignore[arg-type]


class _Nothing:
    def has_account(self, account):
        return False


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f.1", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "169.254.169.254"]
)
def test_an_issuer_on_this_machine_spelled_oddly_is_not_asked(host):
    """What the setting does not see, the request does; an issuer elsewhere in the house is the admin's to name."""
    with pytest.raises(Refused):
        provider.check_address(f"https://{host}/.well-known/openid-configuration", f"https://{host}/", here=False)
    provider.check_address("https://10.0.0.1/keys", "https://10.0.0.1/", here=False)
