"""Passkeys: makes the options for the browser, and checks the browser's answers (WebAuthn Level 3
§7). Pure.

Passkeys are discoverable and verify their user, so that a passkey alone signs a person in. The
server neither requests nor reads an attestation, because the model of an authenticator does not
matter here.
"""

import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cbor2
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json_dict,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from server.people.challenge import LIFETIME
from server.people.ctap import CtapError, require_authenticator_data, require_cbor
from server.people.person import Person

MAX_PASSKEYS = 20
"""Maximum number of passkeys of one person."""
MAX_CREDENTIAL_ID = 1_023
"""Maximum length of the id of a passkey, bytes (WebAuthn Level 3 §4)."""
MAX_PUBLIC_KEY = 1_024
"""Maximum length of a public key, bytes. An RSA key of 4,096 bits has about 540 bytes."""
MAX_CLIENT_DATA = 4_096
MAX_SIGNATURE = 1_024
"""Maximum lengths of the other parts of an answer, bytes: MAX_SIGNATURE for the signature,
MAX_CLIENT_DATA for each other part.
"""
LOCALHOST = "localhost"


class CredentialError(Exception):
    """The answer of a passkey is refused."""


class MalformedCredential(CredentialError):
    """The answer is not what `PublicKeyCredential.toJSON()` writes."""


class WrongCredential(CredentialError):
    """The answer comes from another site or another passkey, or the signature of the answer is
    wrong.
    """


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The site to which passkeys belong (WebAuthn Level 3 §4, Relying Party)."""

    id: str
    """Host name: passkeys made for this name work on every port."""
    origin: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a passkey, before its signature is checked."""

    credential: Mapping[str, Any]
    credential_id: bytes
    challenge: bytes
    user_handle: str | None = None
    """Id of the person for whom the passkey was made; None at registration."""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that a browser has made."""

    id: bytes
    public_key: bytes
    """COSE_Key (RFC 9052 §7)."""
    sign_count: int
    transports: tuple[str, ...]


def relying_party(scheme: str, host: str, origin: str) -> RelyingParty | None:
    """Returns the relying party of a site; None if browsers allow no passkeys there. Browsers
    demand a host name and a secure context: HTTPS, or `localhost` with either scheme.

    `scheme`, `host`, `origin`: parts of the URL that the browser uses, in lower case.
    """
    try:
        ipaddress.ip_address(host)
        return None
    except ValueError:
        pass
    local = host == LOCALHOST or host.endswith(f".{LOCALHOST}")
    return RelyingParty(host, origin) if scheme == "https" or local else None


def registration_options(
    party: RelyingParty, person: Person, challenge: bytes, known: Sequence[bytes]
) -> dict[str, Any]:
    """Returns the options with which a browser makes a passkey, as JSON. `known`: ids of the
    person's existing passkeys. An authenticator that has one of these passkeys makes no second
    passkey.
    """
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.id,
        user_id=person.id.encode(),
        user_name=person.handle or person.name,
        user_display_name=person.name,
        challenge=challenge,
        timeout=round(LIFETIME * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return options_to_json_dict(options)


def sign_in_options(party: RelyingParty, challenge: bytes) -> dict[str, Any]:
    """Returns the options with which a browser signs in, as JSON. The person chooses one of the
    passkeys that the device has for this site.
    """
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=round(LIFETIME * 1000),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def read_answer(credential: object) -> Answer:
    """Reads the id and the challenge of a passkey's answer. Raises MalformedCredential."""
    if not isinstance(credential, dict):
        raise MalformedCredential("the credential is not an object")
    response = credential.get("response")
    if not isinstance(response, dict):
        raise MalformedCredential("the credential has no response")
    client_data = _client_data(_bytes(response, "clientDataJSON", MAX_CLIENT_DATA))
    handle = response.get("userHandle")
    return Answer(
        credential,
        _bytes(credential, "rawId", MAX_CREDENTIAL_ID),
        _bytes(client_data, "challenge", MAX_CLIENT_DATA),
        None if handle is None else _bytes(response, "userHandle", 64).decode("utf-8", "replace"),
    )


