"""Hashes of networks (/32 and /64), which are useless without the salt of the live."""

import pytest

from server.social.network_hash import HASH_CHARACTERS, MAX_AGE, Salt, network_hash

SALT = Salt(bytes(range(16)), 1_000.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_networks(one: str, other: str, same: bool) -> None:
    hashes = network_hash(one, SALT), network_hash(other, SALT)
    assert len(hashes[0]) == HASH_CHARACTERS
    assert (hashes[0] == hashes[1]) is same


def test_another_salt_gives_another_hash() -> None:
    other = Salt(bytes(16), 1_000.0)
    assert network_hash("192.0.2.1", SALT) != network_hash("192.0.2.1", other)


@pytest.mark.parametrize("address", ["", "unknown", "/run/socket", "1.2.3"])
def test_what_is_no_address_has_no_hash(address: str) -> None:
    assert network_hash(address, SALT) == ""


def test_a_salt_lasts_a_day() -> None:
    assert SALT.is_valid(1_000.0) and SALT.is_valid(1_000.0 + MAX_AGE - 1)
    assert not SALT.is_valid(1_000.0 + MAX_AGE)
    assert not SALT.is_valid(999.0)
    assert not Salt(b"short", 1_000.0).is_valid(1_000.0)
    assert SALT.ends_at == 1_000.0 + MAX_AGE
