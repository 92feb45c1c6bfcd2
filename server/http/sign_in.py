"""`/api/me/passkeys` and `/api/sign-in`: passkeys of the person, and the sign-in with a passkey.
server/API.md describes the requests and answers.
"""

import secrets
import time
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from relay.errors import RefusalCode
from server.errors import Conflict, Forbidden, NotFound, RequestRefused, Unprocessable
from server.http.arrival import (
    SIGN_INS_PER_HOUR,
    arrival_of,
    label_of,
    signed_in,
)
from server.http.identity import Identity
from server.http.json_body import read_object
from server.http.limits import RateLimiter
from server.http.payloads import Payload, reply
from server.http.relying_party import relying_party_of
from server.http.request import charge
from server.people.challenge import NONCE, Bound, Purpose, Used, new_challenge, read_challenge
from server.people.person import Visitor
from server.people.sign_in import (
    MAX_PASSKEYS,
    Answer,
    CredentialError,
    MalformedCredential,
    RelyingParty,
    read_answer,
    registration_options,
    sign_in_options,
    verify_registration,
    verify_sign_in,
)
from server.settings import Settings
from server.storage.account import AccountStore
from server.storage.passkeys import Added, PasskeyRecord, PasskeyStore

LABEL_LENGTH = 80
"""Maximum number of characters in the label of a passkey."""


class NewPasskeyBody(BaseModel):
    """The body of POST /api/me/passkeys."""

    credential: Annotated[
        dict[str, object], Field(description="what PublicKeyCredential.toJSON() returns")
    ]
    label: Annotated[str, Field(max_length=LABEL_LENGTH)] = ""


class SignInBody(BaseModel):
    """The body of POST /api/sign-in."""

    credential: Annotated[
        dict[str, object], Field(description="what PublicKeyCredential.toJSON() returns")
    ]


class PasskeyBody(Payload):
    """A passkey of the person."""

    id: str
    label: Annotated[str, Field(description="the device on which the passkey was made")]
    created_at: float
    used_at: Annotated[float | None, Field(description="null before the first sign-in")]


class NewPasskeyAnswer(Payload):
    """The answer of POST /api/me/passkeys."""

    passkey: PasskeyBody


class PasskeyList(Payload):
    """The passkeys of the person, the newest one first."""

    passkeys: list[PasskeyBody]
    possible: Annotated[bool, Field(description="whether browsers allow passkeys at this address")]


