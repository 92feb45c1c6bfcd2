"""The tokens with which a server signs its pushes."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from server.push import vapid as module
from server.push.vapid import KEPT_FOR, Vapid, new_key

NOW = 1_800_000_000.0


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(header: str, vapid: Vapid) -> dict[str, Any]:
    """Checks the signature with the public key in the header (RFC 8292 §3)."""
    token, key = header.removeprefix("vapid t=").split(", k=")
    assert key == vapid.public_key
    head, claims, signature = token.split(".")
    assert json.loads(decoded(head)) == {"typ": "JWT", "alg": "ES256"}
    raw = decoded(signature)
    assert len(raw) == 64
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(key))
    numbers = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    signed = f"{head}.{claims}".encode()
    public.verify(encode_dss_signature(*numbers), signed, ec.ECDSA(hashes.SHA256()))
    found: dict[str, Any] = json.loads(decoded(claims))
    return found


def test_a_token_is_for_one_origin_and_at_most_a_day() -> None:
    vapid = Vapid(new_key(), "mailto:ops@example.org")
    claims = claims_of(vapid.authorization("https://push.example", NOW), vapid)
    assert claims == {
        "aud": "https://push.example",
        "exp": int(NOW) + 23 * 3_600,
        "sub": "mailto:ops@example.org",
    }
    other = vapid.authorization("https://other.example", NOW)
    assert claims_of(other, vapid)["aud"] == "https://other.example"


def test_a_token_without_a_contact() -> None:
    vapid = Vapid(new_key())
    assert "sub" not in claims_of(vapid.authorization("https://push.example", NOW), vapid)


def test_a_token_is_used_for_half_a_day() -> None:
    """A clock that was set back gets a new token."""
    vapid = Vapid(new_key())
    first = vapid.authorization("https://push.example", NOW)
    assert vapid.authorization("https://push.example", NOW + KEPT_FOR - 1) == first
    second = vapid.authorization("https://push.example", NOW + KEPT_FOR)
    assert second != first
    third = vapid.authorization("https://push.example", NOW - 1)
    assert claims_of(third, vapid)["exp"] < NOW + 86_400


def test_the_tokens_are_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MAX_ORIGINS", 2)
    vapid = Vapid(new_key())
    a = vapid.authorization("https://a.example", NOW)
    b = vapid.authorization("https://b.example", NOW)
    assert vapid.authorization("https://a.example", NOW) == a
    vapid.authorization("https://c.example", NOW)
    assert vapid.authorization("https://a.example", NOW) == a
    assert vapid.authorization("https://b.example", NOW) != b
