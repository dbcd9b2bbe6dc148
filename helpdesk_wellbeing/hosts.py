"""What an address of the network stands for, however it is written."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: a gateway of the house makes the last 32 bits of it


def meant(text: str) -> Address:
    """The address that a packet to `text` may end at: of an IPv6 address that holds one of IPv4, the latter.

    Raises ValueError for what is no address.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_loopback(host: str | None) -> bool:
    """Whether this host is the machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_public(text: str) -> bool:
    """Whether it is a single machine on the public internet."""
    address = meant(text)
    return address.is_global and not address.is_multicast
