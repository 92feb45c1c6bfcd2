"""The hashes of networks."""

import pytest

from server.rooms.networks import Networks
from server.social.network_hash import MAX_AGE, Salt, network_hash
from tests.fixtures.social import Clock


def test_an_address_is_hashed_once_for_each_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    hashed: list[str] = []

    def counted(address: str, salt: Salt) -> str:
        hashed.append(address)
        return network_hash(address, salt)

    monkeypatch.setattr("server.rooms.networks.network_hash", counted)
    made = Networks(lambda: clock.now)
    first = made.hash("192.0.2.1")
    assert first and made.hash("192.0.2.1") == first and made.hash("192.0.2.2") != first
    assert hashed == ["192.0.2.1", "192.0.2.2"]
    clock.now += MAX_AGE
    second = made.hash("192.0.2.1")
    assert second != first and made.hash("192.0.2.1") == second
    assert made.hash("") == ""
    assert hashed == ["192.0.2.1", "192.0.2.2", "192.0.2.1"]
