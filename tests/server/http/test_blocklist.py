"""Blocked networks: which addresses a block applies to, and for how long."""

import ipaddress

import pytest

from server.http import blocklist as module
from server.http.blocklist import Block, Blocklist, BlocklistFull, parse_network


def block(network: str, until: float = 100.0) -> Block:
    return Block(parse_network(network), until, "spam")


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
        ("203.0.113.7", "::ffff:203.0.113.7", "::ffff:203.0.113.8"),
        ("2001:db8:1:2::9", "2001:db8:1:2:ffff::1", "2001:db8:1:3::9"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
        ("0.0.0.0/0", "198.51.100.1", "2001:db8::1"),
    ],
)
def test_addresses_of_a_block(network: str, inside: str, outside: str) -> None:
    blocks = Blocklist()
    blocks.add(block(network), 0.0)
    found = blocks.find(inside, 0.0)
    assert found is not None and found.reason == "spam"
    assert blocks.find(outside, 0.0) is None


def test_a_block_ends_at_its_time() -> None:
    blocks = Blocklist()
    blocks.add(block("203.0.113.7", until=10.0), 0.0)
    assert blocks.find("203.0.113.7", 9.9) and not blocks.find("203.0.113.7", 10.0)
    assert blocks.blocks(9.9) and not blocks.blocks(10.0)


def test_a_larger_block_applies_after_a_smaller_one_has_ended() -> None:
    blocks = Blocklist()
    blocks.add(block("203.0.113.7", until=10.0), 0.0)
    blocks.add(block("203.0.113.0/24", until=20.0), 0.0)
    found = blocks.find("203.0.113.7", 15.0)
    assert found is not None and found.network == ipaddress.ip_network("203.0.113.0/24")


def test_the_same_network_again_replaces_its_block() -> None:
    blocks = Blocklist()
    blocks.add(block("203.0.113.7", until=10.0), 0.0)
    blocks.add(block("203.0.113.7", until=30.0), 0.0)
    assert [found.until for found in blocks.blocks(0.0)] == [30.0]
    assert blocks.remove(parse_network("203.0.113.7"))
    assert not blocks.remove(parse_network("203.0.113.7"))
    assert blocks.find("203.0.113.7", 0.0) is None


def test_the_number_of_blocks_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expired blocks give up their places; a known network can always be blocked for longer."""
    monkeypatch.setattr(module, "MAX_BLOCKS", 2)
    blocks = Blocklist()
    blocks.add(block("203.0.113.1", until=10.0), 0.0)
    blocks.add(block("203.0.113.2", until=20.0), 0.0)
    with pytest.raises(BlocklistFull):
        blocks.add(block("203.0.113.3"), 5.0)
    blocks.add(block("203.0.113.2", until=30.0), 5.0)
    blocks.add(block("203.0.113.3", until=40.0), 10.0)
    assert [found.until for found in blocks.blocks(10.0)] == [40.0, 30.0]


@pytest.mark.parametrize("text", ["", "x", "203.0.113", "203.0.113.0/33", "1.2.3.4/-1", "::/129"])
def test_texts_that_are_no_network(text: str) -> None:
    with pytest.raises(ValueError):
        parse_network(text)


@pytest.mark.parametrize("address", ["", "unknown", "unix:"])
def test_a_client_without_an_address_is_not_blocked(address: str) -> None:
    blocks = Blocklist()
    blocks.add(block("0.0.0.0/0"), 0.0)
    assert blocks.find(address, 0.0) is None
