"""The keys under which an address and its network are counted."""

import pytest

from relay.client_address import ClientAddress, keys_of


@pytest.mark.parametrize(
    ("address", "key", "network"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8::1", "2001:db8::/64", "2001:db8::/48"),
        ("2001:db8:0:0:ffff::1", "2001:db8::/64", "2001:db8::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("::1", "::/64", "::/48"),
        ("unknown", "unknown", "unknown"),
        ("", "", ""),
    ],
)
def test_the_keys_of_an_address(address: str, key: str, network: str) -> None:
    assert keys_of(address) == ClientAddress(key, network)
