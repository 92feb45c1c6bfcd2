"""The record of a room's owner."""

import pytest

from server.cluster.owner import Owner, read_owner, write_owner
from server.rooms.hand_over import HandOver


def test_a_record_is_read_as_it_was_written() -> None:
    owner = Owner("one-abcdefgh", 3, "live", HandOver(4_000_000, "s", "c", 7, 2))
    assert read_owner(write_owner(owner)) == owner
    assert owner.name == "one"


def test_a_record_of_version_1_is_understood() -> None:
    record = (
        b'{"v":1,"node":"one-abcdefgh","epoch":2,"state":"away","room":{"media_time":5000,'
        b'"stream":"s","channel":"c","event":9,"epoch":1}}'
    )
    assert read_owner(record) == Owner("one-abcdefgh", 2, "away", HandOver(5_000, "s", "c", 9, 1))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"v":2}', b'{"v":1,"node":"a-b"}', b"[" * 4_000]
)
def test_other_data_is_no_owner(data: bytes) -> None:
    assert read_owner(data) is None
