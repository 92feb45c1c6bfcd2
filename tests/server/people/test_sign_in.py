"""Answers of passkeys: honest ones, and those of another site, person or key."""

import base64
import json
from typing import Any

import cbor2
import pytest
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from server.people.person import Person
from server.people.sign_in import (
    Answer,
    CredentialError,
    MalformedCredential,
    NewPasskey,
    RelyingParty,
    WrongCredential,
    read_answer,
    registration_options,
    relying_party,
    sign_in_options,
    verify_registration,
    verify_sign_in,
)
from tests.fixtures.passkey import PRESENT, Authenticator

PARTY = RelyingParty("live.example.org", "https://live.example.org")
PERSON = Person("a-person", "다크걸", 3, "다크걸")
CHALLENGE = b"challenge-0123456789"


def authenticator(**changes: Any) -> Authenticator:
    return Authenticator(
        **{"rp_id": PARTY.id, "origin": PARTY.origin, "user": PERSON.id, **changes}
    )


def registered(made: Authenticator) -> NewPasskey:
    options = registration_options(PARTY, PERSON, CHALLENGE, [])
    return verify_registration(PARTY, read_answer(made.register(options)))


def signed_in(made: Authenticator, passkey: NewPasskey) -> int:
    answer = read_answer(made.sign_in(sign_in_options(PARTY, CHALLENGE)))
    return verify_sign_in(PARTY, answer, PERSON.id, passkey.public_key, passkey.sign_count)


@pytest.mark.parametrize(
    ("scheme", "host", "possible"),
    [
        ("https", "live.example.org", True),
        ("http", "localhost", True),
        ("https", "localhost", True),
        ("http", "a.localhost", True),
        ("http", "live.example.org", False),
        ("http", "127.0.0.1", False),
        ("https", "192.168.1.4", False),
        ("https", "::1", False),
    ],
)
def test_passkeys_need_a_name_and_a_secure_context(scheme: str, host: str, possible: bool) -> None:
    party = relying_party(scheme, host, f"{scheme}://{host}:8080")
    assert party == (RelyingParty(host, f"{scheme}://{host}:8080") if possible else None)


def test_options_ask_for_a_passkey_that_signs_in_alone() -> None:
    options = registration_options(PARTY, PERSON, CHALLENGE, [b"known"])
    assert options["rp"] == {"id": PARTY.id, "name": PARTY.id}
    assert base64url_to_bytes(options["user"]["id"]) == b"a-person"
    assert (options["user"]["name"], options["user"]["displayName"]) == ("다크걸", "다크걸")
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert [each["id"] for each in options["excludeCredentials"]] == [bytes_to_base64url(b"known")]
    chosen = sign_in_options(PARTY, CHALLENGE)
    assert base64url_to_bytes(chosen["challenge"]) == CHALLENGE
    assert (chosen["rpId"], chosen["userVerification"]) == (PARTY.id, "required")
    assert chosen.get("allowCredentials", []) == []
    json.dumps([options, chosen])


def test_a_passkey_is_made_and_signs_in() -> None:
    made = authenticator(sign_count=4)
    passkey = registered(made)
    assert (passkey.id, passkey.sign_count) == (made.credential_id, 4)
    assert passkey.transports == ("internal", "hybrid")
    made.sign_count = 9
    assert signed_in(made, passkey) == 9


def test_a_synced_passkey_counts_nothing() -> None:
    """Its count stays 0, which is no sign of a copy."""
    made = authenticator()
    assert signed_in(made, registered(made)) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"rp_id": "evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "http://live.example.org"},
        {"origin": "https://live.example.org.evil.example"},
        {"cross_origin": True},
        {"flags": PRESENT},
        {"flags": 0},
    ],
    ids=str,
)
def test_another_site_and_an_unverified_user_are_refused(change: dict[str, Any]) -> None:
    honest = authenticator()
    passkey = registered(honest)
    forged = authenticator(key=honest.key, **change)
    with pytest.raises(WrongCredential):
        registered(authenticator(**change))
    with pytest.raises(WrongCredential):
        signed_in(forged, passkey)


def test_another_key_person_or_older_count_is_refused() -> None:
    made = authenticator(sign_count=7)
    passkey = registered(made)
    with pytest.raises(WrongCredential, match="signature"):
        signed_in(authenticator(sign_count=8), passkey)
    with pytest.raises(WrongCredential, match="count"):
        signed_in(made, passkey)  # a copied passkey, or a replayed answer
    made.sign_count, made.user = 8, "another-person"
    with pytest.raises(WrongCredential, match="another person"):
        signed_in(made, passkey)


