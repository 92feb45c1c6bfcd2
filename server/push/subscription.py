"""A browser's subscription (Push API §8): where a push goes, and the keys to encrypt it. Pure."""

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

MAX_ENDPOINT = 1_024
"""Maximum length of an endpoint, characters. Endpoints of the known push services have up to 500.
"""
POINT_BYTES, AUTH_BYTES = 65, 16
"""Sizes of the two keys (RFC 8291 §2.1, §3.2)."""

ENDPOINT = re.compile(
    r"(https://((?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+[a-z][a-z0-9-]{0,62}))(?::443)?/[!-\"$-\[\]-~]+",
    re.IGNORECASE,
)
"""An endpoint: HTTPS, a name with a dot, port 443. Addresses are not allowed, so that every
connection needs the resolver, which checks the addresses. The last label of a name begins with a
letter: browsers and libraries read names such as 0x7f.1 as IPv4 addresses (WHATWG URL §3.5).
"""


class SubscriptionError(Exception):
    """The subscription cannot be used. The text says why."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where one browser gets pushes. The keys are in base64url, as the browser sends them."""

    endpoint: str
    p256dh: str
    auth: str

    @property
    def origin(self) -> str:
        """The origin of the push service, in lower case; empty if `check` refuses the endpoint."""
        found = ENDPOINT.fullmatch(self.endpoint)
        return found[1].lower() if found else ""

    @property
    def point(self) -> bytes:
        """The public key of the browser, as an uncompressed point."""
        return _decode(self.p256dh, POINT_BYTES)

    @property
    def secret(self) -> bytes:
        """The authentication secret."""
        return _decode(self.auth, AUTH_BYTES)

    def check(self) -> None:
        """Raises SubscriptionError if a push can never reach the browser."""
        if len(self.endpoint) > MAX_ENDPOINT or not self.origin:
            raise SubscriptionError(
                "the endpoint must be an https URL with a public host name and port 443, "
                f"at most {MAX_ENDPOINT:,} characters long"
            )
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.point)
        except ValueError as error:
            raise SubscriptionError(
                "p256dh must be an uncompressed point of P-256 in base64url"
            ) from error
        try:
            _decode(self.auth, AUTH_BYTES)
        except ValueError as error:
            raise SubscriptionError("auth must be 16 bytes in base64url") from error


def encode(data: bytes) -> str:
    """Returns base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str, size: int) -> bytes:
    """Raises ValueError if `text` is not base64url of `size` bytes."""
    text = text.rstrip("=")
    if len(text) != -(-size * 4 // 3) or not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError(f"not base64url of {size} bytes")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
