"""Signs pushes, so that push services know which server sends them (VAPID, RFC 8292). Pure."""

import json
from collections import OrderedDict

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from server.push.encryption import CURVE, point_of
from server.push.subscription import encode

SIGNED_FOR = 23 * 3_600
"""Seconds for which a token is valid. The maximum is 24 h (RFC 8292 §2); an hour is left for clocks
that differ.
"""
KEPT_FOR = 12 * 3_600
"""Seconds for which a token is used again. A signature for each push would take too long."""
MAX_ORIGINS = 1_000
"""Maximum number of push services whose tokens are kept."""


class Vapid:
    """The key of this installation, with the tokens for push services."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, contact: str = "") -> None:
        """`contact`: URL of the operator, `mailto:` or `https:`; may be empty."""
        self._key = key
        self._contact = contact
        self.public_key = encode(point_of(key.public_key()))
        """The key that browsers need to subscribe, in base64url."""
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()
        """The time at which a token was signed, and the header with the token, by origin."""

    def authorization(self, origin: str, now: float) -> str:
        """Returns the header Authorization of a push. `now`: Unix seconds."""
        signed_at, header = self._kept.get(origin, (float("-inf"), ""))
        # A clock that was set back must not extend the use of a token.
        if not 0 <= now - signed_at < KEPT_FOR:
            header = f"vapid t={self._token(origin, now)}, k={self.public_key}"
            self._kept[origin] = (now, header)
        self._kept.move_to_end(origin)
        while len(self._kept) > MAX_ORIGINS:
            self._kept.popitem(last=False)
        return header

    def _token(self, origin: str, now: float) -> str:
        """Returns a JWT, signed with ES256 (RFC 7518 §3.4)."""
        claims = {"aud": origin, "exp": int(now) + SIGNED_FOR}
        if self._contact:
            claims["sub"] = self._contact
        parts = {"typ": "JWT", "alg": "ES256"}, claims
        texts = (json.dumps(part, separators=(",", ":")) for part in parts)
        signed = ".".join(encode(text.encode()) for text in texts)
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def key_from(number: bytes) -> ec.EllipticCurvePrivateKey:
    """Returns the private key that `bytes_of` has written."""
    return ec.derive_private_key(int.from_bytes(number, "big"), CURVE)


def bytes_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Returns a private key as its 32 bytes."""
    return key.private_numbers().private_value.to_bytes(32, "big")


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(CURVE)
