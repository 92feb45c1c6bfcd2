"""This machine's addresses, and which of them receive media."""

import ipaddress
from typing import Any

import pytest

from server.host.addresses import LocalAddress, _is_reachable, local_addresses, media_hosts
from server.settings import Settings

PRIVATE, SHARED, PUBLIC, GLOBAL = "192.168.1.5", "100.64.0.1", "8.8.8.8", "2606:4700::1111"


def address(text: str, prefix: int) -> LocalAddress:
    return LocalAddress(text, ipaddress.ip_network(f"{text}/{prefix}", strict=False))


ALL = [address(PRIVATE, 24), address(SHARED, 32), address(PUBLIC, 24), address(GLOBAL, 64)]


def test_addresses_are_reachable_for_other_machines() -> None:
    found = local_addresses()
    texts = [one.text for one in found]
    assert len(set(texts)) == len(texts)
    for one in found:
        ip = ipaddress.ip_address(one.text)
        assert not (ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified)
        assert ip in one.network
    versions = [ipaddress.ip_address(text).version for text in texts]
    assert versions == sorted(versions)


@pytest.mark.parametrize(
    ("text", "reachable"),
    [
        (PRIVATE, True),
        ("10.0.0.1", True),
        (SHARED, True),  # shared address space, used by overlay networks
        (PUBLIC, True),
        ("127.0.0.1", False),
        ("169.254.1.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        (GLOBAL, True),
    ],
)
def test_reachable(text: str, reachable: bool) -> None:
    assert _is_reachable(text) is reachable


def test_only_private_ipv4_addresses_are_private() -> None:
    """A global address is not "the same Wi-Fi", even if a phone there could use it."""
    assert [one.text for one in ALL if one.is_private] == [PRIVATE]
    assert [one.text for one in ALL if one.is_global] == [PUBLIC, GLOBAL]


EVERY = [one.text for one in ALL]


@pytest.mark.parametrize(
    ("values", "hosts"),
    [
        ({}, ["127.0.0.1"]),
        ({"host": "localhost"}, ["127.0.0.1"]),
        ({"host": "::1"}, ["127.0.0.1"]),
        ({"lan": True}, ["127.0.0.1", PRIVATE]),
        ({"host": "0.0.0.0"}, [*EVERY, "127.0.0.1"]),
        ({"host": "live.example"}, [*EVERY, "127.0.0.1"]),
        ({"host": PUBLIC}, [PUBLIC]),
        ({"host": PUBLIC, "lan": True}, [PUBLIC, PRIVATE]),
        ({"public_url": "https://a.example"}, [PUBLIC, GLOBAL]),
        ({"public_url": "https://a.example", "host": "0.0.0.0"}, [PUBLIC, GLOBAL]),
        ({"public_url": "https://a.example", "lan": True}, [PUBLIC, GLOBAL, PRIVATE]),
        ({"announce": "203.0.113.7"}, [*EVERY, "127.0.0.1"]),
        ({"udp_hosts": "192.0.2.1", "host": "0.0.0.0", "lan": True}, ["192.0.2.1"]),
    ],
)
def test_media_reaches_as_far_as_the_page(values: dict[str, Any], hosts: list[str]) -> None:
    assert media_hosts(Settings(**values), ALL) == hosts


def test_a_public_server_without_public_addresses() -> None:
    """It is in a private network, or behind NAT while --announce is not set."""
    public = Settings(public_url="https://a.example")
    assert media_hosts(public, ALL[:2]) == [PRIVATE, SHARED]
    assert media_hosts(public, []) == ["127.0.0.1"]
