"""Which addresses the server connects to for pushes."""

import pytest

from server.push.public_addresses import NotPublicError, PublicAddresses, SystemResolver, is_public
from tests.fixtures.push_service import Names


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1"),
        *("::127.0.0.1", "fec0::1", "64:ff9b:1::a00:1", "240.0.0.1"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


async def test_only_public_addresses_of_a_name_are_used() -> None:
    names = Names(both_example="127.0.0.1 93.184.216.34", inside_example="10.0.0.1 ::1")
    resolver = PublicAddresses(names)
    assert [each["host"] for each in await resolver.resolve("both.example", 443)] == [
        "93.184.216.34"
    ]
    with pytest.raises(NotPublicError):
        await resolver.resolve("inside.example", 443)
    with pytest.raises(OSError, match="not known"):
        await resolver.resolve("none.example", 443)
    await resolver.close()


async def test_the_resolver_of_the_system() -> None:
    resolver = SystemResolver()
    assert "127.0.0.1" in [each["host"] for each in await resolver.resolve("localhost", 443)]
    with pytest.raises(NotPublicError):
        await PublicAddresses(resolver).resolve("localhost", 443)
    await resolver.close()