def verify_registration(party: RelyingParty, answer: Answer) -> NewPasskey:
    """Checks the answer to `registration_options`. The caller must check the challenge first.
    Raises CredentialError.
    """
    response = answer.credential["response"]
    attestation = _bytes(response, "attestationObject", 65_536)
    with _Refusing():
        plain = {
            **answer.credential,
            "response": {
                **response,
                "attestationObject": bytes_to_base64url(_without_attestation(attestation)),
            },
        }
        verified = verify_registration_response(
            credential=plain,
            expected_challenge=answer.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
        # Refuse a key with which no signature could be verified at a later sign-in.
        decoded_public_key_to_cryptography(
            decode_credential_public_key(verified.credential_public_key)
        )
    if verified.credential_id != answer.credential_id:
        raise WrongCredential("the answer contains two different ids")
    if len(verified.credential_public_key) > MAX_PUBLIC_KEY:
        raise WrongCredential("the public key is too long")
    return NewPasskey(
        verified.credential_id,
        verified.credential_public_key,
        verified.sign_count,
        _transports(response.get("transports")),
    )


def verify_sign_in(
    party: RelyingParty, answer: Answer, person: str, public_key: bytes, sign_count: int
) -> int:
    """Checks the answer to `sign_in_options`. The caller must check the challenge first. Returns
    the new sign count. Raises CredentialError. `person`, `public_key`, `sign_count`: the values
    that are stored with the passkey.
    """
    if answer.user_handle is not None and answer.user_handle != person:
        raise WrongCredential("the passkey was made for another person")
    response = answer.credential["response"]
    data = _bytes(response, "authenticatorData", MAX_CLIENT_DATA)
    _bytes(response, "signature", MAX_SIGNATURE)
    with _Refusing():
        require_authenticator_data(data)
        verified = verify_authentication_response(
            credential=dict(answer.credential),
            expected_challenge=answer.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    return verified.new_sign_count


class _Refusing:
    """Turns every error of the library `webauthn` into a WrongCredential. If the bytes are hostile,
    the library also raises KeyError, TypeError and errors of the packages that it uses.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, CredentialError):
            raise WrongCredential(str(error)) from error


def _client_data(data: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedCredential("the client data is not JSON") from error
    if not isinstance(value, dict):
        raise MalformedCredential("the client data is not an object")
    if value.get("crossOrigin"):
        raise WrongCredential("the passkey was used in a frame of another site")
    return value


def _bytes(members: Mapping[str, Any], name: str, most: int) -> bytes:
    """Returns the base64url member `name`, of at most `most` bytes. Raises MalformedCredential."""
    text = members.get(name)
    if not isinstance(text, str) or not text or len(text) > 2 * most:
        raise MalformedCredential(f"{name} is missing or too long")
    try:
        value = base64url_to_bytes(text)
    except ValueError as error:
        raise MalformedCredential(f"{name} is not base64url") from error
    if not 0 < len(value) <= most:
        raise MalformedCredential(f"{name} is missing or too long")
    return value


def _without_attestation(attestation: bytes) -> bytes:
    """Returns the attestation object with the format `none` (WebAuthn Level 3 §8.7). Some browsers
    send a statement of the authenticator although the server has not requested a statement.
    """
    require_cbor(attestation)
    data = cbor2.loads(attestation)["authData"]
    if not isinstance(data, bytes):
        raise CtapError("the authenticator data is not a byte string")
    require_authenticator_data(data)
    return cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})


def _transports(value: object) -> tuple[str, ...]:
    """Returns the known transports of a passkey, in a fixed order."""
    given = value if isinstance(value, list) else []
    return tuple(transport.value for transport in AuthenticatorTransport if transport in given)
