"""STUN binding requests and responses (RFC 8489, RFC 8445 §7.1). Pure.

Every WebRTC session exchanges a few messages per second. To save time, this module reads only the
attributes that ICE needs and creates no objects for other attributes.
"""

import hmac
import ipaddress
from binascii import crc32
from struct import Struct
from typing import Final

HEADER_SIZE: Final = 20
COOKIE: Final = b"\x21\x12\xa4\x42"
REQUEST: Final = 0x0001
RESPONSE: Final = 0x0101
"""Message types of a binding request and of its success response."""

_USERNAME: Final = 0x0006
_INTEGRITY: Final = 0x0008
_MAPPED: Final = 0x0020
_PRIORITY: Final = 0x0024
_USE_CANDIDATE: Final = 0x0025
_FINGERPRINT: Final = 0x8028
_CONTROLLED: Final = 0x8029
_INTEGRITY_SIZE: Final = 24
_FINGERPRINT_SIZE: Final = 8
"""Size of the FINGERPRINT attribute with its header, bytes."""
_FINGERPRINT_MASK: Final = 0x5354554E
_ATTRIBUTE = Struct("!HH")


class StunMessage:
    """The fields of a STUN message that ICE needs."""

    __slots__ = ("kind", "nominated", "signed", "transaction", "username")

    def __init__(
        self, kind: int, transaction: bytes, username: bytes, nominated: bool, signed: int
    ) -> None:
        self.kind = kind
        """Message type, 14 bits: REQUEST, RESPONSE or another type."""
        self.transaction = transaction
        self.username = username
        self.nominated = nominated
        """Whether the message contains USE-CANDIDATE."""
        self.signed = signed
        """Number of bytes before MESSAGE-INTEGRITY; 0 if the message has no MESSAGE-INTEGRITY."""


def parse(data: bytes) -> StunMessage:
    """Parses a message. Raises ValueError if the datagram is not STUN or is damaged."""
    size = len(data)
    if size < HEADER_SIZE or data[0] > 63 or size & 3 or data[4:8] != COOKIE:
        raise ValueError("not STUN")
    if (data[2] << 8 | data[3]) != size - HEADER_SIZE:
        raise ValueError("a STUN message with a wrong length field")
    at, username, nominated, signed = HEADER_SIZE, b"", False, 0
    while at < size:
        attribute = data[at] << 8 | data[at + 1]
        length = data[at + 2] << 8 | data[at + 3]
        value = at + 4
        if value + length > size:
            raise ValueError("a truncated STUN attribute")
        if attribute == _FINGERPRINT:
            if data[value : value + length] != _fingerprint(data[:at]):
                raise ValueError("a STUN message with a wrong fingerprint")
        elif signed:
            pass  # RFC 8489 §14.5: attributes after MESSAGE-INTEGRITY are ignored
        elif attribute == _INTEGRITY:
            if length != _INTEGRITY_SIZE - 4:
                raise ValueError("a STUN message with a malformed MESSAGE-INTEGRITY")
            signed = at
        elif attribute == _USERNAME:
            username = data[value : value + length]
        elif attribute == _USE_CANDIDATE:
            nominated = True
        at = value + length + (-length & 3)
    return StunMessage(data[0] << 8 | data[1], data[8:20], username, nominated, signed)


def authentic(data: bytes, message: StunMessage, key: bytes) -> bool:
    """Whether `data`, parsed as `message`, was signed with `key`."""
    signed = message.signed
    if not signed:
        return False
    proof = data[signed + 4 : signed + _INTEGRITY_SIZE]
    return hmac.compare_digest(_integrity(data[:signed], key), proof)


def request(transaction: bytes, username: bytes, priority: int, tie_breaker: int) -> bytes:
    """Returns a connectivity check of a controlled agent, without its signature."""
    attributes = (
        _attribute(_USERNAME, username)
        + _attribute(_PRIORITY, priority.to_bytes(4, "big"))
        + _attribute(_CONTROLLED, tie_breaker.to_bytes(8, "big"))
    )
    return b"\0\x01\0\0" + COOKIE + transaction + attributes


def response(transaction: bytes, host: str, port: int) -> bytes:
    """Returns the answer to a connectivity check that came from `host` and `port`, without its
    signature.
    """
    address = ipaddress.ip_address(host)
    packed = port.to_bytes(2, "big") + address.packed
    # RFC 8489 §14.2: the port is masked with the cookie, and the address with the cookie and the
    # transaction ID.
    mask = COOKIE[:2] + (COOKIE + transaction)[: len(address.packed)]
    masked = (int.from_bytes(packed, "big") ^ int.from_bytes(mask, "big")).to_bytes(
        len(packed), "big"
    )
    family = b"\0\x01" if address.version == 4 else b"\0\x02"
    return b"\x01\x01\0\0" + COOKIE + transaction + _attribute(_MAPPED, family + masked)


def sign(message: bytes, key: bytes) -> bytes:
    """Returns a message with MESSAGE-INTEGRITY and FINGERPRINT."""
    message += _ATTRIBUTE.pack(_INTEGRITY, _INTEGRITY_SIZE - 4) + _integrity(message, key)
    message = _with_length(message, len(message) + _FINGERPRINT_SIZE)
    return message + _ATTRIBUTE.pack(_FINGERPRINT, _FINGERPRINT_SIZE - 4) + _fingerprint(message)


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) & 3)


def _with_length(message: bytes, size: int) -> bytes:
    """Returns the message with its length field set for a total size of `size` bytes."""
    return message[:2] + (size - HEADER_SIZE).to_bytes(2, "big") + message[4:]


def _integrity(before: bytes, key: bytes) -> bytes:
    """Returns the value of MESSAGE-INTEGRITY. `before`: the message before this attribute."""
    return hmac.digest(key, _with_length(before, len(before) + _INTEGRITY_SIZE), "sha1")


def _fingerprint(before: bytes) -> bytes:
    """Returns the value of FINGERPRINT. `before`: the message before this attribute."""
    covered = _with_length(before, len(before) + _FINGERPRINT_SIZE)
    return (crc32(covered) ^ _FINGERPRINT_MASK).to_bytes(4, "big")
