"""Sends one push to the push service of a browser (RFC 8030 §5)."""

import os
import ssl
import time
from collections.abc import Callable
from enum import StrEnum

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    hdrs,
)
from aiohttp.abc import AbstractResolver

from server.push.encryption import SALT_BYTES, encrypt
from server.push.public_addresses import NotPublicError, PublicAddresses, SystemResolver
from server.push.subscription import Subscription
from server.push.vapid import Vapid, new_key

ANSWER_WITHIN = 5.0
"""Maximum seconds for a push, from the connection to the answer."""
KEEP_ADDRESSES = 300
"""Seconds for which the addresses of a push service are kept."""
TTL = 600
"""Seconds for which a push service keeps a push for a browser that is offline."""
MAX_ANSWER = 4_096
"""Maximum bytes of an answer's body that are read. If the body is longer, the connection is closed.
"""


class Result(StrEnum):
    """What became of a push."""

    SENT = "sent"
    """The push service has taken the push."""
    GONE = "gone"
    """The subscription does not exist any more."""
    NOT_PUBLIC = "not_public"
    """The push service has no public address, so nothing was sent."""
    REFUSED = "refused"
    """The push service has refused the push, or answered with a redirection."""
    BUSY = "busy"
    """The push service has too much to do, or has an error."""
    FAILED = "failed"
    """The push service could not be reached, or answered too late."""


class PushClient:
    """A client of push services. Call `close()` at the end."""

    def __init__(
        self,
        vapid: Vapid,
        at_once: int,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`resolver`: finds the addresses of push services; by default, only public addresses.
        `tls`: by default, the certificates that this machine trusts.
        """
        self.vapid = vapid
        self._clock = clock
        self._resolver = resolver or PublicAddresses(SystemResolver())
        self._session = ClientSession(
            connector=TCPConnector(
                limit=at_once,
                resolver=self._resolver,
                ttl_dns_cache=KEEP_ADDRESSES,
                ssl=tls or True,
            ),
            timeout=ClientTimeout(total=ANSWER_WITHIN),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=MAX_ANSWER,
        )

    async def close(self) -> None:
        await self._session.close()
        await self._resolver.close()

    async def send(self, to: Subscription, message: bytes, topic: str) -> Result:
        """Encrypts a message and sends it. Never raises an error for what the push service does."""
        try:
            # One key for each message: RFC 8291 §3.1.
            body = encrypt(message, to, new_key(), os.urandom(SALT_BYTES))
        except ValueError:
            return Result.REFUSED
        headers = {
            hdrs.AUTHORIZATION: self.vapid.authorization(to.origin, self._clock()),
            hdrs.CONTENT_TYPE: "application/octet-stream",
            hdrs.CONTENT_ENCODING: "aes128gcm",
            "TTL": str(TTL),
            "Urgency": "high",
            "Topic": topic,
        }
        try:
            async with self._session.post(
                to.endpoint, data=body, headers=headers, allow_redirects=False
            ) as answer:
                # A body that was read to its end leaves the connection open for the next push.
                await answer.content.read(MAX_ANSWER)
                return result_of(answer.status)
        except ClientConnectorError as error:
            return Result.NOT_PUBLIC if is_not_public(error) else Result.FAILED
        except (ClientError, TimeoutError, OSError, ValueError):
            return Result.FAILED


def result_of(status: int) -> Result:
    """Returns the result for the status of an answer."""
    if 200 <= status < 300:
        return Result.SENT
    if status in (404, 410):
        return Result.GONE
    return Result.BUSY if status == 429 or status >= 500 else Result.REFUSED


def is_not_public(error: ClientConnectorError) -> bool:
    return isinstance(error.os_error, NotPublicError)
