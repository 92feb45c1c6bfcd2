"""`/api/me/transfers`, `/api/transfers`, `/api/me/recovery` and `/api/recover`: codes that sign a
browser in. server/API.md describes the requests and answers.
"""

import secrets
import time
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field

from relay.client_address import keys_of
from relay.errors import RefusalCode
from server.errors import Conflict, Forbidden, Unprocessable
from server.host.qr import qr_svg
from server.http.arrival import SIGN_INS_PER_HOUR, arrival_of, signed_in
from server.http.identity import Identity
from server.http.json_body import read_object
from server.http.limits import RateLimiter
from server.http.payloads import Payload, reply
from server.http.request import charge, client_of, url_of
from server.people import recovery, transfer_code
from server.people.names import read_handle
from server.people.recovery import new_recovery_code, recovers, recovery_hash
from server.people.transfer_code import new_transfer_code, transfer_hash, transfer_path
from server.people.typed_code import MAX_TYPED, shown
from server.settings import Settings
from server.storage.account import AccountStore
from server.storage.transfers import TransferStore

NEW_CODES_PER_SECOND = 20
"""Maximum number of QR codes that are made per second. Each code occupies the event loop for 1 to
4 ms.
"""


class TransferAnswer(Payload):
    """The answer of POST /api/me/transfers."""

    code: Annotated[str, Field(description="12 characters in groups, to type on the other phone")]
    url: Annotated[str, Field(description="the page that uses the code")]
    qr: Annotated[str, Field(description="QR code of the URL, as an SVG document")]
    expires_at: float


class UseTransfer(BaseModel):
    """The body of POST /api/transfers."""

    code: str


class RecoveryAnswer(Payload):
    """The answer of POST /api/me/recovery."""

    recovery_code: Annotated[str, Field(description="it is not shown again")]


class Recover(BaseModel):
    """The body of POST /api/recover."""

    handle: str
    code: str


class CodesEndpoint:
    """The endpoints of transfer codes and recovery codes."""

    def __init__(
        self,
        identity: Identity,
        transfers: TransferStore,
        accounts: AccountStore,
        settings: Settings,
    ) -> None:
        self._identity = identity
        self._transfers = transfers
        self._accounts = accounts
        self._settings = settings
        self._new_codes = RateLimiter(NEW_CODES_PER_SECOND, 1.0, max_keys=1)
        self._transfer_tries = RateLimiter(transfer_code.MAX_TRIES_PER_SECOND, 1.0, max_keys=1)
        self._recovery_tries = RateLimiter(recovery.TRIES_PER_HOUR, 3_600.0)
        self._transfers_made = RateLimiter(SIGN_INS_PER_HOUR, 3_600.0)
        self._recoveries = RateLimiter(SIGN_INS_PER_HOUR, 3_600.0)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/me/transfers", self.make_transfer),
            web.post("/api/transfers", self.use_transfer),
            web.post("/api/me/recovery", self.make_recovery),
            web.post("/api/recover", self.recover),
        ]

    async def make_transfer(self, request: web.Request) -> web.Response:
        """Makes a code with which one other device can sign in as the person."""
        visitor = await self._identity.require_visitor(request)
        charge(self._transfers_made, visitor.person.id, "you make too many codes")
        charge(self._new_codes, "", "too many new QR codes at a time")
        code = new_transfer_code(secrets.token_bytes(transfer_code.ENTROPY))
        stored = transfer_hash(code)
        assert stored is not None
        expires_at = time.time() + transfer_code.LIFETIME
        await self._transfers.add(visitor.person.id, stored, expires_at)
        url = url_of(request, transfer_path(code), self._settings)
        answer = {
            "code": shown(code),
            "url": url,
            "qr": qr_svg(url).decode(),
            "expires_at": expires_at,
        }
        return reply(TransferAnswer, answer, status=201)

    async def use_transfer(self, request: web.Request) -> web.Response:
        """Signs the browser in as the person who made the code."""
        visitor = await self._identity.require_visitor(request, store=False)
        code = _text(await read_object(request), "code")
        charge(self._transfer_tries, "", "too many codes are tried at the moment")
        hashed = transfer_hash(code)
        if hashed is None:
            raise self._wrong_code()
        arrival = arrival_of(request, visitor)
        person = await self._transfers.use(hashed, arrival)
        record = None if person is None else await self._accounts.find(person)
        if record is None:
            raise self._wrong_code()
        self._identity.counters.transfers += 1
        return signed_in(request, self._identity, record, arrival)

    async def make_recovery(self, request: web.Request) -> web.Response:
        """Makes a new recovery code. The new code replaces the previous code."""
        visitor = await self._identity.require_visitor(request)
        code = new_recovery_code(secrets.token_bytes(recovery.ENTROPY))
        stored = recovery_hash(code)
        assert stored is not None
        if not await self._accounts.set_recovery(visitor.person.id, stored):
            raise Conflict(RefusalCode.NO_HANDLE, "only a person with a handle can be recovered")
        return reply(RecoveryAnswer, {"recovery_code": shown(code)}, status=201)

    async def recover(self, request: web.Request) -> web.Response:
        """Signs the browser in as the person with the handle, if the recovery code is right."""
        visitor = await self._identity.require_visitor(request, store=False)
        body = await read_object(request)
        handle, code = read_handle(_text(body, "handle")), _text(body, "code")
        address = keys_of(client_of(request, self._settings).address).address
        charge(
            self._recovery_tries,
            f"{address} {handle.key}",
            f"an address may try {recovery.TRIES_PER_HOUR} recovery codes per hour for one handle",
        )
        record = await self._accounts.by_handle(handle.key)
        if record is None or not recovers(code, record.recovery_hash):
            raise self._wrong_code()
        charge(self._recoveries, record.id, "this person signs in too often")
        arrival = arrival_of(request, visitor)
        if not await self._accounts.recover(record, arrival):
            raise self._wrong_code()
        self._identity.counters.recoveries += 1
        return signed_in(request, self._identity, record, arrival)

    def _wrong_code(self) -> Forbidden:
        """Counts a wrong code. Returns the error that the caller must raise."""
        self._identity.counters.wrong_codes += 1
        return Forbidden(
            RefusalCode.WRONG_CODE,
            "the code is wrong, has been used, or has expired: make a new one",
        )


def _text(body: dict[str, object], name: str) -> str:
    """Returns a member that is a short text. Raises Unprocessable."""
    value = body.get(name)
    if not isinstance(value, str) or len(value) > MAX_TYPED:
        raise Unprocessable(
            RefusalCode.BAD_CODE, f"{name} is a string of {MAX_TYPED} characters at most"
        )
    return value
