"""The join of an edge, and other control messages."""

import pytest

from relay.edge import control
from relay.edge.feed import Header, Kind, pack
from relay.edge.join import JoinRefused, JoinRequest, Snapshot, refusal
from relay.edge.leases import Counts
from relay.errors import MessageError

REQUEST_1 = b'{"v":1,"edge":"b-k2","room":"r1","epoch":4,"counts":[3,2],"channel":"9c","event":17}'
MESSAGE = pack(Header(0, Kind.CLEAR, 0, 0, 4, 99))
HEAD_1 = (
    b'{"v":1,"epoch":4,"sequence":99,"stream":"f3","channel":"9c","event":17,'
    b'"now":1700000000000000}'
)
SNAPSHOT_1 = len(HEAD_1).to_bytes(4, "big") + HEAD_1 + len(MESSAGE).to_bytes(4, "big") + MESSAGE
"""A request and a snapshot of version 1 as they are on the wire. Do not change them."""
REQUEST = JoinRequest("b-k2", "r1", 4, Counts(3, 2), "9c", 17)
SNAPSHOT = Snapshot(4, 99, "f3", "9c", 17, 1_700_000_000_000_000, [MESSAGE])


def test_version_1() -> None:
    assert REQUEST.pack() == REQUEST_1
    assert JoinRequest.read(REQUEST_1) == REQUEST
    assert SNAPSHOT.pack() == SNAPSHOT_1
    assert Snapshot.read(SNAPSHOT_1) == SNAPSHOT
    assert [header.kind for header, _ in SNAPSHOT] == [Kind.CLEAR]


def test_truncated_snapshots() -> None:
    whole = 4 + len(HEAD_1)
    for size in range(len(SNAPSHOT_1)):
        if size != whole:
            with pytest.raises(MessageError):
                Snapshot.read(SNAPSHOT_1[:size])
    assert Snapshot.read(SNAPSHOT_1[:whole]).messages == []


def test_truncated_requests() -> None:
    for size in range(len(REQUEST_1)):
        with pytest.raises(MessageError):
            JoinRequest.read(REQUEST_1[:size])


def test_refusal() -> None:
    with pytest.raises(JoinRefused, match="not_here"):
        Snapshot.read(refusal("not_here"))


def test_another_version() -> None:
    with pytest.raises(control.UnknownVersion):
        JoinRequest.read(REQUEST_1.replace(b'"v":1', b'"v":3'))


@pytest.mark.parametrize(
    "data", [b"[]", b"{", b"null", b"\xff", b" " * (control.MAX_BYTES + 1), b"[" * 100_000]
)
def test_malformed_control_messages(data: bytes) -> None:
    with pytest.raises(MessageError):
        control.read(data)


@pytest.mark.parametrize("value", ["x", -1, 1 << 63, True, 1.5, None])
def test_malformed_numbers(value: object) -> None:
    with pytest.raises(MessageError):
        control.number({"n": value}, "n")


@pytest.mark.parametrize("value", [1, None, "x" * 201, ["x"]])
def test_malformed_texts(value: object) -> None:
    with pytest.raises(MessageError):
        control.text({"n": value}, "n")
