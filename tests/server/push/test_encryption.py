"""The encryption of pushes."""

import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from server.push.encryption import MAX_MESSAGE, encrypt
from server.push.subscription import Subscription, encode
from server.push.vapid import key_from, new_key
from tests.fixtures.push_service import Phone


def decoded(text: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_example_of_the_standard() -> None:
    """RFC 8291 §5 and appendix A."""
    to = Subscription(
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    sender = key_from(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    body = encrypt(
        b"When I grow up, I want to be a watermelon", to, sender, decoded("DGv6ra1nlYgDCS1FRnbzlw")
    )
    assert encode(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_browser_decrypts_the_longest_message() -> None:
    phone = Phone()
    keys = phone.subscription["keys"]
    to = Subscription("https://push.example/a", keys["p256dh"], keys["auth"])
    message = b'{"a":"' + b"x" * (MAX_MESSAGE - 8) + b'"}'
    body = encrypt(message, to, new_key(), os.urandom(16))
    assert len(body) == 4_096
    assert len(phone.decrypt(body)["a"]) == MAX_MESSAGE - 8
    with pytest.raises(ValueError, match="at most"):
        encrypt(message + b" ", to, new_key(), os.urandom(16))


def test_keys_are_stored_as_bytes() -> None:
    from server.push.vapid import bytes_of

    key = ec.derive_private_key(1, ec.SECP256R1())
    assert bytes_of(key) == bytes(31) + b"\1"
    assert key_from(bytes_of(key)).private_numbers() == key.private_numbers()
