"""The part of CBOR that authenticators may send."""

import cbor2
import pytest

from server.people.ctap import (
    MAX_DEPTH,
    MAX_ITEMS,
    CtapError,
    require_authenticator_data,
    require_cbor,
)


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [0, 23, 24, 255, 65_536, 2**40, -1, -500, b"", b"x" * 300, "다크걸", [], {}, True, None, 1.5]
    + [{"fmt": "none", "attStmt": {"x5c": [b"x"]}, "authData": b"y"}, nested(MAX_DEPTH)],
)
def test_plain_values_pass(value: object) -> None:
    data = cbor2.dumps(value)
    require_cbor(data)
    for end in range(len(data)):
        with pytest.raises(CtapError):
            require_cbor(data[:end])
    with pytest.raises(CtapError):
        require_cbor(data + b"\0")


@pytest.mark.parametrize(
    "data",
    [
        b"\x5f\x41x\xff",  # indefinite length
        b"\x9f\xff",
        b"\x1c",  # reserved length
        b"\xc2\x41x",  # tag: bignum
        b"\xd8\x1d\x00",  # tag: shared reference
        b"\xdb" + bytes(8) + b"\x00",
        b"\x9b" + b"\xff" * 8,  # 2**64 - 1 values
        b"\xbb" + b"\xff" * 8,
        b"\x5b" + b"\xff" * 8,
        cbor2.dumps(nested(MAX_DEPTH + 1)),
        cbor2.dumps([0] * MAX_ITEMS),
    ],
    ids=bytes.hex,
)
def test_everything_else_is_refused(data: bytes) -> None:
    with pytest.raises(CtapError):
        require_cbor(data)


def test_authenticator_data() -> None:
    plain = bytes(32) + b"\x05" + bytes(4)
    require_authenticator_data(plain)
    key, extensions = cbor2.dumps({1: 2}), cbor2.dumps({"hmac-secret": True})
    credential = bytes(16) + b"\x00\x03abc" + key
    made = bytes(32) + b"\xc5" + bytes(4) + credential + extensions
    require_authenticator_data(made)
    for data in [made[:end] for end in range(len(made))] + [made + b"\0", plain + b"\0"]:
        with pytest.raises(CtapError):
            require_authenticator_data(data)
