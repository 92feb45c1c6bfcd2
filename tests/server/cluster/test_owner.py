"""The record of a room's owner."""

import pytest

from server.cluster.owner import Owner, read_owner, write_owner


def test_a_record_is_read_as_it_was_written() -> None:
    owner = Owner("one-abcdefgh", 3, "0123456789abcdef", 4_000_000, "live")
    assert read_owner(write_owner(owner)) == owner
    assert owner.name == "one"


def test_a_record_of_version_1_is_understood() -> None:
    record = (
        b'{"v":1,"node":"one-abcdefgh","epoch":2,"stream":"s","media_time":5000,"state":"away"}'
    )
    assert read_owner(record) == Owner("one-abcdefgh", 2, "s", 5_000, "away")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"v":2}', b'{"v":1,"node":"a-b"}'])
def test_other_data_is_no_owner(data: bytes) -> None:
    assert read_owner(data) is None
