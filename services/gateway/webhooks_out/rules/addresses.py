"""Where a webhook may go: no address that could be a neighbour of ours, whatever name leads to it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from shared.errors import Invalid

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

DENIED: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's own services"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("::/96", "IPv4-compatible"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("100::/64", "discard-only"),
        ("2001::/32", "Teredo"),
        ("2001:10::/28", "ORCHID"),
        ("2001:20::/28", "ORCHID"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("::/3", "not global unicast"),
        ("4000::/2", "not global unicast"),
        ("8000::/1", "not global unicast"),
    )
)
"""Explicit, because `ipaddress.is_global` lets NAT64, multicast and others through. Named before general."""

REFUSED = "webhook-url-refused"
LONGEST_URL = 2000
LOW_PORTS = frozenset({80, 443})
FIRST_FREE_PORT = 1024


def denial(address: Address, allowed: Sequence[Network]) -> str | None:
    """Why this address may not be reached; None when it may. `allowed` networks are open although the table denies them."""
    if any(address in network for network in allowed):
        return None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return "link-local"
    return next((kind for network, kind in DENIED if address in network), None)


def check_url(url: str, allowed: Sequence[Network]) -> None:
    """Raises `Invalid` (webhook-url-refused). What a name leads to is not asked here: that is vetted at every connection."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _refused(f"must be printable ASCII without blanks, at most {LONGEST_URL} characters (write names in punycode)")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refused("has a malformed host or port") from None
    if parts.scheme not in ("http", "https"):
        raise _refused("must begin with https:// or http://")
    if not host:
        raise _refused("names no host")
    if "@" in parts.netloc:
        raise _refused("must not hold a user name or password; the signature proves who is sending")
    if parts.fragment:
        raise _refused("must not hold a fragment")
    if port is not None and port < FIRST_FREE_PORT and port not in LOW_PORTS:
        raise _refused("must use port 80, 443 or one above 1023")
    _check_host(host, allowed)


def _check_host(host: str, allowed: Sequence[Network]) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        if _is_numeric(host.rstrip(".").rpartition(".")[2]):
            raise _refused("has a host that is neither a name nor a well-formed address") from None
        return
    kind = denial(address, allowed)
    if kind is not None:
        raise _refused(f"leads to an address that is not allowed ({kind})")


def _is_numeric(label: str) -> bool:
    """Whether some resolvers read a host that ends in this as an address: `127.1`, `0x7f000001`, `2130706433`."""
    return label.isdigit() or (label.startswith("0x") and all(c in "0123456789abcdef" for c in label[2:]))


def _refused(reason: str) -> Invalid:
    return Invalid(REFUSED, f"The webhook's url {reason}.")