def test_the_statement_of_an_authenticator_is_not_read() -> None:
    """The certificates in it would prove nothing and take time."""
    made = authenticator()
    credential = made.register(registration_options(PARTY, PERSON, CHALLENGE, []))
    statement = {"alg": -7, "sig": b"wrong", "x5c": [b"no certificate"]}
    credential["response"]["attestationObject"] = bytes_to_base64url(
        cbor2.dumps({"fmt": "packed", "attStmt": statement, "authData": made.new_data()})
    )
    assert verify_registration(PARTY, read_answer(credential)).id == made.credential_id


def test_a_key_on_no_curve_is_refused_at_once() -> None:
    made = authenticator()
    data = made.new_data()[:-32] + bytes(32)
    with pytest.raises(WrongCredential):
        verify_registration(PARTY, answer_with(made, cbor2.dumps(attestation(data))))


def attestation(data: bytes) -> dict[str, Any]:
    return {"fmt": "none", "attStmt": {}, "authData": data}


def answer_with(made: Authenticator, attestation_object: bytes) -> Answer:
    credential = made.register(registration_options(PARTY, PERSON, CHALLENGE, []))
    credential["response"]["attestationObject"] = bytes_to_base64url(attestation_object)
    return read_answer(credential)


def test_shared_references_in_cbor_are_refused() -> None:
    """With 24 of them in 214 bytes, the library would need 50 s to write 67 MB."""
    lists = [b"\xd8\x1c\x82\x00\x00"]
    for number in range(23):
        lists.append(b"\xd8\x1c\x82" + 2 * (b"\xd8\x1d" + cbor2.dumps(number)))
    bomb = bytes([0x98, len(lists)]) + b"".join(lists)
    made = authenticator()
    head = made.new_data()[: 37 + 16 + 2 + len(made.credential_id)]
    with pytest.raises(WrongCredential, match="CBOR tag"):
        verify_registration(PARTY, answer_with(made, cbor2.dumps(attestation(head + bomb))))


def test_two_ids_are_refused() -> None:
    made = authenticator()
    credential = made.register(registration_options(PARTY, PERSON, CHALLENGE, []))
    credential["id"] = credential["rawId"] = bytes_to_base64url(b"another")
    with pytest.raises(WrongCredential, match="two different ids"):
        verify_registration(PARTY, read_answer(credential))


def change(credential: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    parts = path.split(".")
    inner = credential
    for part in parts[:-1]:
        inner = inner[part]
    inner[parts[-1]] = value
    return credential


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("response", None),
        ("response", []),
        ("rawId", None),
        ("rawId", ""),
        ("rawId", "가"),
        ("rawId", "A" * 3_000),
        ("response.clientDataJSON", None),
        ("response.clientDataJSON", bytes_to_base64url(b"{")),
        ("response.clientDataJSON", bytes_to_base64url(b"[]")),
        ("response.clientDataJSON", bytes_to_base64url(b"{}")),
        ("response.clientDataJSON", bytes_to_base64url(b'{"challenge": 1}')),
        ("response.clientDataJSON", bytes_to_base64url(b"[" * 3_000)),
        ("response.clientDataJSON", base64.b64encode(b" " * 5_000).decode()),
        ("response.userHandle", 7),
        ("response.userHandle", "A" * 1_000),
    ],
    ids=str,
)
def test_what_no_browser_sends_is_malformed(path: str, value: object) -> None:
    credential = authenticator().sign_in(sign_in_options(PARTY, CHALLENGE))
    with pytest.raises(MalformedCredential):
        read_answer(change(credential, path, value))


@pytest.mark.parametrize("value", [None, 1, "text", [], [{}]])
def test_what_is_no_object_is_malformed(value: object) -> None:
    with pytest.raises(MalformedCredential):
        read_answer(value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("type", "password"),
        ("type", None),
        ("authenticatorAttachment", "none"),
        ("response.signature", bytes_to_base64url(b"\x30\x00")),
        ("response.signature", None),
        ("response.authenticatorData", bytes_to_base64url(b"short")),
        ("response.authenticatorData", bytes_to_base64url(bytes(37) + b"more")),
    ],
    ids=str,
)
def test_every_other_defect_is_refused(path: str, value: object) -> None:
    made = authenticator()
    passkey = registered(made)
    credential = change(made.sign_in(sign_in_options(PARTY, CHALLENGE)), path, value)
    with pytest.raises(CredentialError):
        verify_sign_in(PARTY, read_answer(credential), PERSON.id, passkey.public_key, 0)
