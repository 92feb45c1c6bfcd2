"""Encrypts a push for one browser: RFC 8291 and, for the coding `aes128gcm`, RFC 8188. Pure.

The library pywebpush does the same, but it also brings `requests` and its five dependencies into
the server, and its senders follow redirects.
"""

import hmac
import struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.push.subscription import Subscription

CURVE = ec.SECP256R1()
RECORD_SIZE = 4_096
"""Size of a record, bytes. A push has one record (RFC 8291 §4)."""
SALT_BYTES = 16
MAX_MESSAGE = 3_993
"""Maximum size of a message, bytes: push services must take encrypted pushes of 4,096 bytes (RFC
8030 §7.2).
"""


def encrypt(
    message: bytes, to: Subscription, sender: ec.EllipticCurvePrivateKey, salt: bytes
) -> bytes:
    """Returns the body of the request. `sender` and `salt` (SALT_BYTES) must be new and random for
    each message. Raises ValueError if the message is too long or the subscription has invalid keys.
    """
    if len(message) > MAX_MESSAGE:
        raise ValueError(f"a push has at most {MAX_MESSAGE} bytes")
    own, theirs = point_of(sender.public_key()), to.point
    shared = sender.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
    secret = _hkdf(to.secret, shared, b"WebPush: info\0" + theirs + own, 32)
    key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
    header = salt + struct.pack("!LB", RECORD_SIZE, len(own)) + own
    return header + AESGCM(key).encrypt(nonce, message + b"\2", None)  # 2: the last record


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """Returns the public key as an uncompressed point."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hkdf(salt: bytes, secret: bytes, info: bytes, size: int) -> bytes:
    """Returns the first `size` bytes, 32 at most, of HKDF with SHA-256 (RFC 5869)."""
    extracted = hmac.digest(salt, secret, "sha256")
    return hmac.digest(extracted, info + b"\1", "sha256")[:size]
