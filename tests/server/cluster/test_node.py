"""The record of a node."""

import json

import pytest

from server.cluster.node import Node, read_node, write_node


def test_a_record_is_read_as_it_was_written() -> None:
    node = Node("a-b-12345678", "https://a.example", 0.5, 1_000, True)
    assert read_node(write_node(node)) == node
    assert node.name == "a-b"


def test_a_record_of_version_1_is_understood() -> None:
    """As the first version wrote it."""
    record = (
        b'{"id":"one-abcdefgh","url":null,"load":0.25,"capacity":500,"draining":false,"version":1,'
        b'"understands":[1]}'
    )
    assert read_node(record) == Node("one-abcdefgh", None, 0.25, 500)


def test_a_later_version_that_understands_this_one_is_accepted() -> None:
    record = {"id": "one-abcdefgh", "version": 2, "understands": [1, 2], "region": "eu"}
    found = read_node(json.dumps(record).encode())
    assert found and found.speaks_ours


def test_a_version_that_does_not_understand_this_one_is_recognised() -> None:
    found = read_node(b'{"id":"one-abcdefgh","version":3,"understands":[3]}')
    assert found and not found.speaks_ours


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b'{"id":"a-1"}', b'{"id":"one","version":1,"understands":[1]}']
    + [
        b'{"id":"a-1","version":"x","understands":[1]}',
        b'{"id":"a-1","version":1,"understands":1}',
        b"[" * 4_000,
    ],
)
def test_other_data_is_no_node(data: bytes) -> None:
    assert read_node(data) is None