class SignInEndpoint:
    """The endpoints of passkeys."""

    def __init__(
        self,
        identity: Identity,
        passkeys: PasskeyStore,
        accounts: AccountStore,
        settings: Settings,
    ) -> None:
        self._identity = identity
        self._passkeys = passkeys
        self._accounts = accounts
        self._settings = settings
        self._sign_ins = RateLimiter(SIGN_INS_PER_HOUR, 3_600.0)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/me/passkeys/options", self.registration_options),
            web.post("/api/me/passkeys", self.register),
            web.get("/api/me/passkeys", self.list),
            web.delete("/api/me/passkeys/{id}", self.remove),
            web.post("/api/sign-in/options", self.sign_in_options),
            web.post("/api/sign-in", self.sign_in),
        ]

    async def registration_options(self, request: web.Request) -> web.Response:
        """Returns the options with which the browser makes a passkey."""
        party = self._require_party(request)
        visitor = await self._identity.require_visitor(request)
        known = [record.id for record in await self._passkeys.of(visitor.person.id)]
        if len(known) >= MAX_PASSKEYS:
            raise _too_many()
        challenge = self._challenge(Purpose.REGISTER, visitor)
        return web.json_response(registration_options(party, visitor.person, challenge, known))

    async def register(self, request: web.Request) -> web.Response:
        """Stores the passkey that the browser has made."""
        party = self._require_party(request)
        body = await read_object(request)
        answer = _read(body.get("credential"))
        visitor = await self._identity.require_visitor(request)
        challenge = self._require_challenge(Purpose.REGISTER, visitor, answer)
        try:
            made = verify_registration(party, answer)
        except CredentialError as error:
            raise _refusal(error) from error
        record = PasskeyRecord(
            made.id,
            visitor.person.id,
            made.public_key,
            made.sign_count,
            made.transports,
            _label(body.get("label")) or label_of(request),
            time.time(),
        )
        match await self._passkeys.add(record, challenge.hash, challenge.expires_at, MAX_PASSKEYS):
            case Added.CHALLENGE_USED:
                raise _wrong_challenge()
            case Added.TOO_MANY:
                raise _too_many()
            case Added.KNOWN:
                raise Conflict(RefusalCode.PASSKEY_EXISTS, "this passkey is registered already")
        return reply(NewPasskeyAnswer, {"passkey": _body(record)}, status=201)

    async def list(self, request: web.Request) -> web.Response:
        visitor = await self._identity.require_known(request)
        passkeys = [_body(record) for record in await self._passkeys.of(visitor.person.id)]
        possible = relying_party_of(request, self._settings) is not None
        return reply(PasskeyList, {"passkeys": passkeys, "possible": possible})

    async def remove(self, request: web.Request) -> web.Response:
        visitor = await self._identity.require_visitor(request)
        try:
            passkey = base64url_to_bytes(request.match_info["id"])
        except ValueError:
            passkey = b""
        if not await self._passkeys.remove(visitor.person.id, passkey):
            raise NotFound(RefusalCode.PASSKEY_NOT_FOUND, "you have no such passkey")
        return web.Response(status=204)

    async def sign_in_options(self, request: web.Request) -> web.Response:
        """Returns the options with which the browser signs in."""
        party = self._require_party(request)
        visitor = await self._identity.require_visitor(request, store=False)
        return web.json_response(sign_in_options(party, self._challenge(Purpose.SIGN_IN, visitor)))

    async def sign_in(self, request: web.Request) -> web.Response:
        """Signs the browser in as the person to whom the passkey belongs."""
        party = self._require_party(request)
        visitor = await self._identity.require_visitor(request, store=False)
        answer = _read((await read_object(request)).get("credential"))
        try:
            return await self._sign_in(request, party, visitor, answer)
        except Forbidden:
            self._identity.counters.wrong_credentials += 1
            raise

    async def _sign_in(
        self, request: web.Request, party: RelyingParty, visitor: Visitor, answer: Answer
    ) -> web.Response:
        challenge = self._require_challenge(Purpose.SIGN_IN, visitor, answer)
        passkey = await self._passkeys.find(answer.credential_id)
        if passkey is None:
            raise _wrong_credential("this passkey is unknown: it was removed or belongs to a guest")
        try:
            count = verify_sign_in(
                party, answer, passkey.person, passkey.public_key, passkey.sign_count
            )
        except CredentialError as error:
            raise _refusal(error) from error
        charge(self._sign_ins, passkey.person, "this person signs in too often")
        arrival = arrival_of(request, visitor)
        if not await self._passkeys.sign_in(
            passkey, count, challenge.hash, challenge.expires_at, arrival
        ):
            raise _wrong_challenge()
        record = await self._accounts.find(passkey.person)
        if record is None:
            raise _wrong_credential("the person of this passkey was deleted")
        self._identity.counters.passkey_sign_ins += 1
        return signed_in(request, self._identity, record, arrival)

    def _require_party(self, request: web.Request) -> RelyingParty:
        party = relying_party_of(request, self._settings)
        if party is None:
            raise Conflict(
                RefusalCode.NO_PASSKEYS_HERE,
                "browsers allow passkeys only at a host name with HTTPS, or at localhost: use a "
                "transfer code or a recovery code instead",
            )
        return party

    def _challenge(self, purpose: Purpose, visitor: Visitor) -> bytes:
        now = time.time()
        secret = self._identity.keys.secrets(now)[0]
        return new_challenge(secret, _bound(purpose, visitor), now, secrets.token_bytes(NONCE))

    def _require_challenge(self, purpose: Purpose, visitor: Visitor, answer: Answer) -> Used:
        now = time.time()
        keys = self._identity.keys.secrets(now)
        used = read_challenge(answer.challenge, keys, _bound(purpose, visitor), now)
        if used is None:
            raise _wrong_challenge()
        return used


def _bound(purpose: Purpose, visitor: Visitor) -> Bound:
    return Bound(purpose, visitor.person.id, visitor.device)


def _label(value: object) -> str:
    """Returns the label that the page sent, as one line of printable text."""
    text = value[: 4 * LABEL_LENGTH] if isinstance(value, str) else ""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:LABEL_LENGTH]


def _read(credential: object) -> Answer:
    try:
        return read_answer(credential)
    except CredentialError as error:
        raise _refusal(error) from error


def _refusal(error: CredentialError) -> RequestRefused:
    if isinstance(error, MalformedCredential):
        return Unprocessable(
            RefusalCode.BAD_CREDENTIAL,
            f"send what PublicKeyCredential.toJSON() returns: {error}",
        )
    return _wrong_credential("the answer of the passkey is not valid here")


def _wrong_credential(text: str) -> Forbidden:
    return Forbidden(RefusalCode.WRONG_CREDENTIAL, text)


def _wrong_challenge() -> Forbidden:
    return Forbidden(
        RefusalCode.WRONG_CHALLENGE,
        "the challenge was used, has expired, or was made for another browser: get new options",
    )


def _too_many() -> Conflict:
    return Conflict(
        RefusalCode.TOO_MANY_PASSKEYS, f"a person has {MAX_PASSKEYS} passkeys at most: remove one"
    )


def _body(record: PasskeyRecord) -> dict[str, object]:
    return {
        "id": bytes_to_base64url(record.id),
        "label": record.label,
        "created_at": record.created_at,
        "used_at": record.used_at,
    }
