"""STUN messages, against aioice's."""

import pytest
from aioice import stun as aioice
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc import stun

KEY = b"a-password-0123456789abc"
TRANSACTION = bytes(range(12))


def theirs(**attributes: object) -> aioice.Message:
    return aioice.Message(
        aioice.Method.BINDING, aioice.Class.REQUEST, TRANSACTION, dict(attributes)
    )


def test_aioice_reads_a_request() -> None:
    data = stun.sign(stun.request(TRANSACTION, b"them:us", 7, 1 << 63 | 5), KEY)
    message = aioice.parse_message(data)
    assert message.check_message_integrity(KEY) and not message.check_message_integrity(b"other")
    assert (message.message_class, message.transaction_id) == (aioice.Class.REQUEST, TRANSACTION)
    assert message.attributes["USERNAME"] == "them:us"
    assert message.attributes["PRIORITY"] == 7
    assert message.attributes["ICE-CONTROLLED"] == 1 << 63 | 5


@pytest.mark.parametrize(
    "address", [("192.0.2.9", 50_000), ("2001:db8::1:2", 1), ("0.0.0.0", 65_535)]
)
def test_aioice_reads_a_response(address: tuple[str, int]) -> None:
    data = stun.sign(stun.response(TRANSACTION, *address), KEY)
    message = aioice.parse_message(data)
    assert message.check_message_integrity(KEY)
    assert (message.message_class, message.transaction_id) == (aioice.Class.RESPONSE, TRANSACTION)
    assert message.attributes["XOR-MAPPED-ADDRESS"] == address


@pytest.mark.parametrize("nominated", [True, False])
def test_a_request_of_aioice(nominated: bool) -> None:
    request = theirs(PRIORITY=1, USERNAME="us:th", **{"ICE-CONTROLLING": 3})
    if nominated:
        request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(KEY)
    data = bytes(request)
    message = stun.parse(data)
    assert (message.kind, message.transaction, message.username, message.nominated) == (
        stun.REQUEST,
        TRANSACTION,
        b"us:th",
        nominated,
    )
    assert stun.authentic(data, message, KEY) and not stun.authentic(data, message, b"other")


def test_a_message_without_a_signature_is_not_authentic() -> None:
    data = bytes(theirs(USERNAME="us:them"))
    assert not stun.authentic(data, stun.parse(data), KEY)


def test_attributes_behind_the_signature_are_ignored() -> None:
    """The signature does not cover them (RFC 8489 §14.5)."""
    signed = bytearray(stun.sign(stun.request(TRANSACTION, b"us:them", 7, 5), KEY)[:-8])
    data = bytes(signed) + b"\0\x25\0\0" + b"\0\6\0\4evil"
    data = data[:2] + (len(data) - 20).to_bytes(2, "big") + data[4:]
    message = stun.parse(data)
    assert (message.nominated, message.username) == (False, b"us:them")
    assert stun.authentic(data, message, KEY)


def test_a_wrong_fingerprint_is_refused() -> None:
    data = bytearray(stun.sign(stun.request(TRANSACTION, b"us:them", 7, 5), KEY))
    data[-1] ^= 1
    with pytest.raises(ValueError, match="fingerprint"):
        stun.parse(bytes(data))


@given(st.binary(max_size=80))
def test_garbage_raises_value_error_only(tail: bytes) -> None:
    header = b"\0\1" + len(tail).to_bytes(2, "big") + stun.COOKIE + TRANSACTION
    for data in (tail, header + tail):
        try:
            assert not stun.authentic(data, stun.parse(data), KEY)
        except ValueError:
            pass


@given(st.data())
def test_a_damaged_message_is_not_authentic(data: st.DataObject) -> None:
    whole = bytearray(stun.sign(stun.request(TRANSACTION, b"us:them", 7, 5), KEY))
    if data.draw(st.booleans()):
        whole[data.draw(st.integers(0, len(whole) - 9))] ^= data.draw(st.integers(1, 255))
    else:
        del whole[data.draw(st.integers(0, len(whole) - 9)) :]
    try:
        assert not stun.authentic(bytes(whole), stun.parse(bytes(whole)), KEY)
    except ValueError:
        pass
