"""Addresses that webhooks may be sent to: public ones, and those of WEBHOOK_ALLOWED_NETWORKS.

What is not known to be public is refused. The lists follow IANA's registries of special-purpose addresses and add the
address of a cloud's metadata service that lies in public space; the versions of Python differ in what they call global.
"""

import re
import socket
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

Address = IPv4Address | IPv6Address

_REFUSED_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_PUBLIC_6 = IPv6Network("2000::/3")
# Protocol assignments with Teredo, documentation, 6to4: tunnels lead to addresses that are not seen here.
_REFUSED_6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAMES = re.compile(r"(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|home\.arpa)$")
_LAST_IS_NUMBER = re.compile(r"(^|\.)(0x[0-9a-f]*|[0-9]+)$")


_URL = re.compile(
    r"https://(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][!$%-;=?-\[\]_a-z~|]*)?"
)
_LONGEST_LABEL = 63
_LAST_PORT = 65_535


class AddressRefused(Exception):
    """The name leads to an address that is not public."""


class InvalidUrl(Exception):
    """The text is not a URL that a request can be made of without a doubt about its host."""


def host_of(url: str) -> str:
    """Return the host of an https URL in ASCII, without a user, a fragment or a character that programs read apart.

    Raises:
        InvalidUrl: it is another text.
    """
    match = _URL.fullmatch(url)
    if match is None or not 0 < int(match["port"] or 443) <= _LAST_PORT:
        raise InvalidUrl(url)
    host = match["host"].strip("[]").rstrip(".").lower()
    if any(not 0 < len(label) <= _LONGEST_LABEL for label in host.split(".")) and ":" not in host:
        raise InvalidUrl(url)
    return host


def is_allowed(text: str) -> bool:
    """Tell whether a request may go to the address in `text`."""
    address = _unwrapped(ip_address(text))
    return any(address in network for network in _own_networks(tuple(settings.WEBHOOK_ALLOWED_NETWORKS))) or _is_public(
        address
    )


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_4)
    return address in _PUBLIC_6 and not any(address in network for network in _REFUSED_6)


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address inside a mapped one (RFC 4291) or a translated one (RFC 6052), which is what answers."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


@lru_cache(maxsize=4)
def _own_networks(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(network) for network in networks)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of `host`, all of them allowed.

    Raises:
        AddressRefused: one of them is not, or `host` is written as a number in a form that programs read differently.
        OSError: the name is not known.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if not addresses or not all(is_allowed(address) for address in addresses):
        raise AddressRefused(host)
    return addresses


def may_be_public(host: str) -> bool:
    """Tell whether `host` of a new URL can lead to an allowed address, as far as that is known without a look-up.

    A number in any form (`2130706433`, `0x7f.1`, `0177.0.0.1`) is an address or nothing.
    """
    try:
        return is_allowed(host)
    except ValueError:
        return "." in host and not _LAST_IS_NUMBER.search(host) and not _LOCAL_NAMES.search(host)
